"""Whatever a decider was told, and in which order: it decides as one that is told the end at once."""

from __future__ import annotations

from hypothesis import given, settings

from bayplan.cluster.cluster import Cluster
from bayplan.core.decider import Decider
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from tests.unit.placement.histories import HISTORIES, TOGETHER, History, Told
from tests.unit.placement.test_greedy import snapshot

SOME = settings(max_examples=60, deadline=None)
FULL = {Reason.NO_CAPACITY, Reason.QUOTA_EXCEEDED}


def quick(on: Cluster) -> Decider:
    return Decider(on, seed=3)


def thorough(on: Cluster) -> Decider:
    return Decider(on, seed=3, shortcuts=False)


def by_request(decisions: tuple[Decision, ...]) -> dict[object, Decision]:
    found = {each.request_id: each for each in decisions}
    assert len(found) == len(decisions), "no request is decided twice"
    return found


@SOME
@given(TOGETHER, HISTORIES)
def test_incremental_equals_fresh(policies: tuple[str, ...], told: list[Told]) -> None:
    history = History(policies, quick)
    for what, given_ in told:
        if what != "decide":
            history.tell(what, given_)
            continue
        fresh = history.fresh()
        assert history.deciders[0].explain(history.now) == fresh.explain(history.now)
        expected = fresh.decide(history.now)
        (found,) = history.decide(given_)
        assert by_request(found.placements) == by_request(expected.placements)
        assert (found.holds, found.evictions, found.in_vain) == (expected.holds, expected.evictions, expected.in_vain)


@SOME
@given(TOGETHER, HISTORIES)
def test_questions_that_are_left_out_change_no_placement(policies: tuple[str, ...], told: list[Told]) -> None:
    history = History(policies, quick, thorough)
    for what, given_ in told:
        if what != "decide":
            history.tell(what, given_)
            continue
        left_out, asked = history.decide(given_)
        assert by_request(left_out.placements) == by_request(asked.placements)
        assert (left_out.holds, left_out.evictions) == (asked.holds, asked.evictions)


@SOME
@given(TOGETHER, HISTORIES)
def test_what_was_said_last_holds_for_all_that_wait(policies: tuple[str, ...], told: list[Told]) -> None:
    """Of every new request something is said, and the reason is the one that would be given now."""
    history = History(policies, quick)
    for what, given_ in told:
        if what != "decide":
            history.tell(what, given_)
            continue
        (decider,) = history.deciders
        (found,) = history.decide(given_)
        by_request((*found.placements, *found.waiting))
        if given_ != "act":
            continue
        assert history.said.keys() == decider.wishes.keys()
        for now in decider.explain(history.now):
            request, said = decider.wishes[now.request_id].request, history.said[now.request_id]
            # How far a gang comes may depend on the others. A graph as a whole is told what it lacked when it was asked about.
            # What was placed after it in the same decision may have taken the nodes too.
            other = request.gang is not None or request.graph is not None or {said.reason, now.reason} == FULL
            assert said.reason is now.reason or other
            why = decider.why(request)
            assert why is not None
            assert (why.reason is said.reason) or why.message == said.message


@SOME
@given(TOGETHER, HISTORIES)
def test_the_cluster_is_left_as_it_was(policies: tuple[str, ...], told: list[Told]) -> None:
    history = History(policies, quick)
    for what, given_ in told:
        if what != "decide":
            history.tell(what, given_)
            continue
        before = snapshot(history.cluster)
        history.deciders[0].explain(history.now)
        assert snapshot(history.cluster) == before
        history.deciders[0].decide(history.now)
        assert snapshot(history.cluster) == before
