"""What units said of themselves when they succeeded."""

from collections.abc import Iterable, Sequence

from bayplan.lifecycle.conditions import Value
from bayplan.lifecycle.run import Run
from bayplan.lifecycle.state import UnitState
from bayplan.model.graph import Graph


def values_of(graph: Graph, run: Run, task: str, key: str) -> Sequence[Value | None]:
    """The values of one key, per unit of the task that has succeeded; ``None`` where a unit did not say it."""
    number = graph.index[task]
    units: Iterable[int] = range(int(graph.unit_start[number]), int(graph.unit_start[number + 1]))
    taken = [unit for unit in units if unit in run.taken] if run.taken else []
    units = taken or units  # of an asynchronous task, those by which the round goes
    return [run.results.get(unit, {}).get(key) for unit in units if run.state[unit] == UnitState.SUCCEEDED]
