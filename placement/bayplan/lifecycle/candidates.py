"""Several programs could do a task: where the one that was chosen fails for good, the task starts again with another."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from bayplan.lifecycle.flow import Flow
from bayplan.lifecycle.run import Run
from bayplan.lifecycle.state import UnitState
from bayplan.model.graph import Graph

_FOR_GOOD = " has failed for good: "


@dataclass(frozen=True, slots=True)
class Alternatives:
    """What a task with candidates can still be done by."""

    chosen: str
    """The candidate that does it; empty: none is chosen yet."""
    left: bool
    """Another one may be chosen if this one fails for good."""
    failed: tuple[str, ...] = ()
    """Those that have failed before, each with why, such as "large (Error: exit code 3)"."""

    @property
    def words(self) -> str:
        """For the sentence that says why the graph has failed, where none is left."""
        before = f", as before it {', '.join(self.failed)}" if self.failed else ""
        return f"candidate {self.chosen} has failed{before}, and no other is left"


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The chosen candidate of a task has failed for good, and the task waits for another."""

    task: int
    why: str


def start_over(
    graph: Graph, run: Run, flow: Flow | None, alternatives: Mapping[int, Alternatives], units: Iterable[int], now: float
) -> tuple[GivenUp, ...]:
    """Have tasks start again of which a unit has failed for good; the run is changed. O(units of these tasks).

    All shards do, also those that have succeeded: the results of two programs do not belong together. A shard without which the
    graph can go on is no reason to.
    """
    tasks = {int(graph.unit_task[unit]) for unit in units if run.state[unit] == UnitState.FAILED}
    found = []
    for task in sorted(tasks):
        choice = alternatives.get(task)
        if choice is not None and choice.left and not (flow is not None and flow.enough(graph, run, task)):
            found.append(_given_up(graph, run, task, choice, now))
    return tuple(found)


def failed_for_good(run: Run, unit: int) -> bool:
    """The last attempt of the unit was why its task waits for another candidate: its failures are counted from 0 again."""
    note = run.notes.get(unit, "")
    return run.state[unit] == UnitState.READY and note.startswith("candidate ") and _FOR_GOOD in note


def _given_up(graph: Graph, run: Run, task: int, choice: Alternatives, now: float) -> GivenUp:
    units = range(int(graph.unit_start[task]), int(graph.unit_start[task + 1]))
    first = next(unit for unit in units if run.state[unit] == UnitState.FAILED)
    why = run.notes[first]
    for unit in units:
        state = run.state[unit]
        if state == UnitState.SKIPPED:
            continue
        if state == UnitState.FAILED:
            run.notes[unit] = f"candidate {choice.chosen}{_FOR_GOOD}{run.notes[unit]}"
        else:
            run.finished[unit] = np.nan
            run.notes.pop(unit, None)
        run.state[unit] = UnitState.READY
        run.settled[unit] = run.incarnation[unit]
        run.failures[unit] = run.setbacks[unit] = 0
        run.not_before[unit] = run.ready_at[unit] = now
        run.started[unit] = np.nan
        run.results.pop(unit, None)
    return GivenUp(task, why)
