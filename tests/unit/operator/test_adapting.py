"""Adaptive policies in the operator: a choice for life, every outcome once, whatever happens to the operator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.core.by_policy import by_policy
from bayplan_operator.conductor.placing.wishes import Wishes
from bayplan_operator.conductor.record.admission import Admission
from bayplan_operator.translate import adaptive_record
from bayplan_operator.translate.policy import InvalidPolicy, compile_policy
from tests.draws import cases
from tests.unit.operator.adaptive_graphs import POLICY, SPEC, Operator, Stored
from tests.unit.operator.timing import tick

TWO = SPEC["adaptive"]["candidates"]


def counts(state: Any) -> dict[str, int]:
    return {each["name"]: each["graphs"] for each in state["candidates"]}


def test_a_graph_starts_once_its_candidate_stands_in_its_status_and_keeps_it() -> None:
    operator = Operator(Stored())
    graph = operator.see("g")
    assert graph.decided.strategy == "BestFit"
    assert not graph.startable, "an operator killed now would choose anew"
    assert graph.admission is Admission.UNRECORDED
    operator.write(graph)
    assert graph.startable
    (about, reason, words) = operator.told.events[0]
    assert (about, reason) == ("TaskGraph g", "StrategyChosen")
    assert words == "policy learning: BestFit: each candidate is tried 3 times first, this one 0 times so far"
    for _ in range(10):
        again = Operator(operator.server)
        again.see("other")
        assert again.see("g").decided.strategy == "BestFit"
        assert again.graphs["g"].startable


def test_graphs_under_way_count_as_tries() -> None:
    operator = Operator(Stored())
    chosen = [operator.see(f"g{number}").decided.strategy for number in range(6)]
    assert chosen == ["BestFit", "Spread"] * 3


def test_a_switch_is_told_with_its_reason_and_stands_in_the_condition() -> None:
    operator = Operator(Stored())
    for number in range(8):
        graph = operator.see(f"g{number}")
        operator.end(f"g{number}", 12.0 if graph.decided.strategy == "Spread" else 40.0)
    switches = [each for each in operator.told.events if each[1] == "StrategySwitched"]
    assert len(switches) == 1
    assert switches[0][0] == "PlacementPolicy learning"
    assert switches[0][2].startswith("now Spread: expected slowdown 1.40, 80 % interval 1.18-1.67, after 3 graphs; ")
    assert switches[0][2].endswith("; BestFit 3.42 after 3 graphs")
    state = operator.state()
    assert state["strategy"] == "Spread"
    assert state["message"].startswith("Spread: expected slowdown")
    conditions = {each["type"]: each for each in operator.server.statuses[POLICY]["conditions"]}
    assert conditions["Accepted"]["status"] == "True"
    assert (conditions["Adaptive"]["status"], conditions["Adaptive"]["reason"]) == ("True", "Preferred")
    assert conditions["Adaptive"]["message"] == f"now {state['message']}"


def test_an_operator_started_anew_knows_exactly_what_the_one_before_did() -> None:
    operator = Operator(Stored())
    for number in range(9):
        operator.see(f"g{number}")
        operator.end(f"g{number}", 11.0 + 3.7 * number)
    state = operator.state()
    again = Operator(operator.server)
    for number in range(9):
        again.see(f"g{number}")
    assert again.state() == state
    known, anew = operator.adapting._policies["learning"], again.adapting._policies["learning"]
    assert anew.bandit.as_plain() == known.bandit.as_plain()
    assert not any(reason == "StrategySwitched" for _, reason, _ in again.told.events), "it is no news"


STEPS = st.lists(st.sampled_from(["graph", "end", "end unheard", "state", "state unheard", "kill"]), max_size=40)


@cases(60, search=150)
@given(STEPS)
def test_every_outcome_is_counted_once_however_often_the_operator_is_killed(steps: list[str]) -> None:
    server = Stored()
    operator = Operator(server)
    made, over = 0, 0
    for step in [*steps, "kill", "state"]:
        server.answers = not step.endswith("unheard")
        if step == "graph":
            operator.write(operator.see(f"g{made}"))
            made += 1
        elif step.startswith("end") and over < made:
            # Whether or not it hears that the status was written: the API server has it.
            operator.end(f"g{over}", 12.0, durable=server.answers)
            if not server.answers:
                operator.write(operator.graphs[f"g{over}"])
            over += 1
        elif step.startswith("state"):
            operator.state()
        elif step == "kill":
            server.answers = True
            operator = Operator(server)
            for number in range(made):
                operator.see(f"g{number}")
    state = operator.state()
    assert (sum(counts(state).values()) if state else 0) == over
    assert not state or state["missing"] == []
    numbers = [status["outcome"]["number"] for key, status in server.statuses.items() if key != POLICY and "outcome" in status]
    assert len(set(numbers)) == len(numbers) == over


def test_the_status_is_written_seldom() -> None:
    operator = Operator(Stored())
    for number in range(30):
        operator.see(f"g{number}")
        operator.end(f"g{number}", 12.0)
        operator.now += 1.0
        operator.adapting.step(tick(operator.now, ()))
    # 30 outcomes, one a second; a graph is written once here, when it ends.
    assert operator.server.writes - 30 <= 4
    assert operator.adapting.next_time(operator.now) is not None
    operator.state()
    assert operator.adapting.next_time(operator.now) is None, "nothing is left to write"


def test_a_graph_that_is_gone_before_its_end_is_written_is_not_missed() -> None:
    operator = Operator(Stored())
    operator.see("g")
    gone = operator.end("g", 12.0, durable=False)
    assert gone.decided.outcome is not None
    operator.adapting.gone(gone)
    operator.see("h")
    operator.end("h", 12.0)
    state = operator.state()
    assert (state["counted"], state["missing"], sum(counts(state).values())) == (2, [], 1)


def test_what_was_suspended_says_nothing_and_what_failed_says_something_bad() -> None:
    operator = Operator(Stored())
    graph = operator.see("stopped")
    graph.known.suspended = True
    operator.write(graph)
    assert operator.end("stopped", 500.0).decided.outcome is None
    operator.see("failed")
    outcome = operator.end("failed", 1.0, failed=True).decided.outcome
    assert outcome is not None
    assert float(outcome["value"]) == pytest.approx(2.302585, abs=1e-6)


def test_another_strategy_under_an_old_name_starts_from_nothing_and_the_others_keep_what_is_known() -> None:
    operator = Operator(Stored())
    for number in range(6):
        operator.see(f"g{number}")
        operator.end(f"g{number}", 12.0)
    other = {"name": "Spread", "preset": "RoundRobin"}
    operator.take({"adaptive": {"candidates": [TWO[0], other]}})
    assert counts(operator.state()) == {"BestFit": 3, "Spread": 0}
    operator.take({"adaptive": {"candidates": TWO, "objective": "Waiting"}})
    assert counts(operator.state()) == {"BestFit": 0, "Spread": 0}


def test_a_candidate_that_is_gone_is_replaced() -> None:
    operator = Operator(Stored())
    graph = operator.see("g")
    operator.write(graph)
    operator.take({"adaptive": {"candidates": [TWO[1], {"preset": "Random"}]}})
    graph.known.policy = operator.policy
    operator.adapting.admit(graph, operator.now)
    assert graph.decided.strategy == "Spread"
    assert not graph.startable


def test_switched_off_nothing_of_it_stays() -> None:
    operator = Operator(Stored())
    graph = operator.see("g")
    operator.write(graph)
    for number in range(6):
        operator.see(f"g{number}")
        operator.end(f"g{number}", 12.0)
    operator.state()
    operator.take({"preset": "Spread"})
    status = operator.server.statuses[POLICY]
    assert "adaptive" not in status
    assert [each["type"] for each in status["conditions"]] == ["Accepted"]
    graph.known.policy = operator.policy
    operator.adapting.admit(graph, operator.now)
    assert graph.startable
    operator.write(graph)
    assert "strategy" not in operator.server.statuses["ns", "g"]


@pytest.mark.parametrize(
    "edited",
    [
        {"candidates": [{"name": "BestFit", "graphs": "many"}]},
        {"counted": -1},
        {"missing": ["x"]},
        7,
    ],
)
def test_a_status_edited_into_nonsense_starts_anew(edited: Any, caplog: pytest.LogCaptureFixture) -> None:
    server = Stored()
    first = Operator(server)
    first.see("g")
    first.end("g", 12.0)
    state = first.state()
    if isinstance(edited, dict) and "candidates" in edited:
        edited["candidates"][0] |= {"definition": state["candidates"][0]["definition"], "evidence": "1.0 2.0"}
    server.statuses[POLICY]["adaptive"] = edited if not isinstance(edited, dict) else {**state, **edited}
    again = Operator(server)
    assert "status.adaptive was edited" in caplog.text
    again.see("g")
    assert sum(counts(again.state()).values()) == 1, "its outcome stands in the graph"


def test_the_record_has_no_numbers_that_kubernetes_would_change() -> None:
    operator = Operator(Stored())
    for number in range(7):
        operator.see(f"g{number}")
        operator.end(f"g{number}", 10.0 + 1 / 3 + number)
    state = operator.state()
    assert all(isinstance(each["evidence"], str) for each in state["candidates"])
    bandit, counted, missing = adaptive_record.read(operator.policy, state)
    assert (counted, missing) == (7, set())
    assert adaptive_record.write(operator.policy, bandit, counted, missing) == state


def test_graphs_of_different_candidates_are_decided_apart() -> None:
    operator = Operator(Stored())
    graphs = [operator.see(name) for name in ("a", "b", "c")]
    for graph in graphs:
        operator.write(graph)
        assert graph.running is not None
        graph.running.wants.start = [0]
    wanted = Wishes().changes(graphs).wanted
    for wish in wanted:
        assert wish.strategy is operator.policy.placing(wish.candidate)
    groups = by_policy(wanted)
    assert [[wish.request.graph for wish in group] for group in groups] == [["a", "c"], ["b"]]


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    (
        {"preset": "Auto", "adaptive": {"candidates": TWO}},
        "adaptive chooses among its candidates: leave preset, order, scorers and planner out, or leave adaptive out",
    ),
    ({"adaptive": {"candidates": TWO[:1]}}, "must have at least 2 item(s)"),
    ({"adaptive": {"candidates": [TWO[0], TWO[0]]}}, 'candidates has "BestFit" more than once: give each its own name'),
    ({"adaptive": {"candidates": [TWO[0], {"order": ["Age"]}]}}, "a candidate without a preset must have a name"),
    (
        {"adaptive": {"candidates": [TWO[0], {"preset": "Spread", "order": ["Age"]}]}},
        "preset stands for order, scorers and planner: leave these out, or leave preset out",
    ),
    (
        {"adaptive": {"candidates": [TWO[0], {"preset": "Sprad"}]}},
        'spec.adaptive.candidates[1].preset is "Sprad", which is unknown: did you mean "Spread"?',
    ),
    (
        {"adaptive": {"candidates": TWO, "objective": "Response"}},
        'spec.adaptive.objective is "Response", which is unknown: did you mean "ResponseTime"?',
    ),
    (
        {"adaptive": {"candidates": TWO, "discount": "0"}},
        'spec.adaptive.discount is "0": must be a number above 0 and up to 1 as text, such as "0.98"',
    ),
)


@pytest.mark.parametrize(("spec", "said"), WRONG)
def test_what_is_wrong_is_said_in_one_sentence(spec: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidPolicy) as error:
        compile_policy({"metadata": {"name": "p"}, "spec": spec})
    assert str(error.value).endswith(said)


def test_where_nobody_said_how_long_tasks_run_what_was_learned_counts_as_expected() -> None:
    operator = Operator(Stored())
    values = []
    for name, learned in (("new", np.nan), ("known", 5.0)):
        graph = operator.see(name, expected=None)
        assert graph.running is not None
        graph.running.foreseen.seconds = np.array([learned])
        outcome = operator.end(name, 20.0).decided.outcome
        assert outcome is not None
        values.append(float(outcome["value"]))
    assert values == pytest.approx([0.0, np.log(4)])
