"""Expected run times of one graph, kept while nothing else is known: thousands of predictions take longer than a plan."""

from collections.abc import Callable

from bayplan.foresight.graph_plans import expected_deviations, expected_seconds
from bayplan.knowledge.run_times import RunTimes
from bayplan.model.arrays import FloatArray
from bayplan_operator.translate.task_graph import Prepared


class Expectation:
    """For the thread that plans alone."""

    def __init__(self) -> None:
        self._seconds, self._deviations = _Kept(expected_seconds), _Kept(expected_deviations)

    def seconds(self, prepared: Prepared, classes: tuple[str, ...], learned: RunTimes | None) -> FloatArray:
        """Shape (tasks, classes of nodes), as `expected_seconds` says; its own copy."""
        return self._seconds.of(prepared, classes, learned)

    def deviations(self, prepared: Prepared, classes: tuple[str, ...], learned: RunTimes | None) -> FloatArray:
        """Shape (tasks, classes of nodes), as `expected_deviations` says; its own copy."""
        return self._deviations.of(prepared, classes, learned)


class _Kept:
    def __init__(self, make: Callable[..., FloatArray]) -> None:
        self._make = make
        self._made: tuple[Prepared, tuple[str, ...], RunTimes | None, FloatArray] | None = None

    def of(self, prepared: Prepared, classes: tuple[str, ...], learned: RunTimes | None) -> FloatArray:
        made = self._made
        if made is None or made[0].runs is not prepared.runs or made[1] != classes or made[2] is not learned:
            found = self._make(prepared.graph, prepared.runs, classes, learned)
            made = self._made = (prepared, classes, learned, found)
        return made[3].copy()
