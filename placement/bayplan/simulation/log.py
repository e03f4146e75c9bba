"""The attempts as they happen."""

from array import array
from collections.abc import Sequence

import numpy as np

from bayplan.lifecycle import Attempt, Phase
from bayplan.simulation.submission import Submission
from bayplan.simulation.trace import AttemptOutcome, Attempts

NOT_YET = float("nan")


class AttemptLog:
    """Columns that grow; an attempt is its row."""

    def __init__(self) -> None:
        self.graph, self.unit, self.incarnation, self.node = array("q"), array("q"), array("q"), array("q")
        self.wanted, self.placed, self.started, self.ended = array("d"), array("d"), array("d"), array("d")
        self.slowed, self.saved = array("d"), array("d")
        self.outcome = array("b")
        self.round = array("q")
        """In which round of its graph, from 1; 0: in none."""
        self.candidate = array("q")
        """Which of its task's candidates it ran, by position; -1: there are none."""
        self.evicted_for = array("q")
        """The graph for which it was told to leave; -1: it was not."""
        self.gpus: list[tuple[int, ...]] = []
        self.reason: list[str] = []
        self.why: list[str] = []
        self.open = 0
        """Attempts that have not ended."""

    def add(
        self,
        graph: int,
        unit: int,
        incarnation: int,
        node: int,
        gpus: tuple[int, ...],
        at: tuple[float, float],
        why: tuple[str, str],
    ) -> int:
        """A new attempt. `at`: when it was wanted and when it was placed; `why`: the reason of its wait, and the words."""
        row = len(self.graph)
        self.open += 1
        self.graph.append(graph)
        self.unit.append(unit)
        self.incarnation.append(incarnation)
        self.node.append(node)
        self.wanted.append(at[0])
        self.placed.append(at[1])
        self.started.append(NOT_YET)
        self.ended.append(NOT_YET)
        self.slowed.append(1.0)
        self.saved.append(0.0)
        self.outcome.append(0)
        self.round.append(0)
        self.candidate.append(-1)
        self.evicted_for.append(-1)
        self.gpus.append(gpus)
        self.reason.append(why[0])
        self.why.append(why[1])
        return row

    def end(self, row: int, outcome: AttemptOutcome, now: float) -> None:
        """It is over."""
        self.open -= 1
        self.ended[row] = now
        self.outcome[row] = outcome

    def seen(self, row: int, node: str, phase: Phase, bound: bool = True) -> Attempt:
        """The attempt as the lifecycle looks at it while it waits for its start, runs, or has succeeded or failed."""
        started, ended = self.started[row], self.ended[row]
        failed = phase == Phase.FAILED
        return Attempt(
            unit=self.unit[row],
            incarnation=self.incarnation[row],
            key=row,
            phase=phase,
            node=node,
            bound=bound,
            started=None if started != started else started,
            finished=None if ended != ended else ended,
            disrupted=failed and self.outcome[row] == AttemptOutcome.LOST,
            preempted=failed and self.outcome[row] == AttemptOutcome.PREEMPTED,
            exit_code=1 if failed else None,
            cause="" if not failed else "Preempted" if self.outcome[row] == AttemptOutcome.PREEMPTED else "Error",
        )

    def columns(self, submissions: Sequence[Submission]) -> Attempts:
        """As arrays, by the time of their placing; within an instant by graph and unit; what was never placed comes last."""
        order = np.lexsort((_ints(self.unit), _ints(self.graph), np.array(self.placed)))
        graph, unit = _ints(self.graph)[order], _ints(self.unit)[order]
        task, shard = np.zeros(len(graph), np.int64), np.zeros(len(graph), np.int64)
        by_graph = np.argsort(graph, kind="stable")
        starts = np.searchsorted(graph[by_graph], np.arange(len(submissions) + 1))
        for number, submission in enumerate(submissions):
            rows = by_graph[starts[number] : starts[number + 1]]
            if submission.graph.units > 1:
                task[rows] = submission.graph.unit_task[unit[rows]]
                shard[rows] = unit[rows] - submission.graph.unit_start[task[rows]]
        return Attempts(
            graph=graph,
            task=task,
            shard=shard,
            incarnation=_ints(self.incarnation)[order],
            node=_ints(self.node)[order],
            gpus=tuple(self.gpus[row] for row in order.tolist()),
            wanted_at=np.array(self.wanted)[order],
            placed_at=np.array(self.placed)[order],
            started_at=np.array(self.started)[order],
            ended_at=np.array(self.ended)[order],
            slowed=np.array(self.slowed)[order],
            saved=np.array(self.saved)[order],
            outcome=np.array(self.outcome, np.int8)[order],
            round=_ints(self.round)[order],
            candidate=_ints(self.candidate)[order],
            evicted_for=_ints(self.evicted_for)[order],
            reason=tuple(self.reason[row] for row in order.tolist()),
            why=tuple(self.why[row] for row in order.tolist()),
        )


def _ints(column: "array[int]") -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(column, np.int64)
