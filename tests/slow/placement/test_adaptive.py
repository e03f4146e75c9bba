"""The bandit finds the better strategy, follows change, and says what it knows."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.knowledge.run_times.evidence import Evidence
from bayplan.strategy.adaptive import Adaptive, Bandit
from bayplan.strategy.adaptive.posteriors import expectations, of_graph
from bayplan.strategy.presets import compile_preset

NAMES = ("BestFit", "Spread", "RoundRobin", "Random")
VALUES = st.floats(-2.0, 4.0)


def adaptive(count: int = 2, **fields: Any) -> Adaptive:
    return Adaptive({name: compile_preset(name) for name in NAMES[:count]}, **fields)


def play(means: list[list[float]], rounds: int, seed: int, spread: float = 0.3, delay: int = 0, **fields: Any) -> np.ndarray:
    """Which candidate each of so many graphs got. `means`: per phase of equal length, the mean of each candidate."""
    generator = np.random.default_rng(seed)
    bandit = Bandit(adaptive(len(means[0]), **fields))
    open_graphs: list[tuple[str, float]] = []
    chosen = []
    for turn in range(rounds):
        now = means[turn * len(means) // rounds]
        under_way = {name: sum(each == name for each, _ in open_graphs) for name in NAMES}
        name = bandit.choose(under_way, np.random.default_rng([seed, turn])).candidate
        chosen.append(NAMES.index(name))
        open_graphs.append((name, now[chosen[-1]] + spread * generator.standard_normal()))
        if len(open_graphs) > delay:
            bandit.observe(*open_graphs.pop(0))
    return np.array(chosen)


def regret(chosen: np.ndarray, means: list[float]) -> float:
    return float(sum(means[each] - min(means) for each in chosen))


def test_regret_is_a_small_part_of_chances_and_grows_ever_more_slowly() -> None:
    means = [0.6, 0.2, 0.5]
    runs = [play([means], 400, seed, discount=1.0) for seed in range(16)]
    by_chance = 400 * (0.4 + 0.3) / 3
    total = np.mean([regret(each, means) for each in runs])
    late = np.mean([regret(each[200:], means) for each in runs])
    early = np.mean([regret(each[:200], means) for each in runs])
    assert total < 0.1 * by_chance
    assert late < 0.25 * early


def test_outcomes_that_come_late_cost_little() -> None:
    means = [0.6, 0.2]
    runs = [play([means], 300, seed, delay=20, discount=1.0) for seed in range(10)]
    # The 20 that are under way before the first has ended are spread evenly.
    assert all(abs(int((each[:6] == 0).sum()) - 3) == 0 for each in runs)
    assert np.mean([regret(each, means) for each in runs]) < 0.25 * 300 * 0.2


def late_share(discount: float) -> float:
    runs = [play([[0.2, 0.6], [0.6, 0.2]], 400, seed, discount=discount) for seed in range(8)]
    return float(np.mean([(each[250:] == 1).mean() for each in runs]))


def test_forgetting_follows_a_change_which_remembering_everything_misses() -> None:
    forgetting = late_share(0.95)
    assert forgetting > 0.8
    assert forgetting > late_share(1.0) + 0.2


def test_candidates_that_are_alike_are_both_taken() -> None:
    shares = [float((play([[0.4, 0.4]], 200, seed) == 0).mean()) for seed in range(20)]
    assert 0.3 < np.mean(shares) < 0.7


@given(st.integers(0, 1000))
def test_each_candidate_is_tried_first(seed: int) -> None:
    chosen = play([[0.0, 3.0, 1.0]], 12, seed, minimum=4)
    assert np.bincount(chosen, minlength=3).tolist() == [4, 4, 4]


@given(st.lists(st.tuples(st.sampled_from(NAMES[:3]), VALUES), max_size=40), st.floats(0.5, 1.0))
def test_the_state_survives_json_exactly(graphs: list[tuple[str, float]], discount: float) -> None:
    kind = adaptive(3, discount=discount)
    bandit = Bandit(kind)
    for name, value in graphs:
        bandit.observe(name, value)
    again = Bandit.from_plain(kind, json.loads(json.dumps(bandit.as_plain())))
    assert again.as_plain() == bandit.as_plain()
    assert again.expectations() == bandit.expectations()
    for turn in range(3):
        assert again.choose({}, np.random.default_rng(turn)) == bandit.choose({}, np.random.default_rng(turn))


@given(st.lists(st.lists(VALUES, max_size=12), min_size=2, max_size=4))
def test_what_is_believed_lies_between_the_graphs_and_the_other_candidates(values: list[list[float]]) -> None:
    evidence = [Evidence(len(each), math.fsum(each), math.fsum(x * x for x in each)) for each in values]
    means = [float(np.mean(each)) for each in values if each]
    common = float(np.mean(means)) if means else 0.0
    for own, found in zip(values, expectations(evidence), strict=True):
        mean = float(np.mean(own)) if own else common
        assert min(mean, common) - 1e-9 <= found.location <= max(mean, common) + 1e-9
        low, high = found.interval()
        assert low < found.location < high


def test_the_interval_holds_the_mean_as_often_as_it_says() -> None:
    generator = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        mine, other = generator.normal(0.4, 0.3, 12), generator.normal(0.5, 0.3, 12)
        evidence = [Evidence(12, float(each.sum()), float((each**2).sum())) for each in (mine, other)]
        low, high = expectations(evidence)[0].interval()
        held += low <= 0.4 <= high
    assert 0.74 < held / 400 < 0.9


def test_more_graphs_make_it_surer() -> None:
    widths = []
    for count in (1, 4, 16, 64):
        seen = Evidence()
        for number in range(count):
            seen = seen.plus(of_graph(0.3 + 0.2 * (-1) ** number))
        low, high = expectations([seen, Evidence()])[0].interval()
        widths.append(high - low)
    assert all(later < earlier for earlier, later in pairwise(widths))


def test_it_says_what_it_knows_and_why_it_chose() -> None:
    bandit = Bandit(adaptive(discount=1.0))
    first = bandit.choose({}, np.random.default_rng(0))
    assert first.candidate == "BestFit"
    assert first.why == "BestFit: each candidate is tried 3 times first, this one 0 times so far"
    switches = [bandit.observe("BestFit", math.log(each)) for each in (1.2, 1.3, 1.4)]
    switches += [bandit.observe("Spread", math.log(each)) for each in (1.9, 2.1, 2.0)]
    assert switches == [False] * 5 + [True], "one is preferred as soon as all have been tried"
    assert bandit.preferred == "BestFit"
    words = bandit.words("BestFit")
    interval = "80 % interval 1.22-1.54"
    assert words == f"BestFit: expected slowdown 1.37, {interval}, after 3 graphs; Spread 1.89 after 3 graphs"
    choices = [bandit.choose({}, np.random.default_rng(seed)) for seed in range(300)]
    assert {each.why.startswith("to find out more, Spread: ") for each in choices if each.candidate == "Spread"} == {True}
    assert {each.why for each in choices if each.candidate == "BestFit"} == {words}
    assert sum(each.candidate == "BestFit" for each in choices) > 200


def test_another_is_preferred_only_when_that_is_rather_sure() -> None:
    bandit = Bandit(adaptive(discount=1.0))
    for _ in range(6):
        for name, value in (("BestFit", 0.30), ("Spread", 0.301)):
            bandit.observe(name, value)
    assert bandit.preferred == "BestFit"
    assert not any(bandit.observe("Spread", 0.29) for _ in range(3)), "hardly a difference"
    assert any(bandit.observe("BestFit", 1.5) for _ in range(10))
    assert bandit.preferred == "Spread"


def test_another_objective_starts_anew_and_a_candidate_that_is_gone_is_forgotten() -> None:
    bandit = Bandit(adaptive(3))
    for name in NAMES[:3]:
        bandit.observe(name, 0.5)
    plain = bandit.as_plain()
    assert Bandit.from_plain(adaptive(3, objective="Cost"), plain).graphs() == {"BestFit": 0, "Spread": 0, "RoundRobin": 0}
    assert Bandit.from_plain(adaptive(2), plain).graphs() == {"BestFit": 1, "Spread": 1}
    assert Bandit.from_plain(adaptive(4), plain).graphs()["Random"] == 0


WRONG_STATE: tuple[tuple[Any, str], ...] = (
    ({"candidates": 3}, "candidates is 3: it must be a list"),
    ({"candidates": [7]}, "candidates[0].name is None: it must be text"),
    ({"candidates": [{"name": "Spread", "graphs": -1}]}, "candidates[0].graphs is -1: it must be a whole number, 0 or above"),
    ({"candidates": [{"name": "Spread", "graphs": 1}]}, "candidates[0].evidence is None: it must be a map"),
    (
        {"candidates": [{"name": "Spread", "graphs": 1, "evidence": {"runs": -1}}]},
        "candidates[0].evidence.runs is -1.0: it must not be negative",
    ),
)


@pytest.mark.parametrize(("plain", "said"), WRONG_STATE)
def test_a_state_that_was_edited_is_refused_in_words(plain: Any, said: str) -> None:
    with pytest.raises(ValueError, match="candidates") as error:
        Bandit.from_plain(adaptive(), {"objective": "ResponseTime", **plain})
    assert str(error.value) == said


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"count": 1}, "candidates has 1 entries: name at least two to choose from"),
    ({"objective": "ResponsTime"}, 'objective is "ResponsTime", which is unknown: did you mean "ResponseTime"?'),
    ({"discount": 0.0}, "discount is 0.0: it must be above 0 and up to 1"),
    ({"discount": math.nan}, "discount is nan: it must be above 0 and up to 1"),
    ({"minimum": 0}, "minimum is 0: it must be 1 or above"),
)


@pytest.mark.parametrize(("fields", "said"), WRONG)
def test_wrong_figures_are_refused_in_words(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        adaptive(**fields)
    assert str(error.value) == said


def test_an_unknown_candidate_and_no_number_are_refused() -> None:
    bandit = Bandit(adaptive())
    with pytest.raises(ValueError, match="candidate is Sprad: it must be one of BestFit, Spread"):
        bandit.observe("Sprad", 1.0)
    with pytest.raises(ValueError, match="it must be a number"):
        bandit.observe("Spread", math.inf)
    assert bandit.graphs() == {"BestFit": 0, "Spread": 0}
