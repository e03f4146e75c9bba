"""Who may be evicted, when, and at what cost."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pytest

from bayplan.admission.preemption.loss import Loss, lost, safe_from_reclaim_until, safe_until
from bayplan.admission.preemption.rules import LONGEST_PROTECTION, Preemption, Reclaim, WithinQueue
from bayplan.model.stake import Stake
from tests.unit.placement.admission.preemption.small_cluster import BOTH, SmallCluster, two_queues

WITHIN = Preemption(WithinQueue.LOWER_PRIORITY)


@pytest.mark.parametrize(("victim", "evictor", "goes"), [(0, 0, False), (5, 5, False), (5, 0, False), (0, 1, True)])
def test_within_a_queue_only_strictly_lower_priority_goes(victim: int, evictor: int, goes: bool) -> None:
    on = SmallCluster(two_queues(WITHIN))
    on.runs("v", "a", 8, priority=victim)
    on.wants("p", "a", 1, priority=evictor, since=0.0)
    assert on.evicted(on.decide()) == ({"v"} if goes else set())


def test_age_never_justifies_an_eviction() -> None:
    from bayplan.admission.queue import Ageing, Queue
    from bayplan.admission.tree import tree_of

    on = SmallCluster(tree_of([Queue("a", ageing=Ageing(1e6, 1e6), preemption=WITHIN)]))
    on.runs("v", "a", 8)
    on.wants("p", "a", 1, since=0.0)
    assert not on.evicted(on.decide(3_600.0))


@pytest.mark.parametrize(
    ("reclaim", "priority", "goes"),
    [(Reclaim.NEVER, 5, False), (Reclaim.LOWER_PRIORITY, 0, False), (Reclaim.LOWER_PRIORITY, 1, True), (Reclaim.ANY, 0, True)],
)
def test_a_queue_takes_back_what_is_its_own_as_its_rule_says(reclaim: Reclaim, priority: int, goes: bool) -> None:
    on = SmallCluster(two_queues(Preemption(reclaim=reclaim)))
    on.runs("v", "b", 8)
    on.wants("p", "a", 4, priority=priority)
    assert on.evicted(on.decide()) == ({"v"} if goes else set())


def test_a_gang_that_straddles_nominal_can_be_taken_and_whole() -> None:
    on = SmallCluster(two_queues(), (4, 4))
    for number in range(3):  # 6 of 8, of which 4 are nominally its own
        on.runs(f"m{number}", "b", 2, "n0" if number < 2 else "n1", unit="gang")
    on.wants("p", "a", 2, members=2)
    assert on.evicted(on.decide()) == {"m0", "m1", "m2"}


def test_a_queue_above_its_own_nominal_takes_nothing_back() -> None:
    on = SmallCluster(two_queues())
    on.runs("v", "b", 8)
    on.wants("p", "a", 5)
    assert not on.evicted(on.decide())


def test_a_foreign_pod_and_one_that_must_not_be_evicted_stay() -> None:
    on = SmallCluster(two_queues())
    on.runs("v", "b", 8)
    occupant = on.cluster.occupants("n0")["v"]
    assert occupant.tenant is not None
    on.cluster.occupy("v", "n0", {"gpu": 8}, None, replace(occupant.tenant, stake=None))
    on.wants("p", "a", 1, priority=9)
    assert not on.evicted(on.decide())


def test_the_minimum_run_time_doubles_with_each_eviction_up_to_a_bound() -> None:
    for evictions in range(5):
        assert safe_until(100.0, evictions, 60.0) == 100.0 + 60.0 * 2**evictions
    assert safe_until(100.0, 11, 60.0) == math.inf, LONGEST_PROTECTION < 60.0 * 2**11
    assert safe_until(100.0, 3, 0.0) == -math.inf
    assert safe_from_reclaim_until(100.0, 0, 60.0) == 160.0
    assert safe_from_reclaim_until(100.0, 1, 60.0) == -math.inf


@pytest.mark.parametrize("evictions", [0, 1, 2])
def test_what_has_not_run_for_its_minimum_stays_and_goes_when_it_has(evictions: int) -> None:
    on = SmallCluster(two_queues(Preemption(WithinQueue.LOWER_PRIORITY, minimum_run_time=60.0)))
    on.runs("v", "a", 8, since=on.now, evictions=evictions)
    end = on.now + 60.0 * 2**evictions
    on.wants("p", "a", 8, priority=5)
    assert not on.evicted(on.decide(59.0 * 2**evictions))
    assert on.decider.again_at == end
    assert on.evicted(on.decide(end - on.now)) == {"v"}


def test_a_queue_waits_for_its_own_no_longer_than_the_minimum_and_only_once() -> None:
    for evictions, goes in ((0, False), (1, True)):
        on = SmallCluster(two_queues(BOTH, Preemption(minimum_run_time=60.0)))
        on.runs("v", "b", 8, since=on.now, evictions=evictions)
        on.wants("p", "a", 4)
        assert bool(on.evicted(on.decide(30.0))) is goes
        assert on.evicted(on.decide(30.0)) == (set() if goes else {"v"})


@pytest.mark.parametrize("seed", range(40))
def test_the_cheaper_of_waiting_and_evicting_is_chosen(seed: int) -> None:
    """By hand: the part of 16 GPUs times the seconds that the one loses, beside those that the other waits."""
    random = np.random.default_rng(seed)
    on = SmallCluster(two_queues(nominal=(8, 8)), (16,))
    ran, left, gpus = float(random.integers(1, 500)), float(random.integers(40, 500)), int(random.integers(1, 9))
    restart, grace = float(random.choice([0.0, 50.0])), 30.0
    on.runs("v", "b", 16, since=on.now - ran, expected_end=on.now + left, restart=restart, grace=grace)
    on.wants("p", "a", gpus)
    waits = (left - 1.0 - grace) * gpus / 16 <= 16 / 16 * (ran + 1.0 + restart)
    assert bool(on.evicted(on.decide())) is not waits


def test_what_was_expected_to_have_ended_is_not_waited_for() -> None:
    on = SmallCluster(two_queues())
    on.runs("v", "b", 8, expected_end=on.now - 10.0)
    on.wants("p", "a", 1)
    assert on.evicted(on.decide()) == {"v"}


def test_work_since_the_last_checkpoint_is_lost_and_what_cannot_be_believed_is_not() -> None:
    def of(stake: Stake) -> float:
        return lost([Loss(stake, 100.0)], 0.5, 10_000.0, 0.0, 1_000.0)

    assert of(Stake("u")) == 0.5 * 900.0
    assert of(Stake("u", checkpoint_every=400.0)) == 0.5 * 100.0
    assert of(Stake("u", checkpointed=990.0)) == 0.5 * 10.0
    assert of(Stake("u", checkpointed=1_001.0)) == of(Stake("u", checkpointed=99.0)) == 0.5 * 900.0
    assert of(Stake("u", restart=20.0)) == 0.5 * 920.0
    assert of(Stake("u", slack=800.0)) == 0.5 * (900.0 + 100.0)
    assert lost([Loss(Stake("u"), None)], 1.0, 60.0, 0.0, 1_000.0) == 60.0


def test_the_one_that_has_lost_least_goes_and_a_spare_member_before_it() -> None:
    on = SmallCluster(two_queues())
    on.runs("long", "b", 4, since=on.now - 500.0)
    on.runs("short", "b", 4, since=on.now - 50.0)
    on.wants("p", "a", 4)
    assert on.evicted(on.decide()) == {"short"}
    on = SmallCluster(two_queues())
    on.runs("core", "b", 4, unit="gang")
    on.runs("spare", "b", 2, unit="gang", spare=True)
    on.runs("other", "b", 2, since=on.now - 1.0)
    on.wants("p", "a", 2)
    assert on.evicted(on.decide()) == {"spare"}


def test_grace_is_that_of_the_pod_and_at_most_that_of_its_queue() -> None:
    on = SmallCluster(two_queues(BOTH, Preemption(max_grace=10.0)))
    on.runs("v", "b", 8, grace=300.0)
    on.wants("p", "a", 4)
    outcome = on.decide()
    assert [each.grace for each in outcome.evictions] == [10.0]
    assert outcome.holds[0].until >= on.now + 10.0


@pytest.mark.parametrize(
    ("field", "value", "says"), [("minimum_run_time", -1.0, "minimumRunTime"), ("max_grace", math.nan, "maxGrace")]
)
def test_bad_figures_are_refused_with_what_would_be_right(field: str, value: float, says: str) -> None:
    with pytest.raises(ValueError, match=rf"preemption: {says} is .*: it must be seconds, 0 or above"):
        Preemption(**{field: value})  # type: ignore[arg-type]


def test_never_several_where_one_of_no_greater_loss_would_do() -> None:
    for since, goes in ((10.0, {"large"}), (500.0, {"s0", "s1", "s2", "s3"})):
        on = SmallCluster(two_queues(nominal=(8, 8)), (8, 8))
        for number in range(4):
            on.runs(f"s{number}", "b", 2, "n0", since=on.now - 100.0)
        on.runs("large", "b", 8, "n1", priority=5, since=on.now - since)
        on.wants("p", "a", 8)
        assert on.evicted(on.decide()) == goes


def test_what_was_evicted_evicts_by_priority_only_within_nominal_until_something_else_changes() -> None:
    for evicted, gpus, goes in ((True, 6, set()), (True, 4, {"v", "w"}), (False, 6, {"v", "w"}), (False, 4, {"v"})):
        on = SmallCluster(two_queues(nominal=(4, 4)))
        on.runs("v", "a", 4)
        on.runs("w", "a", 4)
        on.decide()  # what is there is known
        on.wants("p", "a", gpus, priority=5, evicted_at=on.now if evicted else None)
        assert on.evicted(on.decide()) == goes


def test_of_very_many_victims_none_goes_that_is_not_needed() -> None:
    nodes, draw = 100, random.Random(3)
    world = SmallCluster(two_queues(nominal=(8 * nodes, 0)), sizes=(8,) * nodes)
    places = [f"n{number}" for number in range(nodes) for _ in range(8)]
    for number, node in enumerate(places):  # what loses least goes first, so that victims are not taken node by node
        world.runs(f"r{number}", "b", 1, node, since=world.now - draw.uniform(10.0, 1_000.0))
    world.wants("large", "a", 8, members=nodes // 2)
    assert len(world.decide().evictions) == 4 * nodes
