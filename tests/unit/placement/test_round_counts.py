"""How many rounds the next graph is expected to take, by those that earlier graphs took."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.knowledge.round_counts import KEPT, RoundCount, RoundCounts
from tests.draws import cases


def counts(*rounds: int) -> RoundCounts:
    """Below 0: that many, and the graph would have taken more."""
    found = RoundCounts()
    for each in rounds:
        found = found.plus(RoundCount(abs(each), censored=each < 0))
    return found


some = st.lists(st.integers(-40, 40).filter(bool), max_size=25).map(lambda rounds: counts(*rounds))


@given(some, st.integers(1, 30), st.integers(0, 30))
@cases(60, search=150)
def test_no_estimate_is_below_the_current_round_or_above_the_maximum(known: RoundCounts, begun: int, more: int) -> None:
    most = begun + more
    shares = known.probabilities(begun, most)
    assert shares.shape == (more + 1,)
    assert (shares >= 0).all()
    assert shares.sum() == pytest.approx(1.0)
    assert begun <= known.expected(begun, most) <= most
    drawn = known.drawn(begun, most, 64, 7)
    assert begun <= drawn.min() <= drawn.max() <= most


def test_without_counts_all_rounds_that_are_allowed_are_expected() -> None:
    assert counts().expected(1, 30) == 30
    assert not counts().informed
    assert set(counts().drawn(3, 30, 10, 1).tolist()) == {30}


def test_graphs_that_all_went_on_to_their_maximum_say_nothing_of_an_end_before() -> None:
    assert counts(-10, -10).expected(1, 30) == 30
    assert not counts(-10, -10).informed


def test_one_graph_is_enough_for_an_estimate() -> None:
    assert counts(5).expected(1, 30) == 5
    assert counts(5).informed


def test_a_graph_that_has_outlasted_all_others_is_expected_to_go_on() -> None:
    known = counts(4, 5, 6)
    assert known.expected(1, 30) == 5
    assert known.expected(6, 30) == 6
    assert 8 <= known.expected(7, 30) <= 12, "about as long again as the others took"


def test_what_has_run_already_counts() -> None:
    known = counts(*[3] * 8, *[20] * 2)
    assert known.expected(1, 30) == 3
    assert 15 <= known.expected(4, 30) <= 20, "a little less, for the hazard of any round"


def test_a_graph_that_ended_by_its_maximum_would_have_taken_more() -> None:
    ended, allowed = counts(4, 4, 10, 10, 10), counts(4, 4, -10, -10, -10)
    assert ended.expected(1, 50) == 10
    assert allowed.expected(1, 50) > 10
    assert allowed.expected(1, 10) == 10


def test_with_many_counts_the_shares_are_those_of_the_counts() -> None:
    known = counts(*[2] * 5, *[4] * 10, *[7] * 5)
    shares = known.probabilities(1, 10)
    assert shares[[1, 3, 6]] == pytest.approx([0.25, 0.5, 0.25], abs=0.06)
    drawn = known.drawn(1, 10, 1000, 3)
    assert np.bincount(drawn, minlength=11)[1:] / 1000 == pytest.approx(shares, abs=0.002)


def test_censored_counts_give_the_estimate_of_kaplan_and_meier_but_for_the_prior() -> None:
    known = counts(*[2] * 4, *[-3] * 8, *[5] * 8)
    by_hand = np.array([0.0, 4 / 20, 0.0, 0.0, 16 / 20])
    assert known.probabilities(1, 6)[:5] == pytest.approx(by_hand, abs=0.12)


def test_the_oldest_counts_go() -> None:
    known = counts(*range(1, KEPT + 6))
    assert [each.rounds for each in known.counts] == list(range(6, KEPT + 6))


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (counts(5), "5 in 1 graph"),
        (counts(3, 8, 5), "3 to 8 in 3 graphs"),
        (counts(3, -10), "3 to 10 or more in 2 graphs"),
        (counts(10, -3), "3 to 10 in 2 graphs"),
    ],
)
def test_words_say_from_how_many_graphs_it_comes(known: RoundCounts, words: str) -> None:
    assert known.words == words


def test_figures_that_are_none_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="rounds is 0: it must be 1 or above"):
        RoundCount(0)
    with pytest.raises(ValueError, match="begun is 4: it must be from 1 to 3"):
        counts(2).probabilities(4, 3)
