"""Running one fusion from files to files."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bayplan.collaboration.fusion import FusionError, FusionPlan, method_named
from bayplan.collaboration.fusion.consensus import consensus_into
from bayplan.collaboration.fusion.inputs import FusionInputs
from bayplan.collaboration.fusion.methods import Fuses
from bayplan.collaboration.fusion.passes import fuse_into
from bayplan.collaboration.fusion.tensors import ModelSource, agreed
from bayplan_operator.fusing.ensembles import fuse_ensemble
from bayplan_operator.fusing.files import OpenFiles, written


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionJob:
    """What is fused, with what is known of it, and where it goes."""

    plan: FusionPlan
    inputs: Sequence[Path]
    out: Path
    weights: Sequence[float] | None = None
    ages: Sequence[float] | None = None
    labels: Sequence[Mapping[str, float]] | None = None
    reference: Path | None = None
    state: Path | None = None
    state_out: Path | None = None
    targets: Path | None = None
    first: bool = False
    """There is no round before."""
    seed: int | None = None
    """Of the noise, for tests; none: the system's entropy."""


@dataclass(frozen=True, slots=True)
class FusionOutcome:
    """What was written, and what is to be said of it."""

    written: tuple[Path, ...]
    warnings: tuple[str, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    """Of the method: `weights` or `chosen`, one for each input in their order; `alpha`."""


def run_fusion(job: FusionJob) -> FusionOutcome:
    """Read, check, compute and write. Raises `FusionError`; no file has a new name then."""
    if not job.inputs:
        raise FusionError("there is nothing to fuse: give at least one input")
    method = method_named(job.plan.method)
    with OpenFiles(len(job.inputs)) as files:
        if method.fuses is Fuses.OUTPUTS:
            if job.reference is not None or job.state is not None or job.state_out is not None:
                raise FusionError(f"{method.name} fuses outputs: it takes neither a reference nor a state")
            targets = None if job.targets is None else files.source(job.targets, labels=True)
            sources = [files.source(each, labels=method.name == "MajorityVote") for each in job.inputs]
            weights = fuse_ensemble(job.plan, sources, job.out, weights=job.weights, targets=targets)
            return FusionOutcome((job.out,), figures={"weights": list(weights)})
        if job.targets is not None:
            raise FusionError(f"{method.name} takes no targets: only WeightedLeastSquares solves for weights")
        sources = [files.source(each) for each in job.inputs]
        return _consensus(job, sources) if method.several else _models(job, files, sources)


def numbered(path: Path, position: int) -> Path:
    """The file of one of several models: `model.npz` and 2 make `model-2.npz`."""
    return path.with_name(f"{path.stem}-{position}{path.suffix}")


def _models(job: FusionJob, files: OpenFiles, sources: Sequence[ModelSource]) -> FusionOutcome:
    method = method_named(job.plan.method)
    inputs = FusionInputs(
        sources=sources,
        weights=job.weights,
        reference=None if job.reference is None else files.source(job.reference),
        state=None if job.state is None else files.source(job.state),
        ages=job.ages,
        labels=job.labels,
        first=job.first,
    )
    if job.state_out is not None and not method.state:
        raise FusionError(f"{method.name} keeps no state: there is nothing to write to {job.state_out}")
    generator = np.random.default_rng(job.seed) if job.plan.number("noiseStd") else None
    with ExitStack() as files_out:
        # Entered last, the model has its name first: a state that is there has its model.
        state = None if job.state_out is None else files_out.enter_context(written(job.state_out))
        out = files_out.enter_context(written(job.out, _metadata(sources)))
        report = fuse_into(job.plan, inputs, out, state, generator)
    figures: dict[str, Any] = {}
    if report.weights is not None:
        figures["weights"] = list(report.weights)
    if report.chosen is not None:
        figures["chosen"] = list(report.chosen)
    return FusionOutcome((job.out, *([job.state_out] if job.state_out is not None else [])), report.warnings, figures)


def _consensus(job: FusionJob, sources: Sequence[ModelSource]) -> FusionOutcome:
    taken = (job.weights, job.reference, job.state, job.state_out, job.ages, job.labels)
    if any(each is not None for each in taken):
        raise FusionError("Consensus takes models and nothing else: leave weights, ages, labels, reference and state away")
    agreed(sources)
    paths = tuple(numbered(job.out, position) for position in range(len(sources)))
    with ExitStack() as files_out:
        sinks = [
            files_out.enter_context(written(path, _metadata([source]))) for path, source in zip(paths, sources, strict=True)
        ]
        alpha = consensus_into(job.plan, sources, sinks)
    return FusionOutcome(paths, figures={"alpha": alpha})


def _metadata(sources: Sequence[ModelSource]) -> dict[str, str]:
    """What all inputs say of themselves alike; readers go by it."""
    first, *others = [dict(getattr(each, "metadata", {})) for each in sources]
    return {name: value for name, value in first.items() if all(each.get(name) == value for each in others)}
