"""Outputs of models in files: predictions, and what weights are solved on."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from bayplan.collaboration.fusion import FusionError, FusionPlan, method_named
from bayplan.collaboration.fusion.ensemble import Validation, ensemble_weights, fuse_outputs
from bayplan.collaboration.fusion.tensors import Array, ModelSource, TensorLayout, agreed
from bayplan_operator.fusing.files import written

VALIDATION = "validation"
"""The array with a model's outputs on the validation split, beside its predictions."""
TARGETS = "targets"
"""The array with what would be right there; the same in every file."""


def fuse_ensemble(
    plan: FusionPlan,
    sources: Sequence[ModelSource],
    out: Path,
    *,
    weights: Sequence[float] | None,
    targets: ModelSource | None,
) -> tuple[float, ...]:
    """Fuse each array of predictions, and write them by their names; answers the weights.

    Of `WeightedLeastSquares`, the weights are solved on the arrays `validation`, or where there are none on the only array that
    there is. What would be right stands in the arrays `targets`, or in the file of targets. Outputs are held in memory.
    Raises `FusionError`.
    """
    layouts = agreed(sources)
    validation = _validation(sources, layouts, targets) if method_named(plan.method).targets else None
    solved = ensemble_weights(plan, len(sources), weights, validation)
    kept = {VALIDATION, TARGETS} if validation is not None else set[str]()
    names = [name for name in layouts if name not in kept] or [VALIDATION]
    fused: dict[str, Array] = {}
    for name in names:
        try:
            fused[name] = fuse_outputs(plan, [whole(each, name) for each in sources], solved if weights is None else weights)
        except FusionError as error:
            raise FusionError(_with_files(str(error), sources, name)) from error
    with ExitStack() as files_out:
        sink = files_out.enter_context(written(out))
        sink.begin({name: TensorLayout(each.shape, each.dtype.name) for name, each in fused.items()})
        for name, each in fused.items():
            if each.size:
                sink.write(name, each.reshape(-1))
    return solved


def whole(source: ModelSource, name: str) -> Array:
    """A tensor as an array of its own."""
    layout = source.layouts[name]
    if not layout.size:
        return np.empty(layout.shape, "float32" if layout.dtype == "bfloat16" else layout.dtype)
    return source.chunk(name, 0, layout.size).reshape(layout.shape).copy()


def _validation(
    sources: Sequence[ModelSource], layouts: Mapping[str, TensorLayout], targets: ModelSource | None
) -> Validation | None:
    name = VALIDATION
    if name not in layouts:
        others = [each for each in layouts if each != TARGETS]
        if len(others) != 1:
            raise FusionError(f'{sources[0].label}: there is no array "{VALIDATION}" on which weights could be solved')
        name = others[0]
    return Validation(outputs=[whole(each, name) for each in sources], targets=_targets(sources, targets))


def _targets(sources: Sequence[ModelSource], targets: ModelSource | None) -> Array:
    if targets is not None:
        if len(targets.layouts) != 1:
            raise FusionError(f"{targets.label}: there are {len(targets.layouts)} arrays in it: targets are one array")
        return whole(targets, next(iter(targets.layouts)))
    if TARGETS not in sources[0].layouts:
        raise FusionError(f'{sources[0].label}: there is no array "{TARGETS}", and no file of targets was named')
    first = whole(sources[0], TARGETS)
    for other in sources[1:]:
        if not np.array_equal(first, whole(other, TARGETS)):
            raise FusionError(f"{other.label}: its targets differ from those of {sources[0].label}")
    return first


def _with_files(sentence: str, sources: Sequence[ModelSource], name: str) -> str:
    """The library numbers outputs; a reader knows files."""
    for position, source in enumerate(sources):
        sentence = sentence.replace(f"outputs[{position}]", f"{source.label}: {name}")
    return sentence
