"""Which tasks may start, and which never will, by how the tasks before them ended."""

from collections.abc import Iterable
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

from bayplan.lifecycle.asynchronous import take
from bayplan.lifecycle.conditions import Undecidable
from bayplan.lifecycle.flow import Flow, Gate, TaskOutcome
from bayplan.lifecycle.results import values_of
from bayplan.lifecycle.run import Run
from bayplan.lifecycle.state import UnitState
from bayplan.model.graph import Graph

_OPEN, _SUCCEEDED = TaskOutcome.OPEN, TaskOutcome.SUCCEEDED
_WAITS, _STARTS, _NEVER = range(3)


class Gates:
    """Opens them as tasks end. It keeps only what the run says, so that a new one comes to the same."""

    def __init__(self, graph: Graph, flow: Flow) -> None:
        self._graph, self._flow = graph, flow
        self._outcomes: NDArray[np.int8] | None = None
        """As they were at the last step; ``None``: all gates are to be looked at."""
        self._failing = False
        self._position = np.empty(len(graph.tasks), np.int64)
        self._position[graph.topological] = np.arange(len(graph.tasks))
        self._readers: dict[int, list[int]] = {}
        """By task, those whose condition speaks of it."""
        for task, (primary, _) in flow.backed_up_by.items():
            self._readers.setdefault(primary, []).append(task)
        for task, condition in flow.when.items():
            for name in {each.task for each in condition.references}:
                self._readers.setdefault(graph.index[name], []).append(task)

    def open(self, run: Run, now: float, *, failing: bool) -> None:
        """Bring the units that wait into their next state; the run is changed.

        O(units) vector operations, plus O(edges) at the tasks that follow those which have ended since the last step.
        """
        if failing != self._failing:
            self._failing, self._outcomes = failing, None  # what waited for the last round waits for this one only
        outcomes = self._flow.outcomes(self._graph, run)
        looked_at = self._following(outcomes, run)
        self._outcomes = outcomes
        while looked_at:
            task = int(self._graph.topological[heappop(looked_at)])
            units = slice(int(self._graph.unit_start[task]), int(self._graph.unit_start[task + 1]))
            if not (run.state[units] == UnitState.PENDING).any():
                continue
            verdict = self._verdict(run, task, failing=failing)
            if verdict == _WAITS:
                continue
            pending = (run.state[units] == UnitState.PENDING).nonzero()[0] + units.start
            run.state[pending] = UnitState.READY if verdict == _STARTS else UnitState.SKIPPED
            if verdict == _STARTS:
                run.ready_at[pending] = now
                take(self._graph, self._flow, run, task)
                continue
            self._renew(run, task)
            for child in self._after(task):
                heappush(looked_at, int(self._position[child]))

    def _following(self, outcomes: NDArray[np.int8], run: Run) -> list[int]:
        """Positions of the tasks to look at, as a heap."""
        if self._outcomes is None:
            tasks: Iterable[int] = range(len(outcomes))
        else:
            ended = (outcomes != self._outcomes).nonzero()[0].tolist()
            tasks = {child for task in ended for child in self._after(task)}
        found = [int(self._position[task]) for task in tasks]
        heapify(found)
        return found

    def _after(self, task: int) -> Iterable[int]:
        return (*self._graph.children.of(task).tolist(), *self._readers.get(task, ()))

    def _renew(self, run: Run, task: int) -> None:
        """The outcome of a task whose last units were just skipped."""
        assert self._outcomes is not None
        state = run.state[self._graph.unit_start[task] : self._graph.unit_start[task + 1]]
        if (state >= UnitState.SUCCEEDED).all():
            whole = (state == UnitState.SKIPPED).all()
            self._outcomes[task] = TaskOutcome.SKIPPED if whole else self._flow.outcomes(self._graph, run)[task]

    def _seen(self, run: Run, task: int, by: int) -> int:
        """The outcome of a task, as the task ``by`` sees it: what is repeated is not over before the last round.

        A graph that has failed has no further round.
        """
        assert self._outcomes is not None
        repeated = self._flow.repeated
        further = not run.rounds_over and not self._failing
        if repeated is not None and further and repeated.tasks[task] and not repeated.tasks[by]:
            return _OPEN
        return int(self._outcomes[task])

    def _verdict(self, run: Run, task: int, *, failing: bool) -> int:
        if task in self._flow.backed_up_by:
            return _NEVER if failing or self._seen(run, self._flow.backed_up_by[task][0], task) != _OPEN else _WAITS
        if not run.round and self._flow.repeated is not None and self._flow.repeated.tasks[task]:
            return _NEVER if failing else _WAITS
        before = [self._seen(run, int(parent), task) for parent in self._graph.parents.of(task)]
        gate = int(self._flow.gate[task])
        if failing and gate != Gate.ALWAYS:
            return _NEVER
        verdict = _STARTS if not before else _of(gate, before)
        if verdict != _STARTS or task not in self._flow.when:
            return verdict
        return self._holds(run, task)

    def _holds(self, run: Run, task: int) -> int:
        condition = self._flow.when[task]
        spoken_of = {self._graph.index[each.task] for each in condition.references}
        if any(self._seen(run, other, task) == _OPEN for other in spoken_of):
            return _WAITS
        holds = condition.evaluate(lambda name, key: values_of(self._graph, run, name, key))
        if isinstance(holds, Undecidable):
            note = f"skipped: its condition cannot be decided: {holds.why}"
        elif holds:
            return _STARTS
        else:
            note = f"skipped: its condition does not hold: {condition}"
        run.notes[int(self._graph.unit_start[task])] = note
        return _NEVER


def _of(gate: int, before: list[int]) -> int:
    """What a gate makes of the outcomes of the tasks before."""
    waiting, succeeded = before.count(_OPEN), before.count(_SUCCEEDED)
    if gate == Gate.ALL:
        return _STARTS if succeeded == len(before) else _WAITS if succeeded + waiting == len(before) else _NEVER
    if gate == Gate.ANY:
        return _STARTS if succeeded else _WAITS if waiting else _NEVER
    if waiting:
        return _WAITS
    return _STARTS if succeeded or gate == Gate.ALWAYS else _NEVER
