"""The task of a graph that fuses: everything comes from the environment of its container."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from bayplan.collaboration.fusion import FusionError, method_named, planned
from bayplan_operator.fusing.running import FusionJob, FusionOutcome, run_fusion

STATE = "state.npz"
"""What the server keeps, beside the model."""
LONGEST = 4096
"""Bytes of a termination message that the kubelet keeps."""
_LISTED = 32
"""So many inputs have a figure of their own in the results."""


@dataclass(frozen=True, slots=True)
class _Recorded:
    """The units of a task whose success is recorded."""

    task: str
    round: int
    attempts: tuple[int, ...]
    rounds: tuple[int, ...] = ()
    """Per shard, the round that its work is of; none: all of `round`."""

    def folders(self, workspace: Path) -> dict[int, Path]:
        """Of each shard that has one."""
        rounds = self.rounds or (self.round,) * len(self.attempts)
        of = zip(self.attempts, rounds, strict=True)
        base = workspace / self.task
        return {shard: base / str(round_) / str(shard) / str(attempt) for shard, (attempt, round_) in enumerate(of) if attempt}


def fuse_task(environment: Mapping[str, str]) -> dict[str, Any]:
    """Fuse what the tasks before have left in the workspace; answers the results. Raises `FusionError`."""
    job = job_of(environment)
    try:
        job.out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FusionError(f"{job.out.parent}: this folder cannot be made: {error.strerror}") from error
    return results(job, run_fusion(job))


def job_of(environment: Mapping[str, str]) -> FusionJob:
    """What the environment asks for. Raises `FusionError`."""
    settings = _object(environment, "BAYPLAN_FUSE")
    workspace, output = Path(_given(environment, "BAYPLAN_WORKSPACE")), Path(_given(environment, "BAYPLAN_OUTPUT"))
    plan = planned(_text(settings, "method"), _mapping(settings, "parameters"))
    method = method_named(plan.method)
    source, target = _inside(settings, "from"), _inside(settings, "to")
    inputs = _recorded(environment, "BAYPLAN_INPUTS")
    beginning = settings.get("reference")
    places = [
        (each.task, shard, folder / source)
        for each in inputs.values()
        if each.task != beginning
        for shard, folder in each.folders(workspace).items()
    ]
    if not places:
        raise FusionError("BAYPLAN_INPUTS: no shard has a recorded success: there is nothing to fuse")
    before = _before(environment, workspace)
    reference = None if before is None else before / target
    if reference is None and beginning is not None:
        reference = _begun(inputs, str(beginning), workspace) / source
    wanted = method.reference or plan.number("clipNorm") is not None or plan.number("staleness") is not None
    return FusionJob(
        plan=plan,
        inputs=[path for _, _, path in places],
        out=output / target,
        weights=_of_shards(settings, "weights", places, float),
        ages=_of_shards(settings, "ages", places, float) if plan.number("staleness") is not None else None,
        labels=_of_shards(settings, "labels", places, dict),
        reference=reference if wanted else None,
        state=before / STATE if before is not None and method.state else None,
        state_out=output / STATE if method.state else None,
        first=before is None,
        seed=settings.get("seed"),
    )


def results(job: FusionJob, outcome: FusionOutcome) -> dict[str, Any]:
    """What the operator records: flat, and short enough for a termination message."""
    found: dict[str, Any] = {"inputs": len(job.inputs), "method": job.plan.method}
    weights, chosen = outcome.figures.get("weights"), outcome.figures.get("chosen")
    if weights is not None and len(weights) <= _LISTED:
        found.update({f"weight{position}": weight for position, weight in enumerate(weights)})
    if chosen is not None and len(chosen) <= _LISTED:
        found["chosen"] = ",".join(map(str, chosen))
    if "alpha" in outcome.figures:
        found["alpha"] = outcome.figures["alpha"]
    if outcome.warnings:
        found["warning"] = " ".join(outcome.warnings)[: LONGEST // 8]
    return found


def _before(environment: Mapping[str, str], workspace: Path) -> Path | None:
    """The folder of this task in the round before. None: there is no such round."""
    if "BAYPLAN_PREVIOUS" not in environment:
        return None
    task = _given(environment, "BAYPLAN_TASK")
    recorded = _recorded(environment, "BAYPLAN_PREVIOUS").get(task)
    return None if recorded is None else next(iter(recorded.folders(workspace).values()), None)


def _begun(inputs: Mapping[str, _Recorded], task: str, workspace: Path) -> Path:
    """The folder of the task that made the model with which the first round began."""
    folder = next(iter(inputs[task].folders(workspace).values()), None) if task in inputs else None
    if folder is None:
        raise FusionError(f'BAYPLAN_FUSE: reference is "{task}": it must be a task of BAYPLAN_INPUTS with a recorded success')
    return folder


def _of_shards(
    settings: Mapping[str, Any], name: str, places: list[tuple[str, int, Path]], kind: type[Any]
) -> list[Any] | None:
    """A value for each input, from lists by task and shard."""
    if settings.get(name) is None:
        return None
    given, found = _mapping(settings, name), []
    for task, shard, _ in places:
        values = given.get(task)
        if not isinstance(values, list) or shard >= len(values):
            raise FusionError(f"BAYPLAN_FUSE: {name} has no value for shard {shard} of task {task}")
        value = values[shard]
        right = isinstance(value, int | float) and not isinstance(value, bool) if kind is float else isinstance(value, kind)
        if not right:
            what = "a number" if kind is float else "an object of counts"
            raise FusionError(f"BAYPLAN_FUSE: {name}.{task}[{shard}] is {value!r}: it must be {what}")
        found.append(value)
    return found


def _recorded(environment: Mapping[str, str], variable: str) -> dict[str, _Recorded]:
    found = {}
    for task, entry in sorted(_object(environment, variable).items()):
        number, attempts = (entry.get("round"), entry.get("attempts")) if isinstance(entry, dict) else (None, None)
        if type(number) is not int or not isinstance(attempts, list) or not all(type(each) is int for each in attempts):
            raise FusionError(f"{variable}: {task} must have a round and a list of attempts")
        rounds = entry.get("rounds") or []
        if (
            not isinstance(rounds, list)
            or not all(type(each) is int for each in rounds)
            or len(rounds) not in (0, len(attempts))
        ):
            raise FusionError(f"{variable}: rounds of {task} must be a list of numbers, as long as that of its attempts")
        found[task] = _Recorded(task, number, tuple(attempts), tuple(rounds))
    return found


def _given(environment: Mapping[str, str], variable: str) -> str:
    if not environment.get(variable):
        raise FusionError(f"{variable} is not set: the operator sets it for a task that fuses")
    return environment[variable]


def _object(environment: Mapping[str, str], variable: str) -> dict[str, Any]:
    given = _given(environment, variable)
    try:
        value = json.loads(given)
    except (ValueError, RecursionError) as error:
        raise FusionError(f"{variable}: this is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise FusionError(f"{variable}: it must be a JSON object")
    return value


def _text(settings: Mapping[str, Any], name: str) -> str:
    value = settings.get(name)
    if not isinstance(value, str) or not value:
        raise FusionError(f"BAYPLAN_FUSE: {name} is {value!r}: it must be text")
    return value


def _mapping(settings: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = settings.get(name) or {}
    if not isinstance(value, dict):
        raise FusionError(f"BAYPLAN_FUSE: {name} is {value!r}: it must be an object")
    return value


def _inside(settings: Mapping[str, Any], name: str) -> str:
    """A path below a unit's folder."""
    value = _text(settings, name)
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts:
        raise FusionError(f'BAYPLAN_FUSE: {name} is "{value}": it must be a path inside the folder of a task')
    return value
