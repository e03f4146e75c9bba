"""What is evicted for a request is kept for it: beside placements, foreign pods, lost nodes and restarts."""

from __future__ import annotations

import pytest

from bayplan.admission.preemption.acting import BINDING
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.reasons import Reason
from bayplan.model.workload import NodeInfo
from tests.unit.placement.admission.preemption.small_cluster import SmallCluster, two_queues

PLANNERS = ("BestFit", "Spread", "Random", "Auction", "IntegerProgram", "Genetic", "AntColony")


def evicting(policy: str = "BestFit") -> SmallCluster:
    """A request of 4 GPUs, for which one of two pods has to leave."""
    on = SmallCluster(two_queues(nominal=(8, 0)), policy=policy)
    on.runs("v", "b", 4, since=on.now - 10.0)
    on.runs("w", "b", 4, since=on.now - 20.0)
    on.wants("p", "a", 4)
    outcome = on.decide()
    assert on.evicted(outcome) == {"v"}
    assert [each.request_ids for each in outcome.holds] == [("p",)]
    assert outcome.holds[0].until == on.now + 30.0 + BINDING
    return on


@pytest.mark.parametrize("policy", PLANNERS)
def test_none_of_bayplans_placements_takes_the_room_of_higher_rank_either(policy: str) -> None:
    on = evicting(policy)
    on.wants("rank", "a", 3, priority=100)
    assert not on.decide().placements
    on.cluster.vacate("v")
    outcome = on.decide()
    assert "p" in on.placed(outcome)
    assert "rank" not in on.placed(outcome)


def test_the_request_waits_for_what_leaves_and_says_so() -> None:
    on = evicting()
    said = on.decider.decide(on.now + 0.5)
    assert not said.evictions, "one plan, once"
    on.wants("p", "a", 4)  # asked again, it waits for the same
    (told,) = on.decide().waiting
    assert told.reason is Reason.PREEMPTING
    assert "1 pod" in told.message


def test_a_foreign_pod_that_takes_the_room_is_named_and_another_plan_is_made_twice_at_most() -> None:
    on = evicting()
    taken, plans = [], 0
    for number in range(300):
        outcome = on.decide()
        taken += outcome.in_vain
        if on.decider.preemption.holds:  # what is evicted goes, and a pod of others is quicker
            plans += bool(outcome.evictions)
            (hold,) = on.decider.preemption.holds
            on.cluster.vacate(hold.victims[0])
            on.cluster.occupy(("intruder", number), "n0", {"gpu": 4})
        elif on.cluster.occupants("n0").keys().isdisjoint("vw"):
            on.cluster.vacate(taken[-1].taker)
            on.runs("w", "b", 4)
    assert plans == 2
    assert len(taken) == 3
    assert all("took the room" in each.message and each.taker[0] == "intruder" for each in taken)


def test_the_next_plan_comes_after_a_back_off() -> None:
    on = evicting()
    on.cluster.vacate("v")
    on.cluster.occupy("intruder", "n0", {"gpu": 4})
    (state,) = (on.decide(), on.decider.preemption)[1].in_vain
    assert (state.owner, state.times, state.again_at) == ("p", 1, on.now + 30.0)
    assert not on.decide(29.0).evictions
    assert on.decider.again_at == state.again_at
    assert on.evicted(on.decide(1.0)) == {"w"}


def test_a_victim_that_does_not_leave_and_a_node_that_goes_end_a_hold() -> None:
    on = evicting()
    (told,) = on.decide(30.0 + BINDING).in_vain
    assert (told.taker, told.message) == (None, "evicted in vain: 1 of 1 pods had not ended in time")
    on = evicting()
    on.cluster.set_node(NodeInfo("n0", {"gpu": 8}, unschedulable=True))
    (told,) = on.decide().in_vain
    assert "node n0 takes nothing any more" in told.message


def test_a_hold_that_is_given_up_binds_nothing() -> None:
    on = evicting()
    on.wants("other", "b", 4)
    on.decider.update(Changes(dropped=("p",)))
    on.cluster.vacate("v")
    assert on.placed(on.decide()) == {"other"}
    on = evicting()
    on.decider.update(Changes(released=("p",)))
    assert on.decider.preemption.holds == ()
    assert on.evicted(on.decide()) == {"v"}, "what was not evicted may be chosen again"


def test_a_decider_that_comes_after_goes_on_with_what_is_recorded() -> None:
    on = evicting()
    after = Decider(on.cluster)
    after.update(Changes(queues=on.tree))
    after.update(Changes(tuple(on.wishes.values()), preemption=on.decider.preemption))
    on.decider = after
    assert not on.decide().evictions
    on.wants("rank", "b", 4, priority=100)
    on.cluster.vacate("v")
    assert on.placed(on.decide()) == {"p"}


def test_room_is_kept_in_the_quota_too() -> None:
    on = SmallCluster(two_queues(), (8, 8))
    on.runs("v", "b", 8)
    on.wants("p", "a", 4)
    assert on.evicted(on.decide()) == {"v"}, "there is room on the other node, and none in the quota"
    on.wants("q", "b", 1, priority=9)
    assert not on.decide().placements
    on.cluster.vacate("v")
    assert on.placed(on.decide()) == {"p", "q"}


def test_what_was_evicted_does_not_evict_by_shares_before_anything_else_has_changed() -> None:
    from bayplan.admission.preemption.rules import Preemption, Reclaim
    from bayplan.admission.queue import Queue, QuotaRow
    from bayplan.admission.tree import tree_of
    from tests.unit.placement.admission.preemption.small_cluster import GPU

    rules = Preemption(reclaim=Reclaim.ANY)
    rows = [Queue(name, "all", (QuotaRow(GPU, 0),), preemption=rules) for name in "ab"]
    on = SmallCluster(tree_of([Queue("all", quotas=(QuotaRow(GPU, 8),), half_life=60.0), *rows]))
    on.runs("v", "b", 7)
    on.runs("w", "b", 1)
    for evicted_at, goes in ((on.now, False), (None, True)):
        on.wants("p", "a", 1, evicted_at=evicted_at)
        if evicted_at is not None:
            on.decider.decide(on.now - 1.0)  # the arrivals are known
        assert bool(on.evicted(on.decide())) is goes
