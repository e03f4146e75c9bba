"""What a task starts from: of the tasks before it, the attempts that succeeded."""

from collections.abc import Mapping, Sequence

from bayplan.lifecycle.backups import winners
from bayplan.lifecycle.flow import Flow, Gate
from bayplan.lifecycle.run import Run
from bayplan.lifecycle.state import UnitState
from bayplan.model.graph import Graph


def inputs(graph: Graph, flow: Flow, run: Run, task: int) -> Mapping[int, Sequence[int]]:
    """Per task before this one, and per unit of it, the incarnation that succeeded; 0: none has. O(units of these tasks).

    Behind ``Gate.BEST`` there is one task, the best.
    """
    before = list(dict.fromkeys(graph.parents.of(task).tolist()))
    if flow.gate[task] == Gate.BEST:
        before = [best(graph, flow, run, task)]
    return {parent: succeeded(graph, flow, run, parent) for parent in before}


def succeeded(graph: Graph, flow: Flow | None, run: Run, task: int) -> Sequence[int]:
    """Per unit of the task, the attempt that succeeded; 0: none has. It is that of a backup where one was first."""
    units = range(int(graph.unit_start[task]), int(graph.unit_start[task + 1]))
    won = {} if flow is None else winners(graph, flow, run)
    if flow is not None and flow.repeated is not None and task in flow.repeated.asynchronous:
        return [int(run.settled[unit]) if unit in run.taken else 0 for unit in units]
    return [won.get(unit, int(run.settled[unit])) if run.state[unit] == UnitState.SUCCEEDED else 0 for unit in units]


def best(graph: Graph, flow: Flow, run: Run, task: int) -> int:
    """Which of the tasks before is the best, by the mean of what its units said; of equal ones, the first that is named.

    If no figure of any is known, which only a record that was edited can bring about, it is the first that has succeeded.
    """
    by = flow.best_by[task]
    found: dict[int, float] = {}
    done: list[int] = []
    for parent in graph.parents.of(task).tolist():
        units = range(int(graph.unit_start[parent]), int(graph.unit_start[parent + 1]))
        said = [run.results.get(unit, {}).get(by.key) for unit in units if run.state[unit] == UnitState.SUCCEEDED]
        if said:
            done.append(parent)
        figures = [float(value) for value in said if isinstance(value, int | float)]
        if figures:
            found[parent] = sum(figures) / len(figures)
    if not found:
        return done[0] if done else int(graph.parents.of(task)[0])
    return max(found, key=lambda parent: found[parent] if by.maximize else -found[parent])
