"""What usually arrives: learned from the shards of all graphs, for strategies that keep room for what is to come."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.arrivals import Arrivals, MixModel, expected_mix
from bayplan.knowledge.arrivals.model import made_of
from bayplan.knowledge.arrivals.supply import Supply, supply
from bayplan.lifecycle import UnitState
from bayplan.model.workload import RequestClass
from bayplan_operator import metrics
from bayplan_operator.backoff import Backoff
from bayplan_operator.conductor.graph_run import Running

log = logging.getLogger(__name__)

_ARRIVED = [int(state) for state in UnitState if state not in (UnitState.PENDING, UnitState.SKIPPED)]
_PAUSE, _PAUSES = 1.0, 20.0
"""Seconds from the end of one build to the next, at least; and how many times the build's own duration, so that all builds
together take no more than a twentieth of one core."""
_FIRST_WAIT, _LONGEST_WAIT = 30.0, 1800.0
"""Seconds after a build that failed, and after many that did."""


class Learner:
    """Counts arrivals, and has the model of them built in a thread of its own, whenever enough of them are new, or the GPUs of
    the cluster are others."""

    def __init__(self, cluster: Cluster, seed: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.model: MixModel | None = None
        """The newest one; none as long as too little has arrived."""
        self._cluster = cluster
        self._seed = seed
        self._monotonic = monotonic
        self._arrivals = Arrivals()
        self._mix: Mapping[RequestClass, int] = {}
        self._supply = Supply((), ())
        """What arrives, and the cluster's GPUs, of which the model was last made."""
        self._static_version = -1
        self._building: asyncio.Task[None] | None = None
        self._not_before = 0.0
        self._backoff = Backoff("model of arrivals", _FIRST_WAIT, _LONGEST_WAIT)

    def note(self, running: Running) -> None:
        """Count the shards of a graph that want a place, or have had one before this process began, each once. O(shards)."""
        fresh = np.isin(running.run.state, _ARRIVED) & ~running.arrived
        if not fresh.any():
            return
        running.arrived |= fresh
        tasks, counts = np.unique(running.prepared.graph.unit_task[fresh], return_counts=True)
        for task, count in zip(tasks.tolist(), counts.tolist(), strict=True):
            for _ in range(count):
                self._arrivals.count(running.prepared.templates[task].request_class)
        metrics.ARRIVALS.inc(int(counts.sum()))

    def step(self) -> None:
        """Begin a build if it is time for one. Must be called in an event loop."""
        if self._building is not None or self._monotonic() < self._not_before:
            return
        if self._arrivals.due:
            self._mix = self._arrivals.take()
        elif not self._mix or not self._other_gpus():
            return
        self._supply, self._static_version = supply(self._cluster), self._cluster.static_version
        self._building = asyncio.get_running_loop().create_task(self._build(self._mix, self._supply), name="mix")

    def _other_gpus(self) -> bool:
        if self._static_version == self._cluster.static_version:
            return False
        self._static_version = self._cluster.static_version
        return supply(self._cluster) != self._supply

    async def _build(self, mix: Mapping[RequestClass, int], there: Supply) -> None:
        begun = self._monotonic()
        try:
            self.model = await asyncio.to_thread(_model, mix, there, self._seed)
        except Exception:
            # Whatever is wrong with the figures, pods are placed by the model before, or without one.
            metrics.MIX_BUILD_FAILURES.inc()
            log.exception("the model of what usually arrives could not be built; trying again in %.0f s", self._backoff.wait)
            self._supply, self._static_version = Supply((), ()), -1  # so that it is tried again
            pause = self._backoff.failed()
        else:
            self._backoff.worked()
            pause = max(_PAUSE, _PAUSES * (self._monotonic() - begun))
        metrics.MIX_BUILD_SECONDS.observe(self._monotonic() - begun)
        self._not_before = self._monotonic() + pause
        self._building = None


def _model(mix: Mapping[RequestClass, int], there: Supply, seed: int) -> MixModel:
    return made_of(expected_mix({request_class: float(count) for request_class, count in mix.items()}), there, seed)
