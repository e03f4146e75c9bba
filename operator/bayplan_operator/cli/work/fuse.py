"""`bayplan fuse`: one model of several, one answer of several."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bayplan.collaboration.fusion import FusionError, planned
from bayplan_operator.cli.exit_codes import ExitCode
from bayplan_operator.cli.fuse import FuseOptions
from bayplan_operator.cli.terminal import output
from bayplan_operator.fusing.running import FusionJob, FusionOutcome, run_fusion
from bayplan_operator.fusing.task import LONGEST, fuse_task

_TERMINATION_LOG = "/dev/termination-log"
"""Where the kubelet looks for what a container has to say, unless its spec says otherwise."""


def run(options: FuseOptions) -> int:
    """Answers the exit code. Raises `FusionError`."""
    if options.task:
        return _task(options)
    job = _job(options)
    outcome = run_fusion(job)
    output.warn(outcome.warnings)
    output.print_figures(_figures(job, outcome), options.output, lambda screen: _text(job, outcome))
    return ExitCode.DONE


def _task(options: FuseOptions) -> int:
    """A refusal is the container's termination message too, so that the graph's status can tell it."""
    try:
        found = fuse_task(os.environ)
    except FusionError as error:
        _tell(str(error))
        raise
    _tell(json.dumps(found))
    output.print_figures(found, options.output, lambda screen: "\n".join(f"{name}: {value}" for name, value in found.items()))
    return ExitCode.DONE


def _tell(message: str) -> None:
    """Raises `FusionError` where the message cannot be left for the kubelet."""
    path = os.environ.get("BAYPLAN_TERMINATION_LOG") or _TERMINATION_LOG
    try:
        Path(path).write_bytes(message.encode()[:LONGEST])
    except OSError as error:
        print(f"bayplan: {message}", file=sys.stderr)
        raise FusionError(f"{path}: the termination message cannot be written: {error.strerror}") from error


def _job(options: FuseOptions) -> FusionJob:
    return FusionJob(
        plan=planned(options.method or "", _parameters(options.parameter or ())),
        inputs=tuple(options.source or ()),
        out=options.out or Path(),
        weights=options.weights,
        ages=options.ages,
        labels=None if options.labels is None else _labels(options.labels),
        reference=options.reference,
        state=options.state,
        state_out=options.state_out,
        targets=options.targets,
        first=options.first,
        seed=options.seed,
    )


def _parameters(given: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not (name and equals and value):
            raise FusionError(f'--parameter is "{each}": write NAME=VALUE, such as momentum=0.9')
        if name in found:
            raise FusionError(f"--parameter gives {name} twice: give it once")
        found[name] = value
    return found


def _labels(path: Path) -> list[dict[str, float]]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FusionError(f"{path}: it cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise FusionError(f"{path}: this is not JSON: {error}") from error
    right = isinstance(value, list) and all(
        isinstance(each, dict) and all(isinstance(count, int | float) for count in each.values()) for each in value
    )
    if not right:
        raise FusionError(f'{path}: it must be a list with an object for each client, such as [{{"0": 135, "1": 137}}]')
    return list(value)


def _figures(job: FusionJob, outcome: FusionOutcome) -> dict[str, Any]:
    return {
        "method": job.plan.method,
        "parameters": dict(job.plan.values),
        "inputs": [str(each) for each in job.inputs],
        "written": [str(each) for each in outcome.written],
        "warnings": list(outcome.warnings),
        **outcome.figures,
    }


def _text(job: FusionJob, outcome: FusionOutcome) -> str:
    """What was written, and what each input counted."""
    count = len(job.inputs)
    said = [f"{job.plan.method} of {count} file{'' if count == 1 else 's'}: {', '.join(map(str, outcome.written))}"]
    if "weights" in outcome.figures:
        pairs = zip(job.inputs, outcome.figures["weights"], strict=True)
        said += [f"  {weight:8.4f}  {path}" for path, weight in pairs]
    if "chosen" in outcome.figures:
        said += [f"  chosen: {', '.join(str(job.inputs[each]) for each in outcome.figures['chosen'])}"]
    if "alpha" in outcome.figures:
        said += [f"  alpha: {outcome.figures['alpha']:g}"]
    return "\n".join(said)
