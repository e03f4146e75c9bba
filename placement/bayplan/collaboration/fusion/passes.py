"""One pass over models in chunks: nothing but the result and a chunk of each model is held in memory.

Some methods look at all models once before: norms for clipping, distances for Krum.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bayplan.collaboration.fusion import krum, robust, server
from bayplan.collaboration.fusion.errors import FusionError
from bayplan.collaboration.fusion.finite import refuse_infinite, require_finite
from bayplan.collaboration.fusion.inputs import FusionInputs, checked, state_layouts, warnings_of
from bayplan.collaboration.fusion.parameters import FusionPlan
from bayplan.collaboration.fusion.planning import method_named
from bayplan.collaboration.fusion.sums import WeightedSum
from bayplan.collaboration.fusion.tensors import CHUNK, Array, ModelSink, ModelSource, TensorLayout, rounded, spans
from bayplan.collaboration.fusion.weights import Floats, normalised, staleness_factors

Kernel = Callable[[str, int, int], Floats]
"""From a tensor and a span of its coordinates to what the models make of it, (stop - start,)."""


@dataclass(frozen=True, slots=True)
class FusionReport:
    """What is to be said of a fusion."""

    warnings: tuple[str, ...] = ()
    weights: tuple[float, ...] | None = None
    """By which the inputs were averaged, in their order; none: not by weights. What is missing to one is the reference's."""
    chosen: tuple[int, ...] | None = None
    """Positions of the inputs that Krum or Multi-Krum took, the best first."""


def fuse_into(
    plan: FusionPlan,
    inputs: FusionInputs,
    out: ModelSink,
    state_out: ModelSink | None = None,
    generator: np.random.Generator | None = None,
) -> FusionReport:
    """Fuse models, and write the result, and what the server keeps, in chunks.

    Results have the types of the inputs; sums are made in float64 and do not depend on the order of the inputs, bit for bit.
    Tensors of whole numbers or truths are taken over where all inputs agree. Raises `FusionError`.
    Cost: one pass over all inputs; two with `clipNorm`; Krum looks at n (n - 1) / 2 pairs of chunks.
    """
    method = method_named(plan.method)
    if method.several or method.fuses.value == "outputs":
        raise FusionError(f"{plan.method} does not make one model of several: it has a function of its own")
    layouts = checked(plan, inputs)
    warnings = warnings_of(plan, inputs)
    if plan.number("noiseStd") and generator is None:
        raise FusionError("noiseStd needs a generator of random numbers: none is given")
    out.begin(layouts)  # refuses what its format cannot hold, before any model is read
    # What overflows is found in the result, and named.
    with np.errstate(invalid="ignore", over="ignore"):
        kernel, report = _kernel(plan, inputs, layouts)
        keeper = _Server(plan, inputs, state_out, layouts) if method.state else None
        for name, layout in layouts.items():
            if layout.floating:
                _fuse_tensor(name, layout, _Steps(kernel, keeper, plan.number("noiseStd"), generator), inputs, out)
            else:
                _take_over(name, layout, inputs.sources, out)
    return replace(report, warnings=warnings)


@dataclass(frozen=True, slots=True)
class _Steps:
    """What happens to the coordinates of a span, one after the other."""

    kernel: Kernel
    server: "_Server | None"
    std: float | None
    generator: np.random.Generator | None

    def of(self, name: str, start: int, stop: int) -> Floats:
        """The models' kernel, noise, the server's step."""
        values = self.kernel(name, start, stop)
        if self.std and self.generator is not None:
            values = values + self.generator.normal(0.0, self.std, len(values))
        return values if self.server is None else self.server.step(name, start, values)


def _fuse_tensor(name: str, layout: TensorLayout, steps: _Steps, inputs: FusionInputs, out: ModelSink) -> None:
    for start, stop in spans(layout.size):
        result = rounded(steps.of(name, start, stop), layout.dtype)
        require_finite(result, name, start, [*inputs.sources, *([inputs.reference] if inputs.reference else [])])
        out.write(name, result)
    if steps.server is not None:
        steps.server.end(name)


def _kernel(plan: FusionPlan, inputs: FusionInputs, layouts: Mapping[str, TensorLayout]) -> tuple[Kernel, FusionReport]:
    """What is done with each span of coordinates, after a first look at all models where one is needed."""
    sources = list(inputs.sources)
    count = len(sources)
    if plan.method == "Median":
        return _stacked(sources, robust.median), FusionReport()
    if plan.method == "TrimmedMean":
        cut = robust.cut_of(plan.given("beta"), count)
        return _stacked(sources, lambda stack: robust.trimmed_mean(stack, cut)), FusionReport()
    if plan.method in ("Krum", "MultiKrum"):
        kept = krum.kept_by(plan, count)
        distances = krum.Distances(count, CHUNK)
        for name, start, stop in _floating_spans(layouts):
            distances.add(_stack(sources, name, start, stop))
        chosen = distances.best(int(plan.given("f")), kept)
        return _weighted([sources[each] for each in chosen], normalised(None, kept)), FusionReport(chosen=tuple(chosen))
    weights, left = _weights(plan, inputs, layouts)
    report = FusionReport(weights=tuple(weights.tolist()))
    if left > 0 and inputs.reference is not None:
        return _weighted([*sources, inputs.reference], np.append(weights, left)), report
    return _weighted(sources, weights), report


def _weights(plan: FusionPlan, inputs: FusionInputs, layouts: Mapping[str, TensorLayout]) -> tuple[Floats, float]:
    """Of each input, and what is left for the reference: x_ref + sum of w_i c_i (x_i - x_ref) is a weighted sum too."""
    count = len(inputs.sources)
    weights = normalised(inputs.weights, count)
    factors = np.ones(count)
    exponent, norm = plan.number("staleness"), plan.number("clipNorm")
    if exponent is not None:
        factors *= staleness_factors(inputs.ages, exponent, count)
    if norm is not None and inputs.reference is not None:
        factors *= clip_factors(norm, update_norms(inputs.sources, inputs.reference, layouts))
    if inputs.reference is None:
        return normalised((weights * factors).tolist(), count), 0.0
    return weights * factors, math.fsum(weights * (1.0 - factors))


def clip_factors(norm: float, norms: Floats) -> Floats:
    """min(1, norm / norm of the update), one for each input.

    Source: McMahan et al., "Learning Differentially Private Recurrent Language Models" (ICLR 2018), flat clipping.
    """
    return np.minimum(1.0, norm / np.maximum(norms, norm))


def update_norms(sources: Sequence[ModelSource], reference: ModelSource, layouts: Mapping[str, TensorLayout]) -> Floats:
    """Euclidean norm of each input minus the reference, over all floating tensors together, (inputs,)."""
    squares = np.zeros(len(sources))
    for name, start, stop in _floating_spans(layouts):
        before = reference.chunk(name, start, stop).astype(np.float64)
        refuse_infinite(before, name, start, reference)
        for position, source in enumerate(sources):
            chunk = source.chunk(name, start, stop)
            refuse_infinite(chunk, name, start, source)
            difference = chunk - before
            squares[position] += np.square(difference).sum()  # in the same steps for any number of threads
    return np.sqrt(squares)


def _floating_spans(layouts: Mapping[str, TensorLayout]) -> list[tuple[str, int, int]]:
    return [(name, *span) for name, layout in layouts.items() if layout.floating for span in spans(layout.size)]


def _weighted(sources: Sequence[ModelSource], weights: Floats) -> Kernel:
    adder, shares = WeightedSum(CHUNK), weights.tolist()
    return lambda name, start, stop: adder.of(shares, [each.chunk(name, start, stop) for each in sources])


def _stacked(sources: Sequence[ModelSource], aggregate: Callable[[Floats], Floats]) -> Kernel:
    return lambda name, start, stop: aggregate(_stack(sources, name, start, stop))


def _stack(sources: Sequence[ModelSource], name: str, start: int, stop: int) -> Floats:
    """Chunks of all inputs, (inputs, coordinates). Raises `FusionError` where one is not finite."""
    stack = np.empty((len(sources), stop - start))
    for row, source in zip(stack, sources, strict=True):
        row[:] = source.chunk(name, start, stop)
        refuse_infinite(row, name, start, source)
    return stack


def _take_over(name: str, layout: TensorLayout, sources: Sequence[ModelSource], out: ModelSink) -> None:
    """Whole numbers and truths have no mean in their own type."""
    for start, stop in spans(layout.size):
        first: Array = sources[0].chunk(name, start, stop)
        for other in sources[1:]:
            if not np.array_equal(first, other.chunk(name, start, stop)):
                raise FusionError(
                    f"{other.label}: {name} is {layout.dtype} and differs from {sources[0].label}: "
                    "a mean would lose precision, so convert it to a floating type"
                )
        out.write(name, first)


class _Server:
    """Takes its steps chunk by chunk; what it keeps of a tensor is written once the tensor is done."""

    def __init__(
        self, plan: FusionPlan, inputs: FusionInputs, out: ModelSink | None, layouts: Mapping[str, TensorLayout]
    ) -> None:
        self._plan, self._inputs, self._out = plan, inputs, out
        self._slots = method_named(plan.method).state
        self._kept: dict[str, list[Floats]] = {slot: [] for slot in self._slots}
        if out is not None:
            out.begin(state_layouts(method_named(plan.method), layouts))

    def step(self, name: str, start: int, average: Floats) -> Floats:
        """The new model's coordinates."""
        state = {slot: self._before(slot, name, start, len(average)) for slot in self._slots}
        model, after = average, state
        if self._inputs.reference is not None:
            before = self._inputs.reference.chunk(name, start, start + len(average)).astype(np.float64)
            model, after = server.step(self._plan, before, average, state)
        for slot in self._slots:
            self._kept[slot].append(after[slot])
        return model

    def end(self, name: str) -> None:
        """Write what is kept of a tensor."""
        for slot in self._slots:
            for values in self._kept[slot]:
                require_finite(values, f"{slot}/{name}", 0, ())
                if self._out is not None:
                    self._out.write(f"{slot}/{name}", values)
            self._kept[slot] = []

    def _before(self, slot: str, name: str, start: int, length: int) -> Floats:
        source = self._inputs.state
        if source is None:
            return server.initial(self._plan, slot, length)
        values = source.chunk(f"{slot}/{name}", start, start + length).astype(np.float64)
        refuse_infinite(values, f"{slot}/{name}", start, source)
        return values
