"""From plain data to what strategies may know beside the cluster: load, run times, efficiency, failures, mix, time box."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.arrivals import MixModel, mix_model
from bayplan.knowledge.efficiency import Efficiency
from bayplan.knowledge.load import LoadEstimate, LoadTracker, Reading
from bayplan.knowledge.node_states import NodeState, NodeStates, Survival
from bayplan.knowledge.run_times import ByTask, RunTimes, TaskRun
from bayplan.model.workload import RequestClass

Plain = dict[str, Any]


class TimeBox:
    """Says that time is up after so many questions: a budget that every machine spends alike."""

    def __init__(self, patience: int) -> None:
        self._left = patience

    def __call__(self) -> bool:
        self._left -= 1
        return self._left < 0


class Load:
    """Follows a cluster through a scene."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._tracker = cluster, LoadTracker()

    def estimate(self, now: float, reading: Plain | None) -> LoadEstimate | None:
        self._tracker.follow(self._cluster, now)
        if reading is None:
            return None
        shares = reading["shares"]
        resources = tuple(sorted({name for each in shares.values() for name in each}))
        table = np.array([[each.get(name, (np.nan, np.nan)) for name in resources] for each in shares.values()])
        table = table.reshape(len(shares), len(resources), 2)
        told = Reading(tuple(shares), resources, table[:, :, 0], reading["at"], table[:, :, 1])
        self._tracker.take(told, self._cluster, now)
        return self._tracker.estimate(self._cluster, now)


def run_times_of(learned: Plain) -> RunTimes:
    found = RunTimes()
    for task, node_class, seconds, at in learned["runs"]:
        found.observe(TaskRun(task, node_class=node_class), seconds, at)
    return found


def forecast_of(learned: Plain) -> ByTask:
    return ByTask(run_times_of(learned), lambda request: TaskRun(request.task))


def efficiency_of(learned: Plain) -> Efficiency:
    return Efficiency({(task, kind): value for task, kind, value in learned["efficiency"]}, learned["capability"])


def survival_of(learned: Plain) -> Survival:
    """For one cluster: it keeps what it has found of it."""
    states = {}
    for node_class, seconds, failures in learned["failures"]:
        chain = states[node_class] = NodeStates()
        chain.observe(NodeState.IDLE, seconds)
        for _ in range(failures):
            chain.observe(NodeState.BUSY, seconds / 10, NodeState.FAILING)
            chain.observe(NodeState.FAILING, 60.0, NodeState.BUSY)
    return Survival(states, {name: NodeState(state) for name, state in learned["doing"].items()})


def mix_of(classes: list[RequestClass], cluster: Cluster) -> MixModel:
    """Whatever stands further ahead arrives more often."""
    return mix_model({each: 1.0 / (1 + number) for number, each in enumerate(dict.fromkeys(classes))}, cluster, seed=0)
