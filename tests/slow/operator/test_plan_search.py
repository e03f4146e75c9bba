"""Plans are improved beside the ticks: within a budget of processor time, and only if they are better by more than noise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import REGISTRY

from bayplan.foresight.graph_plans import Plan
from bayplan.knowledge.run_times import RunTimes
from bayplan_operator.conductor.outlook.graph_plans import GraphPlans, following, improving
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.settings import Settings
from tests.unit.operator.planned import CREATED, cluster, graph, node, running, task
from tests.unit.operator.test_graph_plans import Taught
from tests.unit.operator.timing import Hands, Later, tick

NOW = CREATED + 20.0
# The longest first, each where it ends first: 30 + 20 + 20 beside 30 + 20. Better is 30 + 30 beside 20 + 20 + 20.
SECONDS = {"a": 30, "b": 30, "c": 20, "d": 20, "e": 20}


def five(name: str = "g") -> GraphRun:
    return graph(name, *(task(each, seconds=seconds) for each, seconds in SECONDS.items()))


def learned(made: GraphRun, spread: float) -> RunTimes:
    """Many runs of each task around what its author says."""
    found = RunTimes()
    for run, seconds in zip(running(made).prepared.runs, SECONDS.values(), strict=False):
        for number in range(40):
            found.observe(replace(run, node_class="pooled"), seconds * (1.0 + spread * (number % 2 * 2 - 1)), NOW)
    return found


class Fixture:
    """Plans of some graphs on two nodes, each of which runs one task at a time."""

    def __init__(self, *graphs: GraphRun, spread: float = 1e-4, budget: float = 2.0) -> None:
        self.hands, self.beside = Hands(NOW), Later(seconds=0.05)
        self.hands.each_look = 0.02
        self.nodes = cluster(2, cpu=1000, node_class="pooled")
        settings = Settings("test", plan_search=budget)
        taught = Taught(learned(graphs[0], spread))
        self.plans = GraphPlans(self.nodes, settings, self.hands.clock, self.beside, taught)
        self.graphs = graphs

    def step(self) -> None:
        self.hands.moment += 100.0
        self.plans.step(tick(self.hands.now, self.graphs))

    def piece(self) -> None:
        """A tick, and the next piece of work."""
        self.step()
        self.beside.finish()

    def plan(self, uid: str = "g") -> Plan:
        return self.plans.made[uid]

    def seconds(self, uid: str = "g") -> float:
        return self.plan(uid).completion - self.hands.now


def spent() -> float:
    return REGISTRY.get_sample_value("bayplan_plan_search_seconds_total") or 0.0


def improved() -> float:
    return REGISTRY.get_sample_value("bayplan_plans_total", {"cause": "improved"}) or 0.0


def test_a_better_plan_is_found_and_taken_up() -> None:
    fixture, before = Fixture(five()), improved()
    fixture.piece()
    assert fixture.seconds() == pytest.approx(70.0, rel=0.01)
    revision = fixture.plans.revision
    fixture.piece()
    assert fixture.seconds() == pytest.approx(60.0, rel=0.01)
    assert improved() == before + 1
    assert fixture.plans.revision > revision, "else it would be placed by the old one"


def test_what_is_no_better_than_noise_is_not_taken_up() -> None:
    fixture = Fixture(five(), spread=0.95)
    before = improved()
    for _ in range(10):
        fixture.piece()
    assert improved() == before


def test_the_budget_is_kept_and_then_nothing_is_begun() -> None:
    three = graph("g", *(task(each, seconds=30) for each in "abc"))  # no plan reaches the bound of 45 s
    fixture, before = Fixture(three, budget=1.0), spent()
    fixture.piece()
    pieces = 0
    while True:
        fixture.step()
        if not fixture.beside.busy:
            break
        fixture.beside.finish()
        pieces += 1
        assert pieces < 100, "it goes on for ever"
    assert 1.0 <= spent() - before < 1.2
    assert pieces >= 3
    at = fixture.plans.next_time(fixture.hands.now)
    assert at is not None
    assert at >= fixture.hands.now + 1.0, "nothing calls for a tick soon"


def test_no_budget_no_search() -> None:
    fixture, before = Fixture(five(), budget=0.0), spent()
    fixture.piece()
    fixture.step()
    assert not fixture.beside.busy
    assert spent() == before


def test_after_each_piece_there_is_a_rest_and_a_plan_that_is_called_for_goes_first() -> None:
    first, second = five(), five("h")
    fixture = Fixture(first, second, spread=0.95)
    fixture.graphs = (first,)
    fixture.piece()
    fixture.piece()
    fixture.hands.moment += 0.9  # of 19 times 0.05 s
    fixture.plans.step(tick(fixture.hands.now, fixture.graphs))
    assert not fixture.beside.busy
    fixture.graphs = (first, second)
    fixture.plans.step(tick(fixture.hands.now, fixture.graphs))
    assert fixture.beside.busy, "a first plan waits for no rest"
    fixture.beside.finish()
    assert "h" in fixture.plans.made


def test_graphs_take_turns() -> None:
    fixture, before = Fixture(five(), five("h")), improved()
    for _ in range(4):
        fixture.piece()
    assert improved() == before + 2
    assert fixture.seconds("g") == pytest.approx(60.0, rel=0.01)
    assert fixture.seconds("h") == pytest.approx(60.0, rel=0.02)


def test_a_plan_that_was_made_again_meanwhile_is_not_overwritten() -> None:
    fixture = Fixture(five())
    fixture.piece()
    fixture.step()
    assert fixture.beside.busy, "a better plan is searched for"
    fixture.hands.now += 1.0
    fixture.nodes.set_node(node("n9", cpu=1000, node_class="pooled"))
    fixture.plans.step(tick(fixture.hands.now, fixture.graphs))
    before = improved()
    fixture.beside.finish()  # the search, which knew of two nodes
    assert improved() == before
    fixture.piece()
    assert fixture.seconds() < 59.0


def test_a_search_that_fails_costs_nothing_but_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no figures")

    fixture = Fixture(five())
    fixture.piece()
    monkeypatch.setattr(improving, "Improvement", broken)
    failures = REGISTRY.get_sample_value("bayplan_plan_failures_total") or 0.0
    fixture.piece()
    assert (REGISTRY.get_sample_value("bayplan_plan_failures_total") or 0.0) == failures + 1
    assert fixture.seconds() == pytest.approx(70.0, rel=0.01)
    fixture.step()
    assert not fixture.beside.busy, "until there is another plan"


def test_a_graph_that_cannot_be_copied_for_a_search_costs_nothing_but_that(monkeypatch: pytest.MonkeyPatch) -> None:
    made, calls = following.glimpse, iter(range(2))

    def copied(*given: Any) -> Any:
        if next(calls, None) == 1:
            raise ValueError("no copy")
        return made(*given)

    fixture = Fixture(five())
    monkeypatch.setattr(following, "glimpse", copied)
    fixture.piece()  # its plan is made, and the search for a better one is begun at once
    assert not fixture.beside.busy
    assert fixture.seconds() == pytest.approx(70.0, rel=0.01)
    fixture.step()
    assert not fixture.beside.busy, "until there is another plan"
