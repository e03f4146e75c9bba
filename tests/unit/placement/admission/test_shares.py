"""Shares over an outage: what a decider that comes after makes of a record, and of what has begun and ended meanwhile."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pytest

from bayplan.admission.queue import Queue, QuotaRow
from bayplan.admission.shares import SharesState
from bayplan.admission.tree import QueueTree, tree_of
from bayplan.cluster.quotas import QuotaKey
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.occupant import Occupant, Tenant
from tests.unit.placement.building import cluster, node

CPU = QuotaKey("cpu")
TREE = tree_of(
    [
        Queue("lab", half_life=300.0),
        Queue("x", "lab", (QuotaRow(CPU, 2000),)),
        Queue("y", "lab", half_life=100.0),
        Queue("low", "y"),
        Queue("z"),
    ],
    half_life=1000.0,
)


@dataclass
class Run:
    """A decider, and pods that take their places and leave them at their own instants."""

    tree: QueueTree = field(default_factory=lambda: TREE)
    pods: dict[int, tuple[str, float, float]] = field(default_factory=dict)
    """Queue, begin and end."""

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A process begins, and knows nothing."""
        self.cluster = cluster(node("n", 64))
        self.there: set[int] = set()
        self.decider = Decider(self.cluster)

    def tenant(self, number: int) -> Tenant:
        queue, since, _ = self.pods[number]
        return Tenant(queue=queue, since=since)

    def look(self, now: float, late: float = 0.0) -> None:
        """What has begun and ended by now is seen, so many seconds after it was."""
        for number, (_, begin, end) in self.pods.items():
            if begin <= now - late < end and number not in self.there:
                self.there.add(number)
                self.cluster.occupy(number, "n", {"cpu": 1500}, tenant=self.tenant(number))
            elif end <= now - late and number in self.there:
                self.there.discard(number)
                self.cluster.vacate(number, end)

    def shares(self, now: float) -> SharesState:
        found = self.decider.shares(now)
        assert found is not None
        return found

    def restart(self, now: float, state: SharesState) -> None:
        """Another process begins, sees what is there and what has ended, and reads the record."""
        self.begin()
        for number, (_, begin, end) in self.pods.items():
            if begin <= now < end:
                self.there.add(number)
                self.cluster.occupy(number, "n", {"cpu": 1500}, tenant=self.tenant(number))
            elif end <= now:
                self.cluster.passed("n", Occupant({"cpu": 1500}, tenant=self.tenant(number)), end)
        self.decider.update(Changes(queues=self.tree, shares=state))


def drawn(seed: int) -> dict[int, tuple[str, float, float]]:
    draws, found = np.random.default_rng(seed), {}
    for number in range(60):
        begin = float(draws.uniform(0, 800))
        found[number] = (str(draws.choice(["x", "y", "low", "z"])), begin, begin + 8.0 + float(draws.exponential(120.0)))
    return found


def means(state: SharesState) -> dict[tuple[str, str], float]:
    return {key: value for key, value in state.means.items() if value}


@pytest.mark.parametrize("seed", range(8))
def test_the_share_after_an_outage_is_the_share_without_it(seed: int) -> None:
    whole, cut = Run(pods=drawn(seed)), Run(pods=drawn(seed))
    for each in (whole, cut):
        each.decider.update(Changes(queues=TREE))
    now, killed = 0.0, 300.0 + 17 * seed
    while now < killed:
        now = min(now + 3.7, killed)
        for each in (whole, cut):
            each.look(now)
            each.shares(now)
    record = cut.shares(now)
    back = killed + 150.0
    cut.restart(back, record)
    while now < 900.0:
        now = min(now + 3.7, 900.0)
        whole.look(now)
        whole.shares(now)
        if now >= back:
            cut.look(now)
            cut.shares(now)
    first, second = means(whole.shares(900.0)), means(cut.shares(900.0))
    assert first.keys() == second.keys() != set()
    assert all(math.isclose(first[key], second[key], rel_tol=1e-9, abs_tol=1e-9) for key in first)


def test_what_is_heard_of_late_counts_from_when_it_happened() -> None:
    pods = {0: ("x", 10.0, 100.0), 1: ("x", 20.0, 90.0), 2: ("y", 30.0, 95.0)}
    early, late = Run(pods=pods), Run(pods=pods)
    for each in (early, late):
        each.decider.update(Changes(queues=TREE))
        each.shares(0.0)
    for now in range(1, 200):
        early.look(float(now))
        early.shares(float(now))
        late.look(float(now), late=2.0)
        late.shares(float(now))
    first, second = means(early.shares(200.0)), means(late.shares(200.0))
    assert all(math.isclose(first[key], second[key], rel_tol=1e-9) for key in first)


def test_an_old_record_of_an_idle_queue_is_brought_forward() -> None:
    run = Run(pods={})
    run.restart(1000.0, SharesState({"z": 0.0}, {("z", "cpu"): 800.0}, {}))
    assert math.isclose(run.shares(1000.0).means["z", "cpu"], 400.0)
