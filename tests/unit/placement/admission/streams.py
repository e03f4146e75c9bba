"""Tasks that come and go on nodes of GPUs, and what is promised to those that wait."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from bayplan.admission.queue import Queue, QuotaRow
from bayplan.admission.tree import tree_of
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.quotas import QuotaKey
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.occupant import Tenant
from bayplan.model.run_law import RunLaw
from bayplan.model.workload import Gang, Request
from bayplan.strategy.wish import Wish
from tests.unit.placement.building import BEST_FIT, asking, cluster, node

GPUS = QuotaKey("nvidia.com/gpu")


@dataclass
class Stream:
    """Nodes of eight GPUs, a queue, and what comes and goes on a clock."""

    nodes: int
    reserve: int = 1
    now: float = 0.0
    cluster: Cluster = field(init=False)
    decider: Decider = field(init=False)
    started: dict[object, float] = field(default_factory=dict)
    runs: dict[object, tuple[float, float]] = field(default_factory=dict)
    """From when to when each has run."""
    _events: list[tuple[float, int, str, object]] = field(default_factory=list)
    _runs: dict[object, float] = field(default_factory=dict)
    _count: int = 0

    def __post_init__(self) -> None:
        self.cluster = cluster(*(node(f"n{n}", 64, 8) for n in range(self.nodes)))
        self.decider = Decider(self.cluster, seed=1)
        self.decider.update(Changes(queues=tree_of([Queue("q", reserve=self.reserve)])))

    def submit(self, at: float, requests: list[Request], *seconds: float) -> None:
        """Requests that come together, and how long each really runs; one figure: all of them run so long."""
        self._count += 1
        for number, each in enumerate(requests):
            self._runs[each.id] = seconds[number % len(seconds)]
        come = [replace(each, arrival=(at, self._count), since=at) for each in requests]
        heapq.heappush(self._events, (at, self._count, "submit", come))

    def run(self, until: float) -> None:
        """Let time pass."""
        while self._events and self._events[0][0] <= until:
            self.now = self._events[0][0]
            while self._events and self._events[0][0] == self.now:
                _, _, what, given = heapq.heappop(self._events)
                if what == "submit":
                    assert isinstance(given, list)
                    self.decider.update(Changes(tuple(Wish(each, BEST_FIT) for each in given)))
                else:
                    self.cluster.vacate(given)
            self._decide()
        self.now = until

    def _decide(self) -> None:
        while self._decide_once():
            pass

    def _decide_once(self) -> bool:
        """Whether a promise is to be made by what was placed, before those behind it are asked about."""
        requests = {id_: each.request for id_, each in self.decider.wishes.items()}
        outcome = self.decider.decide(self.now)
        for each in outcome.placements:
            request = requests[each.request_id]
            tenant = Tenant(queue=request.queue, since=self.now, run=request.run)
            self.cluster.occupy(each.request_id, each.node or "", dict(request.request_class.resources), tenant=tenant)
            self.started[each.request_id] = self.now
            self.runs[each.request_id] = self.now, self.now + self._runs[each.request_id]
            self._count += 1
            heapq.heappush(self._events, (self.now + self._runs[each.request_id], self._count, "end", each.request_id))
        return outcome.unfinished


def small(id_: object, law: RunLaw | None, gpus: int = 1) -> Request:
    return Request(id_, asking(1, gpus), queue="q", run=law)


def gang(name: str, members: int, gpus: int = 1, law: RunLaw | None = None) -> list[Request]:
    return [Request((name, n), asking(1, gpus), queue="q", run=law, gang=Gang(name)) for n in range(members)]


def busy(stream: Stream, seed: int, seconds: float, sigma: float) -> None:
    """One-GPU tasks that would keep 95 % of all GPUs busy, at random instants."""
    draws, gpus, at = np.random.default_rng(seed), 8 * stream.nodes, 0.0
    mean = 100.0 * math.exp(sigma * sigma / 2)
    number = 0
    while at < seconds:
        law = RunLaw(100.0, sigma) if sigma else RunLaw(float(draws.uniform(50.0, 150.0)))
        real = law.median if not sigma else float(law.median * math.exp(sigma * draws.standard_normal()))
        stream.submit(at, [small(number, law)], real)
        number += 1
        at += float(draws.exponential(mean / (0.95 * gpus)))


def several(nodes: int, *, reserve: int = 1, above: int | None = None, own: int | None = None) -> Stream:
    """Three queues below one. `above`: a quota that they share; `own`: one that each has and lends the others."""
    stream = Stream(nodes)
    queues = [Queue("all", None, () if above is None else (QuotaRow(GPUS, above),))]
    rows = () if own is None else (QuotaRow(GPUS, own),)
    queues += [Queue(name, "all", rows, reserve=reserve) for name in "abc"]
    stream.decider.update(Changes(queues=tree_of(queues)))
    return stream


def of(queue: str, requests: Sequence[Request]) -> list[Request]:
    return [replace(each, queue=queue) for each in requests]
