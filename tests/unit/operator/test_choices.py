"""Choices among candidates: their record, what they leave, and what is known of each candidate."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.cluster.cluster import Cluster
from bayplan.collaboration.choosing import UNKNOWN, Beaten, Chosen, waits
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan_operator import names
from bayplan_operator.api.v1alpha1 import TaskGraphStatus, TaskProfileSpec
from bayplan_operator.conductor.choosing.waiting import left
from bayplan_operator.conductor.graphs import intake
from bayplan_operator.conductor.record.choices import Choices
from bayplan_operator.translate.choice_record import chosen_line, failed_line, read_choices
from bayplan_operator.translate.task_graph import InvalidGraph, prepare, with_admitted, with_candidates
from tests.draws import cases

NOW = 1_800_000_000.0
STAMP = "2027-01-15T08:00:00.000000Z"  # NOW
POD: dict[str, Any] = {"containers": [{"image": "i", "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}]}


def asks(**requests: str) -> dict[str, Any]:
    return {"template": {"spec": {"containers": [{"resources": {"requests": requests}}]}}}


LARGE, SMALL = {"name": "large", **asks(memory="8Gi")}, {"name": "small", "args": ["--small"]}
BY_RULE = {"by": "Rule"}


def raw(*tasks: dict[str, Any], status: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    metadata = {"namespace": "ns", "name": "g", "uid": "u", "creationTimestamp": STAMP, "generation": 1, "resourceVersion": "5"}
    return {"metadata": metadata, "spec": {"template": {"spec": POD}, "tasks": list(tasks), **spec}, "status": status or {}}


def answer(**fields: Any) -> dict[str, Any]:
    return {"name": "answer", "candidates": [LARGE, SMALL], "choose": BY_RULE, **fields}


# The record


NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=63)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300)


@cases(50, search=100)
@given(NAMES, st.integers(0, 1000), st.lists(NAMES, min_size=2, max_size=16, unique=True), WORDS)
def test_a_line_is_read_as_it_was_written_and_fits_into_the_status(task: str, round_: int, found: list[str], why: str) -> None:
    winner, *others = found
    losers = tuple(Beaten(name, 0.25) for name in others)
    for line in (
        chosen_line(task, round_, Chosen(winner, 0.123456, losers, f"{winner}: {why}")),
        failed_line(task, round_, winner, why),
    ):
        assert len(line.text.encode()) <= 256
        assert read_choices({"choices": [line.text]}) == [line]
        TaskGraphStatus.model_validate({"choices": [line.text]})


def test_a_line_says_who_lost_and_why() -> None:
    losers = (Beaten("large", -1.5), Beaten("tiny", None, "it failed: Error"), Beaten("huge", None, "no node can run it"))
    line = chosen_line("answer", 3, Chosen("small", 0.93, losers, "small: bids 0.93"))
    assert line.text == "answer 3 small 0.93 large=-1.5,tiny=failed,huge=left-out bids 0.93"


@pytest.mark.parametrize("lines", [None, "x", [1, None, "", "answer", "answer x small - - why", "answer 99999 small - - why"]])
def test_what_was_edited_beyond_reading_counts_as_not_said(lines: object) -> None:
    assert read_choices({"choices": lines}) == []


# What is decided, recorded and left


def choices(status: dict[str, Any] | None = None, round_: int = 0, **fields: Any) -> Choices:
    spec = {"rounds": {"tasks": ["answer"], "max": 9}} if round_ else {}
    prepared = prepare(raw(answer(**fields), **spec))
    return Choices(prepared.graph, prepared.relations, status or {}, round_)


def chosen(candidate: str, round_: int = 0) -> str:
    return f"answer {round_} {candidate} - - it is the default"


def failed(candidate: str, round_: int = 0) -> str:
    return f"answer {round_} {candidate} failed - Error"


def test_it_is_settled_once_the_status_has_it() -> None:
    made = choices()
    assert (made.open, made.settled(0), made.settled(1)) == ([0], False, True)
    made.decide(0, chosen_line("answer", 0, Chosen("small", None, (), "small: it is the default, and no case holds")))
    assert (made.open, made.settled(0), made.chosen, made.name_of(0)) == ([], False, {0: 1}, "small")
    assert not made.all_recorded
    assert made.find({"choices": made.lines})
    assert made.settled(0)
    assert not made.find({"choices": made.lines}), "it was settled before"


def test_who_failed_is_out_and_stays_out_in_the_next_operator() -> None:
    made = choices({"choices": [chosen("large")]})
    assert (made.alternatives()[0].chosen, made.alternatives()[0].left) == ("large", True)
    made.give_up(0, "Error")
    assert made.lines == [failed("large")]
    assert made.open == [0]
    made.find({"choices": [chosen("large")]})
    assert made.open == [0], "an older status changes nothing"
    again = choices({"choices": [failed("large"), chosen("large")]})
    assert again.open == [0]
    assert again.alternatives()[0].failed == ("large (Error)",)
    last = choices({"choices": [failed("large"), chosen("small")]})
    assert not last.alternatives()[0].left


def test_a_choice_holds_for_all_rounds_or_for_one() -> None:
    status = {"choices": [chosen("large", 2)]}
    assert choices(status, round_=3).chosen == {0: 0}
    each = choices(status, round_=3, choose={"by": "Rule", "every": "Round"})
    assert each.open == [0]
    now = choices(status, round_=2, choose={"by": "Rule", "every": "Round"})
    assert now.open == []
    now.begin_round(3)
    assert now.open == [0]


@pytest.mark.parametrize("again", [False, True])
def test_a_later_round_forgives_only_where_the_spec_says_so(again: bool) -> None:
    choose = {"by": "Rule", "every": "Round", "retryFailed": again}
    assert ("large" in choices({"choices": [failed("large", 2)]}, 3, choose=choose).failed(0)) == (not again)
    now = choices({"choices": [failed("large", 2)]}, 2, choose=choose)
    assert "large" in now.failed(0), "not in the round itself"
    now.begin_round(3)
    assert ("large" in now.failed(0)) == (not again)


# What the pods are made from


def test_the_largest_counts_until_one_is_chosen_and_each_is_learned_for_itself() -> None:
    prepared = prepare(raw(answer(), {"name": "after", "dependsOn": [{"task": "answer"}]}))
    assert [run.task for run in prepared.runs] == ["answer--large", "after"]
    assert dict(prepared.templates[0].request_class.resources)["memory"] == 8 * 2**30
    small = with_candidates(prepared, {0: 1})
    assert small.runs[0].task == "answer--small"
    assert small.templates[0].spec["containers"][0]["args"] == ["--small"]
    assert small.templates[1] is prepared.templates[1]
    assert with_candidates(small, {}).templates == prepared.templates


def test_layers_lie_on_each_other() -> None:
    template = {"spec": {"containers": [{"env": [{"name": "A", "value": "task"}, {"name": "B", "value": "task"}]}]}}
    named = [{"name": "gpu", "template": {"spec": {"containers": [{"resources": {"limits": {"nvidia.com/gpu": 1}}}]}}}]
    of = [
        {"name": "one", "env": [{"name": "B", "value": "one"}], **asks(cpu="3")},
        {"name": "two", "templateName": "gpu"},
    ]
    prepared = prepare(raw(answer(candidates=of, template=template), templates=named))
    one, two = (pod.template.spec["containers"][0] for pod in prepared.candidates[0])
    assert one["env"] == [{"name": "A", "value": "task"}, {"name": "B", "value": "one"}]
    assert one["resources"]["requests"]["cpu"] == "3"
    assert two["resources"]["limits"] == {"nvidia.com/gpu": 1}
    assert "env" not in two, "a named template takes the place of the task's"
    assert prepared.runs[0].task == "answer--two", "a GPU is larger than three cores"


def test_what_the_api_server_makes_of_a_candidate_counts_though_it_is_not_chosen() -> None:
    prepared = prepare(raw(answer()))
    small = prepared.candidates[0][1].template
    assert [task for task, _ in prepared.all_templates] == [0, 0]
    more = {**small.spec, "containers": [{**small.spec["containers"][0], "resources": {"requests": {"cpu": "7"}}}]}
    made, problems = with_admitted(prepared, "ns", {small.admission_hash: more})
    assert problems == {}
    assert dict(with_candidates(made, {0: 1}).templates[0].request_class.resources)["cpu"] == 7000


def test_parts_of_tasks_are_learned_under_names_that_a_profile_may_have() -> None:
    long = "a" * 60
    stages = [{"name": "encoder"}, {"name": "decoder"}]
    prepared = prepare(raw({"name": "train", "stages": stages}, {"name": long, "stages": stages}, answer(profile="b" * 62)))
    found = [run.task for run in prepared.runs]
    assert found[0] == "train"
    assert found[3] == "train--decoder"
    assert len(set(found)) == len(found)
    for name in found:
        TaskProfileSpec(family="f", task=name)
    assert names.part_name("a", "b") == "a--b"
    assert len(names.part_name(long, "decoder")) == 63


def test_lines_of_choices_count_against_the_size_of_the_object() -> None:
    tasks = [{**answer(), "name": f"t{number}"} for number in range(2600)]
    with pytest.raises(InvalidGraph, match="can be stored"):
        prepare(raw(*tasks))
    prepare(raw(*tasks[:1000]))


def test_a_fresh_graph_has_the_choices_of_its_status() -> None:
    graph = intake.new_graph(raw(answer(), status={"choices": [chosen("small")]}), NOW, intake.IntakeTerms())
    assert graph.running is not None
    assert graph.running.prepared.runs[0].task == "answer--small"
    assert graph.running.controls.alternatives[0].chosen == "small"


# Where a candidate could run


def cluster(*cpus: int) -> Cluster:
    made = Cluster()
    for number, cpu in enumerate(cpus):
        made.set_node(NodeInfo(f"n{number}", {"cpu": cpu, "pods": 110}))
    return made


def nothing(nodes: frozenset[str]) -> list[float]:
    """None of our pods runs on them."""
    return []


def test_how_long_a_candidate_would_wait() -> None:
    on = cluster(4000, 8000)
    asked = RequestClass((("cpu", 6000),))
    assert waits(on, asked, (), nothing) == 0.0
    assert math.isinf(waits(on, RequestClass((("cpu", 9000),)), (), nothing))
    assert math.isinf(waits(on, asked, (("zone", "a"),), nothing))
    on.occupy("x", "n1", {"cpu": 5000})
    assert waits(on, asked, (), nothing) == UNKNOWN


@pytest.mark.parametrize(("started", "seconds"), [(NOW - 10, 20.0), (NOW - 100, 0.0), (math.nan, 30.0)])
def test_it_waits_until_the_first_of_our_pods_ends_where_it_could_run(started: float, seconds: float) -> None:
    on = cluster(4000, 8000)
    on.occupy("x", "n1", {"cpu": 5000})
    graph = intake.new_graph(raw({"name": "a", "shards": 2, "expectedDuration": "30s"}), NOW, intake.IntakeTerms())
    assert graph.running is not None
    run = graph.running.run
    run.state[:] = 3
    run.node[:] = ["n0", "n1"]
    run.started[:] = [NOW - 29, started]
    assert waits(on, RequestClass((("cpu", 6000),)), (), lambda nodes: left([graph], nodes, NOW)) == seconds
