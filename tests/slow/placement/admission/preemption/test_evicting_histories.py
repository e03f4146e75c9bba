"""Whatever a decider was told, and in which order: it evicts as one that is told the end at once."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.slow.placement.test_decider_histories import by_request, quick
from tests.unit.placement.histories import HISTORIES, TREES, History, Told
from tests.unit.placement.test_greedy import snapshot

EVICTING = [number for number, tree in enumerate(TREES) if tree.preempts]


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(("best fit", "turns", "program")), st.sampled_from(EVICTING), HISTORIES)
def test_incremental_equals_fresh_where_queues_evict(policy: str, tree: int, told: list[Told]) -> None:
    history = History((policy,), quick)
    history.tell("queues", tree)
    for what, given_ in told:
        if what not in ("decide", "queues"):
            history.tell(what, given_)
        if what != "decide":
            continue
        fresh = history.fresh()
        before = snapshot(history.cluster)
        expected = fresh.decide(history.now)
        assert snapshot(history.cluster) == before
        (found,) = history.decide(given_)
        assert by_request(found.placements) == by_request(expected.placements)
        assert (found.holds, found.evictions, found.in_vain) == (expected.holds, expected.evictions, expected.in_vain)
