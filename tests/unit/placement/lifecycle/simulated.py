"""A tiny world for the state machine: attempts exist because it wanted them, and the test says what happens to them."""

from dataclasses import replace

import numpy as np

from bayplan.lifecycle import Attempt, Controls, Observations, Phase, Refusal, Retry, Run, Wants, advance
from bayplan.model.graph import Graph, Task

TWICE = Retry(limit=2, initial=1.0, factor=2.0, cap=60.0)


class World:
    """Holds the attempts of one graph; `step` shows them to the state machine and starts what it wants."""

    def __init__(self, tasks: list[Task], retry: Retry = TWICE) -> None:
        self.graph = Graph.build(tasks)
        self.run = Run.fresh(self.graph.units)
        self.controls = Controls(retries=[retry] * len(tasks))
        self.attempts: dict[tuple[int, int], Attempt] = {}
        self.recorded = np.zeros(self.graph.units, np.int32)
        self.lost_nodes: frozenset[str] = frozenset()
        self.refusals: list[Refusal] = []
        self.now = 1000.0
        self.wants = Wants()
        self.ended = False
        self.evicted: tuple[Attempt, ...] = ()

    def step(self, *, start: bool = True) -> Wants:
        seen = Observations(list(self.attempts.values()), self.refusals, self.lost_nodes)
        step = advance(self.graph, self.run, self.controls, seen, self.now, self.recorded)
        self.refusals = []
        self.run, self.wants, self.ended, self.evicted = step.run, step.wants, step.ended, step.evicted
        if start:
            for unit in step.wants.start:
                number = int(self.run.incarnation[unit]) + 1
                node = f"n{unit % 3}"
                self.attempts[unit, number] = Attempt(unit, number, (unit, number), node=node, held=True)
        return step.wants

    def change(self, unit: int, **fields: object) -> None:
        """The unit's newest attempt is seen differently from now on."""
        key = max(key for key in self.attempts if key[0] == unit)
        self.attempts[key] = replace(self.attempts[key], **fields)

    def run_unit(self, unit: int) -> None:
        self.change(unit, phase=Phase.RUNNING, bound=True, started=self.now)
        self.step()

    def succeed(self, unit: int) -> None:
        self.change(unit, phase=Phase.SUCCEEDED, bound=True, finished=self.now)
        self.step()

    def fail(self, unit: int, **fields: object) -> None:
        self.change(unit, phase=Phase.FAILED, bound=True, finished=self.now, **{"exit_code": 1, "cause": "Error", **fields})
        self.step()

    def record(self) -> None:
        """The status has been written."""
        self.recorded = self.run.settled.copy()
