"""What is known of a candidate, what it offers, and who may still be chosen."""

from __future__ import annotations

import math

import pytest

from bayplan.collaboration.choosing import (
    UNKNOWN,
    ChoiceTerms,
    ChoosingRule,
    Contender,
    Eligibility,
    Experience,
    FailedCandidate,
    Learned,
    Occasion,
    Offer,
    Tariff,
    choose,
    left_to_run,
    offers_of,
)
from bayplan.knowledge.run_times import EndedRun
from bayplan.knowledge.run_times.evaluation import Figures


def figures(*accuracies: float | None, price: float = 36.0) -> Figures:
    """Runs of 100 s on one class of nodes; none: it failed."""
    made = Figures()
    for each in accuracies:
        said = {} if each is None else {"accuracy": each}
        made.add(EndedRun("t", "c", 0.0, 0.0, 100.0, succeeded=each is not None, cost=price, reported=said))
    return made


def test_classes_of_nodes_count_together_and_silent_runs_are_tries() -> None:
    known = Experience((figures(0.8, 0.9, None), figures(0.4)), 4)
    assert known.reported("accuracy").count == 3
    assert known.reported("accuracy").mean == pytest.approx(0.7)
    assert known.reported("loss") == Learned()
    assert known.cost == pytest.approx(1.0)
    made = known.contender("small", "accuracy", 2, "it broke")
    assert (made.name, made.under_way, made.failed) == ("small", 3, "it broke")
    assert Experience().cost is None


def test_a_record_that_was_edited_beyond_all_bounds_counts_as_not_said() -> None:
    known = figures(0.5)
    known.reported["accuracy"].mean = math.inf
    assert Experience((known,), 1).reported("accuracy") == Learned()


def test_an_offer_is_of_all_shards_and_without_a_run_costs_as_much_as_the_others() -> None:
    contenders = [Contender(name) for name in "abc"]
    found = offers_of(contenders, [1.0, None, 3.0], [0.0, 5.0, math.inf], shards=4)
    assert found == [Offer(contenders[0], 4.0), Offer(contenders[1], 8.0, 5.0), Offer(contenders[2], 12.0, math.inf)]
    assert [each.cost for each in offers_of(contenders, [None] * 3, [0.0] * 3, 2)] == [0.0] * 3


@pytest.mark.parametrize(
    ("expected", "started", "left"),
    [(30.0, 90.0, 20.0), (30.0, 10.0, 0.0), (30.0, math.nan, 30.0), (None, 90.0, UNKNOWN - 10), (math.nan, math.nan, UNKNOWN)],
)
def test_what_a_pod_has_still_to_run(expected: float | None, started: float, left: float) -> None:
    assert left_to_run(expected, started, 100.0) == left


def terms(by: str, retry_failed: bool = False) -> ChoiceTerms:
    return ChoiceTerms(("a", "b"), by, ChoosingRule((), "a"), "accuracy", Tariff(), retry_failed, True)  # type: ignore[arg-type]


def test_only_an_auction_asks_for_offers() -> None:
    contenders = [Contender("a", failed="it broke"), Contender("b")]
    asked = []

    def offers() -> list[Offer]:
        asked.append(1)
        return [Offer(each) for each in contenders]

    for by in ("Rule", "Performance", "Auction"):
        assert choose(terms(by), contenders, Occasion("u", "t"), lambda task, key: [], offers).winner == "b"
    assert asked == [1]


@pytest.mark.parametrize("again", [False, True])
def test_a_candidate_that_failed_stays_out_unless_a_later_round_forgives(again: bool) -> None:
    eligible = Eligibility(terms("Rule", again))
    assert eligible.alternatives("a").left
    eligible.give_up("a", FailedCandidate(1, "Error"))
    assert eligible.reasons == {"a": "Error"}
    assert not eligible.alternatives("b").left
    assert eligible.alternatives("b").failed == ("a (Error)",)
    eligible.begin_round(1)
    assert "a" in eligible.failed, "not in the round itself"
    eligible.begin_round(2)
    assert ("a" in eligible.failed) == (not again)
