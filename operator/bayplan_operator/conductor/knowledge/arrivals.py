"""What usually arrives: learned from the shards of all graphs, for strategies that keep room for what is to come."""

import logging
from collections.abc import Mapping
from functools import partial

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.core.background import Background, Done
from bayplan.knowledge.arrivals import Arrivals, MixModel, expected_mix
from bayplan.knowledge.arrivals.model import made_of
from bayplan.knowledge.arrivals.supply import Supply, supply
from bayplan.lifecycle import Run, UnitState
from bayplan.model.workload import RequestClass
from bayplan_operator import metrics
from bayplan_operator.backoff import Backoff
from bayplan_operator.clock import Clock, Rest
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.step import Step, Tick

log = logging.getLogger(__name__)

_ARRIVED = np.array([state not in (UnitState.PENDING, UnitState.SKIPPED) for state in sorted(UnitState)])
"""By state: it wants a place, or has had one."""
_PAUSE, _PAUSES = 1.0, 20.0
"""Seconds from the end of one build to the next, at least; and how many times the build's own duration, so that all builds
together take no more than a twentieth of one core."""
_FIRST_WAIT, _LONGEST_WAIT = 30.0, 1800.0
"""Seconds after a build that failed, and after many that did."""


class Learner(Step):
    """Counts arrivals, and has the model of them built in a thread of its own, whenever enough of them are new, or the GPUs of
    the cluster are others."""

    def __init__(self, cluster: Cluster, seed: int, clock: Clock, beside: Background) -> None:
        self.model: MixModel | None = None
        """The newest one; none as long as too little has arrived."""
        self._cluster, self._seed, self._beside = cluster, seed, beside
        self._arrivals = Arrivals()
        self._mix: Mapping[RequestClass, int] = {}
        self._supply = Supply((), ())
        """What arrives, and the cluster's GPUs, of which the model was last made."""
        self._static_version = -1
        self._rest = Rest(clock, _PAUSE, _PAUSES)
        self._backoff = Backoff("model of arrivals", _FIRST_WAIT, _LONGEST_WAIT)

    def advanced(self, graph: GraphRun, before: Run, now: float) -> None:
        """Count the shards of a graph that want a place, or have had one before this process began, each once. O(shards)."""
        running = graph.running
        if running is None:
            return
        counted = running.foreseen.arrived
        fresh = _ARRIVED[running.run.state] & ~counted
        if not fresh.any():
            return
        counted |= fresh
        tasks, counts = np.unique(running.prepared.graph.unit_task[fresh], return_counts=True)
        for task, count in zip(tasks.tolist(), counts.tolist(), strict=True):
            for _ in range(count):
                self._arrivals.count(running.prepared.templates[task].request_class)
        metrics.ARRIVALS.inc(int(counts.sum()))

    def step(self, tick: Tick) -> None:
        """Begin a build if it is time for one."""
        if self._beside.busy or not self._rest.over:
            return
        if self._arrivals.due:
            self._mix = self._arrivals.take()
        elif not self._mix or not self._other_gpus():
            return
        self._supply, self._static_version = supply(self._cluster), self._cluster.static_version
        self._beside.begin(partial(_model, self._mix, self._supply, self._seed), self._built)

    def _other_gpus(self) -> bool:
        if self._static_version == self._cluster.static_version:
            return False
        self._static_version = self._cluster.static_version
        return supply(self._cluster) != self._supply

    def _built(self, done: Done[MixModel]) -> None:
        metrics.MIX_BUILD_SECONDS.observe(done.seconds)
        try:
            self.model = done.answer()
        except Exception:
            # Whatever is wrong with the figures, pods are placed by the model before, or without one.
            metrics.MIX_BUILD_FAILURES.inc()
            log.exception("the model of what usually arrives could not be built; trying again in %.0f s", self._backoff.wait)
            self._supply, self._static_version = Supply((), ()), -1  # so that it is tried again
            self._rest.hold(self._backoff.failed())
        else:
            self._backoff.worked()
            self._rest.after(done.seconds)


def _model(mix: Mapping[RequestClass, int], there: Supply, seed: int) -> MixModel:
    return made_of(expected_mix({request_class: float(count) for request_class, count in mix.items()}), there, seed)
