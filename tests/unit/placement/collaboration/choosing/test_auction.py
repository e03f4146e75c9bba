"""The auction: the highest bid wins and is charged the second, and no candidate gains by another bid than its true worth."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.collaboration.choosing import LONGEST_WHY, ChoosingError, Contender, Learned, Offer, Tariff, by_auction
from tests.draws import cases


def offer(name: str, mean: float, cost: float = 0.0, waits: float = 0.0, failed: str = "") -> Offer:
    """So well known that the common mean hardly moves it."""
    return Offer(Contender(name, Learned(10**9, mean), failed=failed), cost, waits)


def test_value_less_cost_less_waiting() -> None:
    tariff = Tariff(worth=100.0, second=0.5)
    chosen = by_auction([offer("small", 0.8, 10.0), offer("large", 0.95, 5.0, 20.0), offer("huge", 0.99, 50.0)], tariff)
    assert chosen.winner == "large"
    assert chosen.score == pytest.approx(80.0)
    assert chosen.charged == pytest.approx(70.0)
    assert {each.name: each.score for each in chosen.losers} == pytest.approx({"small": 70.0, "huge": 49.0})
    assert (
        chosen.why
        == "large: bids 80 (mean 0.95 over 1000000000 runs, cost 5, a wait of 20 s); it is charged the second bid, 70"
    )


def test_less_may_be_better() -> None:
    chosen = by_auction([offer("small", 0.8), offer("large", 0.3)], Tariff(maximise=False))
    assert chosen.winner == "large"
    assert chosen.charged == pytest.approx(-0.8)


def test_of_equals_the_first_wins_and_pays_what_it_bid() -> None:
    chosen = by_auction([offer("b", 0.5), offer("a", 0.5)], Tariff())
    assert (chosen.winner, chosen.charged) == ("b", chosen.score)


def test_one_that_nothing_is_known_of_counts_as_the_others_do_on_average() -> None:
    chosen = by_auction([offer("a", 0.5), offer("b", 0.7), Offer(Contender("new"))], Tariff())
    assert {each.name: each.score for each in chosen.losers}["new"] == pytest.approx(0.6)
    assert by_auction([Offer(Contender("a"), cost=2.0), Offer(Contender("b"), cost=1.0)], Tariff()).winner == "b"


def test_who_cannot_run_or_failed_makes_no_bid() -> None:
    offers = [offer("a", 0.9, waits=math.inf), offer("b", 0.8, failed="out of memory"), offer("c", 0.1)]
    chosen = by_auction(offers, Tariff(second=0.0))
    assert (chosen.winner, chosen.charged) == ("c", None)
    assert [each.excluded for each in chosen.losers] == ["no node can run it", "it failed: out of memory"]
    assert by_auction(offers, Tariff(), retry_failed=True).winner == "b"
    none = by_auction(offers[:2], Tariff())
    assert none.winner is None
    assert none.why == "no candidate is left: b (it failed: out of memory) and a (no node can run it)"


@given(
    st.lists(st.integers(-20, 20), min_size=2, max_size=5),
    st.lists(st.integers(0, 20), min_size=5, max_size=5),
    st.integers(-20, 20),
    st.data(),
)
@cases(60, search=150)
def test_no_candidate_gains_by_another_bid_than_its_true_worth(
    values: list[int], costs: list[int], other: int, data: st.DataObject
) -> None:
    """What a candidate gains is its true worth less what it is charged, if it wins; else nothing."""
    liar = data.draw(st.integers(0, len(values) - 1))

    def gain(claimed: int) -> float:
        said = [claimed if number == liar else value for number, value in enumerate(values)]
        found = by_auction([offer(str(each), said[each], costs[each]) for each in range(len(said))], Tariff())
        if found.winner != str(liar):
            return 0.0
        assert found.charged is not None
        return values[liar] - costs[liar] - found.charged

    assert gain(other) <= gain(values[liar]) + 1e-6


def test_reasons_fit_into_a_record() -> None:
    chosen = by_auction([offer("n" * 300, 1e90, 1e-300, 1.23456789), offer("b", -1e90)], Tariff())
    assert len(chosen.why.encode()) <= LONGEST_WHY


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: offer("a", 0.5, cost=-1.0), "candidate a: cost is -1.0"),
        (lambda: offer("a", 0.5, waits=math.nan), "candidate a: waits is nan"),
        (lambda: Tariff(worth=0.0), "worth is 0.0"),
        (lambda: Tariff(second=-1.0), "second is -1.0"),
        (lambda: by_auction([], Tariff()), "candidates is empty"),
    ],
)
def test_figures_that_are_none_are_refused(make: object, message: str) -> None:
    with pytest.raises(ChoosingError) as caught:
        make()  # type: ignore[operator]
    assert message in str(caught.value)
