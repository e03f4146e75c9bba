"""What is said of a graph's end and its deadline, and when that is worth a write."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.estimates import Bound, Earliest, Help, Suggestion
from bayplan.knowledge.node_states import NodeState, NodeStates, Survival
from bayplan.knowledge.run_times import RunTimes
from bayplan.lifecycle import UnitState
from bayplan.model.workload import NodeInfo
from bayplan.strategy.presets import compile_preset
from bayplan_operator.api.v1alpha1 import PlacementPolicySpec
from bayplan_operator.conductor.graphs import intake
from bayplan_operator.conductor.outlook import deadlines
from bayplan_operator.conductor.outlook.forecasting import Question, expected, first_bound, forecast
from bayplan_operator.conductor.outlook.graph_plans.glimpse import glimpse
from bayplan_operator.conductor.outlook.lessons import Lesson
from bayplan_operator.conductor.record import conditions
from bayplan_operator.conductor.record.completion import Forecast, Interval, Outlook, Said
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.translate.policy import CompiledPolicy
from tests.unit.operator.test_conductor_errors import Fixture

NOW = 1_800_000_000.0
STAMP = "2027-01-15T08:00:00.000000Z"  # NOW


def task(name: str, *after: str, hint: str | None = "100s", shards: int = 1, cpu: str = "6") -> dict[str, Any]:
    pod = {"containers": [{"image": "i", "resources": {"requests": {"cpu": cpu}}}]}
    made = {"name": name, "dependsOn": [{"task": each} for each in after], "shards": shards, "template": {"spec": pod}}
    return made if hint is None else {**made, "expectedDuration": hint}


def taken_in(*tasks: dict[str, Any], **spec: Any) -> tuple[GraphRun, Running]:
    metadata = {"namespace": "ns", "name": "g", "uid": "u", "creationTimestamp": STAMP}
    graph = intake.new_graph({"metadata": metadata, "spec": {"tasks": list(tasks), **spec}}, NOW, intake.IntakeTerms())
    graph.known.policy = CompiledPolicy("default", PlacementPolicySpec(), compile_preset("Auto"))
    assert graph.running is not None
    return graph, graph.running


def machines(count: int, cpu: int = 8) -> Cluster:
    cluster = Cluster()
    for number in range(count):
        cluster.set_node(NodeInfo(f"n{number}", {"cpu": cpu * 1000, "pods": 110}, node_class="pooled"))
    return cluster


def start(running: Running, unit: int, node: str, cluster: Cluster, at: float = NOW) -> None:
    running.run.state[unit], running.run.node[unit], running.run.started[unit] = UnitState.RUNNING, node, at
    cluster.occupy(unit, node, {"cpu": 6000, "pods": 1})


def asked(graph: GraphRun, cluster: Cluster, now: float = NOW, learned: RunTimes | None = None, **more: Any) -> Forecast:
    policy = graph.known.policy
    assert policy is not None
    question = Question(glimpse(graph, cluster, 1e9, now), Lesson(learned), "u", graph.known.deadline, False, policy.strategy)
    return forecast(replace(question, **more))


# The estimate


def test_the_same_question_gets_the_same_answer() -> None:
    graph, _ = taken_in(task("a", shards=3), task("b", "a"), deadline="5m")
    first, again = (asked(graph, machines(2)) for _ in range(2))
    assert first == again
    assert first.completion is not None
    assert isinstance(first.end, Interval)
    assert NOW + 100 < first.end.low < first.end.median < first.end.high
    assert first.earliest.bound.path == (0, 1)
    assert first.heavy == "a"
    assert asked(graph, machines(2), uid="another").completion != first.completion


def test_more_nodes_are_what_helps_where_there_are_too_few() -> None:
    graph, _ = taken_in(task("many", shards=6), deadline="500s")
    few = asked(graph, machines(1))
    assert few.probability is not None
    assert few.probability < 0.5
    assert few.advice[0].help is Help.MORE_NODES
    assert few.advice[0].subject == "pooled"
    assert few.advice[0].probability > 0.95
    assert few.advice[-1].help is Help.LATER_DEADLINE
    many = asked(graph, machines(6))
    assert many.probability is not None
    assert many.probability > 0.95
    assert many.advice == ()


def test_slots_that_its_own_shards_hold_are_counted_once() -> None:
    graph, running = taken_in(task("many", shards=3))
    cluster = machines(2)
    before = asked(graph, cluster)
    start(running, 0, "n0", cluster)
    start(running, 1, "n1", cluster)
    after = asked(graph, cluster)
    assert before.completion is not None
    assert after.completion == pytest.approx(before.completion, abs=1.0), "the third waits for one of them, as before"


def test_others_that_hold_the_nodes_are_told_from_too_few_nodes() -> None:
    graph, _ = taken_in(task("many", shards=4), deadline="250s")
    cluster = machines(4)
    for number in range(3):
        cluster.occupy(f"other-{number}", f"n{number}", {"cpu": 8000, "pods": 1})
    helps = {each.help for each in asked(graph, cluster, rivals=True).advice}
    assert Help.HIGHER_PRIORITY in helps
    assert Help.HIGHER_PRIORITY not in {each.help for each in asked(graph, cluster, rivals=False).advice}


def test_nothing_is_said_of_what_nobody_knows() -> None:
    graph, _ = taken_in(task("a", hint=None), task("b", "a", hint=None), deadline="1s")
    found = asked(graph, machines(2))
    assert (found.completion, found.probability, found.advice) == (None, None, ())
    assert found.earliest.bound.seconds == 0.0
    assert "nothing is known" in found.basis


def test_what_was_learned_counts_more_than_the_hint() -> None:
    graph, running = taken_in(task("a", hint="100s"), deadline="60s")
    learned, run = RunTimes(), replace(running.prepared.runs[0], node_class="pooled")
    for number in range(30):
        learned.observe(run, 20.0 + number % 5, float(number))
    hoped, known = asked(graph, machines(1)), asked(graph, machines(1), learned=learned.copy())
    assert hoped.probability is not None
    assert known.probability is not None
    assert hoped.probability < 0.5 < 0.95 < known.probability
    assert known.basis == "run times by task: 1 learned"


def test_nodes_that_were_seen_to_fail_make_the_end_later_and_the_deadline_less_sure() -> None:
    graph, _ = taken_in(task("a", hint="10m"), task("b", "a", hint="10m"), deadline="30m")
    steady, spot = NodeStates(), NodeStates()
    steady.observe(NodeState.BUSY, 1e6)
    for _ in range(100):
        spot.observe(NodeState.BUSY, 1200.0, NodeState.FAILING)
        spot.observe(NodeState.FAILING, 60.0, NodeState.BUSY)
    plain = asked(graph, machines(2))
    seen = glimpse(graph, machines(2), 1e9, NOW)
    same, later = (asked(graph, machines(2), seen=replace(seen, survival=Survival({"pooled": states}, {})))
                   for states in (steady, spot))  # fmt: skip
    assert (same.completion, same.basis) == (plain.completion, "from hints only"), "where nothing failed nothing is guessed"
    assert later.basis == "from hints only; failures of nodes of class pooled are counted"
    assert plain.completion is not None
    assert later.completion is not None
    assert later.completion > plain.completion + 120.0
    assert plain.probability is not None
    assert later.probability is not None
    assert later.probability < plain.probability - 0.1
    assert later.earliest.bound == plain.earliest.bound, "with luck nothing fails"


def test_a_task_that_fits_nowhere_has_no_end() -> None:
    graph, _ = taken_in(task("fits"), task("huge", cpu="9"))
    found = asked(graph, machines(3))
    assert found.earliest.nowhere == ("huge",)
    assert found.completion is None
    assert asked(graph, machines(0)).earliest.nowhere == ("fits", "huge")


def test_the_bound_of_the_largest_graph_is_no_burden_for_a_tick() -> None:
    named = {"name": "t", "template": {"spec": {"containers": [{"image": "i", "resources": {"requests": {"cpu": "1"}}}]}}}
    tasks = [
        {"name": f"t{n}", "templateName": "t", "dependsOn": [{"task": f"t{p}"} for p in range(max(0, n - 3), n)],
         "expectedDuration": "60s"} for n in range(5_000)
    ]  # fmt: skip
    _, running = taken_in(*tasks, templates=[named])
    cluster, least = machines(1_000), expected(running)
    took = []
    for _ in range(5):
        begun = time.thread_time()
        first_bound(cluster, running.prepared, running.run, (), least, NOW)
        took.append(time.thread_time() - begun)
    assert min(took) < 0.05


# What is said


def outlook(
    probability: float | None = None, chain: float = 10.0, *helps: Suggestion, nowhere: tuple[str, ...] = ()
) -> Outlook:
    first = Earliest(Bound(chain, 0.0, (0,)), nowhere)
    found = Forecast(NOW, first, "from hints only", Interval(NOW + 50, NOW + 40, NOW + 60), probability, "a", helps)
    return Outlook(first=first, first_at=NOW, forecast=found)


def test_the_verdict_and_its_reasons() -> None:
    graph, _ = taken_in(task("a"), deadline="60s")

    def said(known: Outlook) -> tuple[bool, str]:
        found = deadlines.verdict(graph, known)
        assert found is not None
        return found.at_risk, found.reason

    more = Suggestion(Help.MORE_NODES, "pooled", 0.99, 30.0)
    shorter = Suggestion(Help.SHORTER_TASK, "a", 0.95, 50.0)
    later = Suggestion(Help.LATER_DEADLINE, "", 0.4, 90.0)
    assert said(outlook(0.95)) == (False, "OnTime")
    assert said(outlook(0.4, 10.0, more, shorter, later)) == (True, "TooLittleCapacity")
    assert said(outlook(0.4, 10.0, shorter, later)) == (True, "RunTimesTooLong")
    assert said(outlook(0.4, 10.0, later)) == (True, "RunTimesTooLong")
    assert said(outlook(0.4, 61.0)) == (True, "BelowLowerBound")
    assert said(outlook(0.4, 10.0, nowhere=("a",))) == (True, "NoSuchNode")
    assert said(outlook(None)) == (False, "NotKnown")
    assert deadlines.verdict(graph, replace(outlook(), forecast=None)) is None, "the estimate is still to come"
    graph.known.deadline = None
    assert deadlines.verdict(graph, outlook(0.1)) is None


def test_the_message_says_what_would_help() -> None:
    graph, _ = taken_in(task("a"), deadline="60s")
    more = Suggestion(Help.MORE_NODES, "pooled", 0.99, 30.0)
    shorter = Suggestion(Help.SHORTER_TASK, "a", 0.5, 50.0)
    later = Suggestion(Help.LATER_DEADLINE, "", 0.4, 90.0)
    enough = deadlines.verdict(graph, outlook(0.4, 10.0, more, shorter, later))
    assert enough is not None
    assert enough.message == (
        "the deadline is met with a probability of 40 % (from hints only); what would help: more nodes of class pooled (99 %), "
        "or a deadline of 2027-01-15T08:01:30Z, which is met with 90 %"
    )
    alone = deadlines.verdict(graph, outlook(0.4, 10.0, shorter, later))
    assert alone is not None
    assert "nothing alone is enough; what would help: half the run time of task a" in alone.message


def test_a_risk_does_not_flicker() -> None:
    graph, _ = taken_in(task("a"), deadline="60s")
    calm, alarmed = outlook(0.91), outlook(0.91)
    alarmed.verdict = deadlines.verdict(graph, outlook(0.5))
    for known, at_risk in ((calm, False), (alarmed, True)):
        found = deadlines.verdict(graph, known)
        assert found is not None
        assert found.at_risk is at_risk


class Told:
    """Conditions and events of a graph."""

    def __init__(self, graph: GraphRun) -> None:
        self.graph = graph
        self.events: list[tuple[str, str]] = []

    def at(self, now: float) -> dict[str, tuple[str, str]]:
        def put(kind: str, status: bool, reason: str, message: str) -> bool:
            return conditions.put(self.graph.written.conditions, kind, status, reason, message, 1, now)

        deadlines.update(self.graph, put, lambda kind, reason, _: self.events.append((kind, reason)), now)
        return {each["type"]: (each["status"], each["reason"]) for each in self.graph.written.conditions}


def test_conditions_come_go_and_come_back() -> None:
    graph, _ = taken_in(task("a"), deadline="60s")
    told = Told(graph)
    assert told.at(NOW) == {}
    graph.outlook = outlook(0.95)
    graph.outlook.verdict = deadlines.verdict(graph, graph.outlook)
    assert told.at(NOW + 1) == {}, "what was never at risk needs no condition"
    graph.outlook.verdict = deadlines.verdict(graph, outlook(0.3))
    assert told.at(NOW + 2) == {"DeadlineAtRisk": ("True", "RunTimesTooLong")}
    assert told.at(NOW + 61) == {"DeadlineAtRisk": ("False", "DeadlineMissed"), "DeadlineMissed": ("True", "DeadlinePassed")}
    graph.known.deadline, graph.outlook.verdict = NOW + 600, None
    assert told.at(NOW + 62)["DeadlineMissed"] == ("False", "DeadlineMoved")
    graph.decided.completed_at = NOW + 700
    assert told.at(NOW + 700)["DeadlineMissed"] == ("True", "EndedLate")
    assert told.events == [
        ("Warning", "DeadlineAtRisk"), ("Warning", "DeadlineMissed"), ("Normal", "DeadlineMoved"), ("Warning", "DeadlineMissed")
    ]  # fmt: skip


def test_a_graph_that_ends_in_time_is_at_risk_no_more() -> None:
    graph, _ = taken_in(task("a"), deadline="60s")
    graph.outlook, told = outlook(0.3), Told(graph)
    graph.outlook.verdict = deadlines.verdict(graph, graph.outlook)
    told.at(NOW)
    graph.decided.completed_at = NOW + 59
    assert told.at(NOW + 70) == {"DeadlineAtRisk": ("False", "Met")}


# What is written


def test_an_estimate_that_hardly_moves_is_not_written_again() -> None:
    said = Said(NOW + 500, NOW + 1000, 80, "from hints only")
    assert not said.far_from(replace(said, completion=NOW + 1040), NOW)
    assert said.far_from(replace(said, completion=NOW + 1060), NOW)
    assert not said.far_from(replace(said, probability=84), NOW)
    assert said.far_from(replace(said, probability=85), NOW)
    assert not Said(completion=NOW + 10).far_from(Said(completion=NOW + 11.5), NOW), "2 s are no matter"
    assert not said.unlike(replace(said, completion=NOW + 9000, probability=1))
    assert said.unlike(replace(said, probability=None))
    assert said.unlike(replace(said, completion=None))


def test_an_end_that_recedes_for_ever_is_written_ever_more_seldom() -> None:
    known = Outlook(said=Said(completion=NOW + 60), since=NOW)
    written = []
    for second in range(0, 3600, 5):
        known.newest = Said(completion=NOW + second + 60)
        if known.renew(NOW + second):
            written.append(second)
    assert len(written) < 80
    assert min(np.diff(written)) >= 15
    assert written[-1] - written[-2] > 120
    known.newest = Said()
    assert known.renew(NOW + 3600), "that it is not known any more is said at once"


def test_what_an_earlier_operator_wrote_is_not_written_again() -> None:
    said = Said(NOW + 500, NOW + 1000, 80, "from hints only")
    restored = Outlook.restored({key: value for key, value in said.fields().items() if value is not None}, NOW)
    assert restored.said == said
    assert not restored.renew(NOW)
    assert restored.said.fields() == said.fields()
    edited = {"estimatedCompletion": "soon", "deadlineProbability": "many", "estimateBasis": 7}
    assert Outlook.restored(edited, NOW).said == Said()
    assert Said().fields() == dict.fromkeys(said.fields())
    assert np.isfinite(restored.said.completion or 0.0)


def test_an_estimate_of_before_is_never_said_to_lie_before_a_newer_bound() -> None:
    graph, _ = taken_in(task("a"), task("b", "a"))
    found = asked(graph, machines(2))
    assert found.end is not None
    assert found.end.median >= NOW + found.earliest.bound.seconds
    outlook = Outlook(since=NOW)
    outlook.take(found)
    later = NOW + 1_000
    outlook.bound(found.earliest, True, later)
    assert outlook.newest.earliest == outlook.newest.completion == later + found.earliest.bound.seconds


def test_the_estimate_is_of_the_policy_of_the_graph() -> None:
    graph, _ = taken_in(task("a"), task("b", "a"))
    two, seen = Cluster(), RunTimes()
    for name in ("a-slow", "b-fast"):  # a policy that does not look at run times takes the first by name
        two.set_node(NodeInfo(name, {"cpu": 8000, "pods": 110}, node_class=name))
    for run in graph.running.prepared.runs if graph.running is not None else ():
        for number in range(30):
            for name, seconds in (("a-slow", 400.0), ("b-fast", 20.0)):
                seen.observe(replace(run, node_class=name), seconds + number % 3, float(number))
    ends = [asked(graph, two, learned=seen, strategy=compile_preset(each)).completion for each in ("BestFit", "Auto")]
    assert [None if each is None else round((each - NOW) / 40) for each in ends] == [20, 1]


# In the conductor


async def test_a_graph_that_is_taken_in_gets_its_bound_at_once_and_its_estimate_soon() -> None:
    fixture = Fixture()
    policy = {"name": "default", "namespace": "", "uid": "p", "resourceVersion": "1", "creationTimestamp": STAMP}
    fixture.view.inboxes.policies.put({"metadata": policy, "spec": {}})
    metadata = {
        "namespace": "ns", "name": "g", "uid": "g", "resourceVersion": "5", "generation": 1,
        "creationTimestamp": STAMP,
    }  # fmt: skip
    spec = {"tasks": [task("a"), task("b", "a")], "deadline": "150s"}
    fixture.view.inboxes.graphs.put({"metadata": metadata, "spec": spec})
    fixture.conductor.tick()
    fixture.conductor.tick()  # what the API server makes of its pods is known
    graph = fixture.conductor.graphs.by_uid["g"]
    assert graph.outlook is not None
    assert graph.outlook.said.earliest == pytest.approx(NOW + 200)
    fixture.now += 0.5
    fixture.conductor.tick()
    told = {each["type"]: each["reason"] for each in graph.written.conditions}
    assert told["DeadlineAtRisk"] == "BelowLowerBound"
    assert graph.outlook.said.completion is None
    for _ in range(200):
        await asyncio.sleep(0.05)
        if graph.outlook.said.completion is not None:
            break
    assert graph.outlook.said.completion is not None
    assert graph.outlook.said.completion > NOW + 150
    changed = {**metadata, "generation": 2, "resourceVersion": "6"}
    fixture.view.inboxes.graphs.put({"metadata": changed, "spec": {**spec, "deadline": "10h"}})
    fixture.conductor.tick()
    assert graph.outlook.verdict is None, "what was said of the other deadline is forgotten"
