"""What goes into a fusion of models, and what is checked before anything is computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bayplan.collaboration.fusion.errors import FusionError
from bayplan.collaboration.fusion.labels import label_warning
from bayplan.collaboration.fusion.methods import FusionMethod, WeightUse
from bayplan.collaboration.fusion.parameters import FusionPlan
from bayplan.collaboration.fusion.planning import method_named
from bayplan.collaboration.fusion.tensors import ModelSource, TensorLayout, agreed


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionInputs:
    """Models, and what is known of them."""

    sources: Sequence[ModelSource]
    weights: Sequence[float] | None = None
    """One for each source, at least 0; they are normalised."""
    reference: ModelSource | None = None
    """The model that all sources began with: the global model of the round before."""
    state: ModelSource | None = None
    """What the server kept from the round before, as the last fusion wrote it; none: it begins."""
    ages: Sequence[float] | None = None
    """How many rounds old each source is."""
    labels: Sequence[Mapping[str, float]] | None = None
    """Of each source, its samples by label."""
    first: bool = False
    """There is no round before: a method that needs the reference answers the average, and keeps a state that begins."""


def checked(plan: FusionPlan, inputs: FusionInputs) -> dict[str, TensorLayout]:
    """The layouts of the result. Raises `FusionError` for inputs that do not go together, or not with the method."""
    method = method_named(plan.method)
    every = [*inputs.sources, *([inputs.reference] if inputs.reference is not None else [])]
    layouts = agreed(every)
    if inputs.weights is None and method.weights is WeightUse.REQUIRED:
        raise FusionError(f"{plan.method} needs weights: give one for each input, or take Mean")
    if inputs.weights is not None and method.weights is WeightUse.NONE:
        raise FusionError(f"{plan.method} takes no weights: leave them away, or take WeightedMean")
    if method.reference and inputs.reference is None and not inputs.first:
        raise FusionError(f"{plan.method} needs the model of the round before as reference: none is given")
    if plan.number("clipNorm") is not None and inputs.reference is None:
        raise FusionError("clipNorm needs the model of the round before as reference, from which updates are measured")
    if inputs.ages is not None and plan.number("staleness") is None:
        raise FusionError("ages count only with staleness: give that parameter, or leave them away")
    if inputs.state is not None:
        _check_state(method, inputs.state, layouts)
    return layouts


def state_layouts(method: FusionMethod, layouts: Mapping[str, TensorLayout]) -> dict[str, TensorLayout]:
    """What the server keeps: `slot/tensor`, in float64."""
    return {
        f"{slot}/{name}": TensorLayout(layout.shape, "float64")
        for name, layout in layouts.items()
        if layout.floating
        for slot in method.state
    }


def warnings_of(plan: FusionPlan, inputs: FusionInputs) -> tuple[str, ...]:
    """Sentences about a fusion that goes ahead all the same."""
    if not method_named(plan.method).robust or inputs.labels is None:
        return ()
    if len(inputs.labels) != len(inputs.sources):
        raise FusionError(
            f"there are label counts of {len(inputs.labels)} clients for {len(inputs.sources)} inputs: give them for each"
        )
    said = label_warning(plan.method, inputs.labels)
    return (said,) if said else ()


def _check_state(method: FusionMethod, state: ModelSource, layouts: Mapping[str, TensorLayout]) -> None:
    if not method.state:
        raise FusionError(f"{method.name} keeps no state: leave {state.label} away")
    wanted = state_layouts(method, layouts)
    for name, layout in wanted.items():
        if name not in state.layouts:
            raise FusionError(f"{state.label}: {name} is missing: this is not the state of {method.name} for these models")
        if state.layouts[name] != layout:
            found = state.layouts[name]
            raise FusionError(
                f"{state.label}: {name} is {found.dtype} {list(found.shape)}: it must be {layout.dtype} {list(layout.shape)}"
            )
    for name in state.layouts:
        if name not in wanted:
            raise FusionError(f"{state.label}: {name} is extra: this is not the state of {method.name} for these models")
