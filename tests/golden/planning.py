"""Graphs of a scene with their plans: made when their first units ask for a place, and again whenever others have ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.graph_plans import Plan, Situation, beside_own, expected_seconds, make_plan, slots
from bayplan.knowledge.run_times import RunTimes, TaskRun
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import Request, RequestClass
from tests.golden.scene_graphs import BANDWIDTH, SPEEDS

Plain = dict[str, Any]
_LEFT = 60.0
"""Seconds for which a unit still needs its node when the next plan is made."""


class PlannedGraph:
    """One graph: who of it waits, runs and has ended, and its plan."""

    def __init__(self, name: str, made: Plain, classes: Sequence[RequestClass], run_times: RunTimes | None) -> None:
        tasks = [Task(each["name"], tuple(each["parents"]), each["shards"], each["duration"]) for each in made["tasks"]]
        self.graph, self._name, self._made, self._run_times = Graph.build(tasks), name, made, run_times
        self._classes = tuple(classes[each["class"]] for each in made["tasks"])
        self._data = np.array([bytes_ for each in made["tasks"] for bytes_ in each["data"]])
        self._on: dict[int, str] = {}
        self._done: set[int] = set()

    def unit(self, task: str, shard: int) -> int:
        return int(self.graph.unit_start[self.graph.index[task]]) + shard

    def request(self, unit: int) -> Request:
        number = int(self.graph.unit_task[unit])
        task, tail = self.graph.tasks[number], float(3 - self._made["tasks"][number]["level"])
        return Request(
            (self._name, unit),
            self._classes[number],
            priority=self._made["priority"],
            critical_path=60.0 * tail,
            arrival=(self._made["arrival"],),
            task=f"{self._name}/{task.name}",
            deadline=self._made["deadline"],
            duration=task.duration,
            graph=self._name,
            unit=unit,
        )

    def placed(self, unit: int, node: str) -> None:
        self._on[unit] = node

    def end_all_but_last(self) -> list[int]:
        """All that runs has ended, but for the unit that was placed last; answers them."""
        running = [unit for unit in self._on if unit not in self._done]
        self._done |= set(running[:-1])
        return running[:-1]

    def plan(self, cluster: Cluster, now: float) -> Plan:
        units = self.graph.units
        asks: dict[RequestClass, int] = {}
        for task in self.graph.unit_task[[unit for unit in range(units) if unit not in self._on]].tolist():
            asks[self._classes[task]] = asks.get(self._classes[task], 0) + 1
        nodes = slots(cluster, asks, max(1, sum(asks.values())))
        done, place, left = np.zeros(units, bool), np.full(units, -1), np.full(units, np.nan)
        for unit, node in self._on.items():
            place[unit], done[unit] = nodes.number[node], unit in self._done
            left[unit] = np.nan if done[unit] else _LEFT
        seconds = np.where(nodes.admitting(self._classes), self._seconds(nodes.classes), np.inf)
        situation = Situation(self.graph, seconds, self._data, BANDWIDTH, nodes, now, done, place, left)
        return make_plan(beside_own(situation, cluster))

    def _seconds(self, classes: Sequence[str]) -> np.ndarray:
        """By what was learned where there is something, otherwise by the speeds of node classes."""
        if self._run_times is not None:
            runs = [TaskRun(f"g/t{number % 5}") for number in range(len(self.graph.tasks))]
            return expected_seconds(self.graph, runs, classes, self._run_times)
        base = np.array([task.duration for task in self.graph.tasks])
        return base[:, None] / np.array([SPEEDS[each] for each in classes])
