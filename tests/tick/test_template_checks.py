"""What the API server makes of a graph's pods is asked before the graph is accepted, and counted with."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan_operator.conductor.outlook.forecasting import forecast
from tests.cluster.kube import Object, task
from tests.testbed.nodes import NodeKind, Taint
from tests.tick.api.kinds import POD, TASK_GRAPH
from tests.tick.api.refusal import Refusal
from tests.tick.api.trouble import Loss
from tests.tick.conftest import begun
from tests.tick.loop import EPOCH
from tests.tick.machinery.pods import node_of
from tests.tick.seen import find
from tests.tick.world import World

PATIENCE = 5.0
"""Seconds for which a graph waits for answers."""
DRY = r"/pods\?dryRun$"
SMALL, LARGE = NodeKind("small", 2, "4Gi"), NodeKind("large", 8, "16Gi")


def container(**fields: Any) -> Object:
    """A task's pod with one container."""
    return {"containers": [{"image": "none", **fields}]}


def limit_range(cpu: str) -> Any:
    """Admission as a LimitRange with a default request has it: limits are copied to requests before it."""

    def admit(pod: Object) -> Object:
        containers = []
        for each in pod["spec"]["containers"]:
            resources = dict(each.get("resources") or {})
            resources["requests"] = {"cpu": cpu, **resources.get("limits", {}), **resources.get("requests", {})}
            containers.append({**each, "resources": resources})
        return {**pod, "spec": {**pod["spec"], "containers": containers}}

    return admit


def runtime_class(pod: Object) -> Object:
    """Admission of a RuntimeClass with overhead, selector and toleration."""
    spec = pod["spec"]
    if spec.get("runtimeClassName") != "microvm":
        return pod
    toleration = {"key": "sandbox", "operator": "Equal", "value": "vm", "effect": "NoSchedule"}
    return {
        **pod,
        "spec": {
            **spec,
            "overhead": {"cpu": "500m"},
            "nodeSelector": {**spec.get("nodeSelector", {}), "sandbox": "vm"},
            "tolerations": [*spec["tolerations"], toleration],
        },
    }


def refused_by_scheduler(world: World) -> int:
    """How often kube-scheduler found no place for a pod."""
    return sum(
        kind == POD and find(item["status"], "PodScheduled", "False") is not None for _, kind, _, item in world.store.history
    )


def ever(world: World, graph: str) -> list[Object]:
    """All statuses that a graph has had."""
    return [
        item.get("status", {}) for _, kind, _, item in world.store.history
        if kind == TASK_GRAPH and item["metadata"]["name"] == graph
    ]  # fmt: skip


def most_at_once(world: World, graph: str) -> int:
    """Pods of a graph that ran at the same time."""
    running: set[str] = set()
    most = 0
    for _, kind, _, item in world.store.history:
        if kind == POD and item["metadata"]["labels"].get("bayplan.dev/graph") == graph:
            running -= {item["metadata"]["uid"]}
            running |= {item["metadata"]["uid"]} if item["status"].get("phase") == "Running" else set()
            most = max(most, len(running))
    return most


# What is refused


MISSPELT: dict[str, tuple[Object, str]] = {
    "resource": (container(resource={}), 'spec.containers[0].resource: did you mean "resources"?'),
    "beside": ({**container(), "nodeselector": {}}, 'spec.nodeselector: did you mean "nodeSelector"?'),
    "strange": ({**container(), "xyzzy": 1}, "spec.xyzzy"),
    "deep": (container(env=[{"name": "A", "val": "b"}]), 'spec.containers[0].env[0].val: did you mean "value"?'),
}


@pytest.mark.parametrize("what", MISSPELT)
def test_a_misspelt_field_of_the_last_task_is_refused_at_once(world: World, what: str) -> None:
    pod, told = MISSPELT[what]
    begin = world.loop.passed
    world.create("g", task("a"), task("b", "a"), {"name": "train", "dependsOn": [{"task": "b"}], "template": {"spec": pod}})
    accepted = world.wait_condition("g", "Accepted", "False")
    assert world.loop.passed - begin < 0.5
    assert accepted["reason"] == "Invalid"
    assert accepted["message"] == f"spec.tasks[2] (train): the API server does not know the field {told}"
    assert (world.status("g")["summary"], world.status("g")["waiting"]) == ("Invalid", "Invalid")
    world.run(60)
    assert world.created("g") == []
    assert [each["message"] for each in world.events("Invalid", "g")] == [accepted["message"]]
    assert not any(find(status, "Accepted", "True") for status in ever(world, "g")), "not for a moment"


def test_nothing_is_decided_of_a_graph_that_is_refused(world: World) -> None:
    world.create_policy("p", adaptive={"candidates": [{"preset": "Spread"}, {"preset": "LeastLoaded"}]})
    auto = {"shards": "Auto", "expectedDuration": "10m", "autoShards": {"max": 32}}
    last = {"name": "b", "dependsOn": [{"task": "a"}], "template": {"spec": container(resource={})}}
    world.api.latency = 0.1
    world.create("g", task("a", **auto), last, policyName="p")
    world.create("h", task("a", expectedDuration="10m"), last)
    world.wait_condition("g", "Accepted", "False")
    world.run(60)
    assert world.events("StrategyChosen") == []
    assert not {"shards", "strategy"} & {name for status in ever(world, "g") for name in status}
    assert not any(status.get("earliestCompletion") for status in ever(world, "h"))


def test_what_is_invalid_is_told_in_the_words_of_the_api_server(world: World) -> None:
    words = 'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes"'
    world.api.trouble.order("POST", DRY, Refusal(422, "Invalid", f'Pod "g-a-xyz" is invalid: {words}'))
    world.create("g", task("a"))
    accepted = world.wait_condition("g", "Accepted", "False")
    assert accepted["message"] == f"spec.tasks[0] (a): the API server refuses its pods: {words}"


def test_a_refused_graph_stays_refused_whoever_decides_and_is_not_written_again(world: World) -> None:
    world.create("g", {"name": "a", "template": {"spec": container(resource={})}})
    world.wait_condition("g", "Accepted", "False")
    world.run(5)
    version = world.graph("g")["metadata"]["resourceVersion"]
    world.patch(TASK_GRAPH, "g", {"spec": {"suspend": True}})
    world.run(5)
    world.patch(TASK_GRAPH, "g", {"spec": {"suspend": False}})
    world.run(5)
    assert world.condition("g", "Accepted", "False")
    world.operator.restart()
    world.run(60)
    assert world.condition("g", "Accepted", "False")
    assert world.created("g") == []
    version = world.graph("g")["metadata"]["resourceVersion"]
    world.operator.restart()
    world.run(60)
    assert world.graph("g")["metadata"]["resourceVersion"] == version


def test_a_template_far_behind_is_told_of_before_its_turn(world: World) -> None:
    """More templates than are waited for, the last of which is misspelt: the graph runs until that is known."""
    chain = [task(f"t{n:03d}", *([f"t{n - 1:03d}"] if n else []), seconds=60, cpu=f"{n + 1}m") for n in range(120)]
    chain.append({"name": "last", "dependsOn": [{"task": "t119"}], "template": {"spec": container(resource={})}})
    world.create("g", *chain)
    world.wait_condition("g", "Accepted", "True")
    accepted = world.wait_condition("g", "Accepted", "False")
    assert "(last)" in accepted["message"]
    assert world.loop.passed < 10, "not after the two hours that it takes to get there"


# What is accepted all the same


DOUBTS: dict[str, tuple[Refusal, str, str]] = {
    "webhook": (
        Refusal(400, "BadRequest", 'admission webhook "w.example.com" denied the request: not today'), "False", "Denied"
    ),
    "policy": (
        Refusal(422, "Invalid", "pods \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no"),
        "False", "Denied",
    ),
    "quota": (Refusal(403, "Forbidden", 'pods "x" is forbidden: exceeded quota: q, requested: pods=1'), "False", "Forbidden"),
    "no dry runs": (
        Refusal(400, "BadRequest", 'admission webhook "w.example.com" does not support dry run'), "Unknown", "DryRunUnsupported"
    ),
    "busy": (Refusal(429, "TooManyRequests", "later"), "Unknown", "NotAnswered"),
    "broken": (Refusal(500, "InternalError", "failed calling webhook"), "Unknown", "NotAnswered"),
}  # fmt: skip


@pytest.mark.parametrize("what", DOUBTS)
def test_what_may_pass_is_told_in_a_condition_and_holds_up_nothing(world: World, what: str) -> None:
    refusal, status, reason = DOUBTS[what]
    world.api.trouble.order("POST", DRY, refusal, times=1000)
    world.create("g", task("a", seconds=1), task("b", "a", seconds=1, cpu="2"))
    world.wait_running("g", "a")
    assert world.loop.passed < PATIENCE + 0.1
    said = world.wait_condition("g", "TemplatesChecked", status)
    assert said["reason"] == reason
    assert re.match(r"spec\.tasks\[[01]\] \([ab]\): the API server did not say what it makes of its pods: ", said["message"])
    assert refusal.message.removeprefix('pods "x" is forbidden: ') in said["message"]
    assert world.condition("g", "Accepted", "True")
    world.wait_condition("g", "Complete")
    assert world.condition("g", "TemplatesChecked", "True"), "real pods have answered it"


@pytest.mark.parametrize("loss", [Loss.TIME, Loss.REQUEST, Loss.ANSWER])
def test_without_an_answer_the_graph_is_accepted_after_five_seconds(world: World, loss: Loss) -> None:
    world.api.trouble.order("POST", DRY, loss, times=1000)
    world.create("g", task("a", seconds=20))
    world.wait_running("g", "a")
    assert world.loop.passed <= PATIENCE + 0.1
    said = world.wait_condition("g", "TemplatesChecked", "Unknown")
    assert said["reason"] == "NotAnswered"
    world.wait_condition("g", "Complete")


def test_a_late_answer_is_told_though_nothing_else_happens(world: World) -> None:
    world.loop.takes[forecast] = 6000.0
    world.api.trouble.order("POST", DRY, Loss.TIME)
    world.create("g", task("a", cpu="1000"))
    world.wait_condition("g", "TemplatesChecked", "Unknown")
    world.run(12)
    assert world.condition("g", "TemplatesChecked", "Unknown")
    world.wait_condition("g", "TemplatesChecked", "True")
    assert world.loop.passed < 25, "the request has timed out after 20 s"


def test_an_answer_that_cannot_be_read_is_an_error_and_holds_up_nothing(world: World) -> None:
    strange = [True]
    world.api.admission.append(lambda pod: {"metadata": pod["metadata"]} if strange and strange.pop() else pod)
    world.create("g", task("a", cpu="1000"))
    world.wait_condition("g", "Waiting")
    assert world.loop.passed <= PATIENCE + 0.6
    world.wait_condition("g", "TemplatesChecked", "True")
    assert world.api.requests["POST pods dry"] == 2, "it was asked again"
    world.expected_errors = 1


def test_questions_are_asked_again_ever_more_seldom_and_then_no_more(world: World) -> None:
    world.api.trouble.order("POST", DRY, Refusal(503, "ServiceUnavailable", "away"), times=1000)
    world.create("g", task("a", cpu="1000"))
    world.run(55)
    assert world.api.trouble.met == 4
    assert world.rise("bayplan_retries_total", what="dry run") == 3
    for number in range(50):
        world.create(f"h{number}", task("a", cpu="1000"))
    world.run(1)
    assert world.api.trouble.met == 4, "what was answered a moment ago is not asked again"


# What is counted with


def test_default_requests_of_a_limit_range_are_counted(empty: World) -> None:
    empty.add_nodes(SMALL, 2)
    empty.add_nodes(LARGE, 1)
    empty.api.admission.append(limit_range("1"))
    empty.operator.start()
    annotated = {"metadata": {"annotations": {"sim.bayplan.dev/seconds": "20"}}}
    empty.create("nothing", {"name": "part", "shards": 24, "template": {**annotated, "spec": container()}})
    empty.wait_condition("nothing", "Complete")
    assert refused_by_scheduler(empty) == 0
    assert most_at_once(empty, "nothing") == 12
    assert empty.loop.passed < 45
    limits = container(resources={"limits": {"cpu": "3"}})
    empty.create("limits", {"name": "part", "shards": 4, "template": {**annotated, "spec": limits}})
    empty.wait_condition("limits", "Complete")
    assert {node_of(pod) for pod in empty.created("limits")} | {node_of(pod) for pod in empty.pods("limits")} == {"", "large-0"}
    assert refused_by_scheduler(empty) == 0


def test_what_a_runtime_class_adds_is_counted(empty: World) -> None:
    vm = NodeKind("vm", 4, "8Gi", labels={"sandbox": "vm"}, taints=(Taint("sandbox", "vm", "NoSchedule"),))
    empty.add_nodes(vm, 1)
    empty.add_nodes(NodeKind("plain", 4, "8Gi"), 2)
    empty.api.admission.append(runtime_class)
    empty.operator.start()
    empty.create("g", task("part", seconds=15, cpu="1500m", shards=6, pod={"runtimeClassName": "microvm"}))
    empty.wait_condition("g", "Complete")
    assert {node_of(pod) for pod in empty.pods("g")} == {"vm-0"}
    assert most_at_once(empty, "g") == 2
    assert len(empty.created("g")) == 6
    assert refused_by_scheduler(empty) == 0


def test_numbers_of_shards_are_decided_by_what_is_admitted(empty: World) -> None:
    """With 1 CPU each, 8 fit at once; by what is written, any number would."""
    empty.add_nodes(LARGE, 1)
    empty.api.admission.append(limit_range("1"))
    empty.operator.start()
    auto = {"shards": "Auto", "expectedDuration": "10m", "autoShards": {"max": 32}}
    empty.create("g", {"name": "part", **auto, "template": {"spec": container()}})
    empty.wait_running("g")
    assert empty.status("g")["shards"] == ["part=8"]


def test_the_lower_bound_is_that_of_what_is_admitted(empty: World) -> None:
    """16 shards of 1 CPU need two rounds on 8; by what is written, one is enough."""
    empty.loop.takes[forecast] = 6000.0
    empty.add_nodes(LARGE, 1)
    empty.api.admission.append(limit_range("1"))
    empty.api.latency = 0.1
    empty.operator.start()
    empty.create("g", {"name": "a", "shards": 16, "expectedDuration": "100s", "template": {"spec": container()}})
    empty.until(lambda: empty.status("g").get("earliestCompletion"))
    bounds = [status["earliestCompletion"] for status in ever(empty, "g") if status.get("earliestCompletion")]
    assert empty.seconds(bounds[0]) > 190


def test_what_was_admitted_still_holds_after_a_change_of_the_graph(empty: World) -> None:
    empty.add_nodes(LARGE, 1)
    empty.api.admission.append(limit_range("1"))
    empty.operator.start()
    empty.create("g", {"name": "a", "shards": 24, "template": {"spec": container()}})
    empty.wait_running("g", count=8)
    empty.patch(TASK_GRAPH, "g", {"spec": {"suspend": True}})
    empty.until(lambda: not empty.running("g"), "its pods are stopped")
    empty.run(700)
    empty.patch(TASK_GRAPH, "g", {"spec": {"suspend": False}})
    empty.wait_running("g", count=8)
    empty.run(30)
    assert len(empty.running("g")) == 8
    assert refused_by_scheduler(empty) == 0


def test_after_a_restart_pods_are_not_placed_before_the_answers_are_there(empty: World) -> None:
    empty.add_nodes(LARGE, 1)
    empty.api.admission.append(limit_range("1"))
    empty.api.latency = 0.2
    empty.operator.start()
    empty.create("g", {"name": "a", "shards": 24, "template": {"spec": container()}})
    empty.wait_running("g", count=8)
    empty.operator.restart()
    empty.run(30)
    assert len(empty.created("g")) == 8
    assert refused_by_scheduler(empty) == 0


def test_real_pods_correct_what_was_answered(empty: World) -> None:
    """A LimitRange that changes while graphs wait needs no watch, and no question."""
    empty.add_nodes(LARGE, 1)
    empty.api.admission.append(limit_range("4"))
    empty.operator.start()
    part = {"metadata": {"annotations": {"sim.bayplan.dev/seconds": "10"}}, "spec": container()}
    empty.create("g", {"name": "part", "shards": 20, "template": part})
    empty.wait_running("g", count=2)
    assert len(empty.running()) == 2
    empty.api.admission[:] = [limit_range("2")]
    empty.run(22)
    assert len(empty.running()) == 4
    empty.wait_condition("g", "Complete")
    assert empty.api.requests["POST pods dry"] == 1


# How much is asked


def test_graphs_of_one_template_cost_one_question_and_the_later_ones_wait_for_none(world: World) -> None:
    world.api.latency = 1.0
    world.create("first", task("a", seconds=1, args=["0"], env=[{"name": "N", "value": "0"}]))
    world.wait_condition("first", "Complete")
    begin = world.loop.passed
    for number in range(300):
        pod = task("a", seconds=1, args=[str(number)], env=[{"name": "N", "value": str(number)}])
        world.create(f"g{number}", pod)
    world.wait_condition("g0", "Complete")
    for number in range(300):
        world.wait_condition(f"g{number}", "Complete")
        created = world.store.born_at[world.created(f"g{number}")[0]["metadata"]["uid"]]
        if number < 20:  # all that are created at once
            assert created - EPOCH - begin < 0.5 + 0.5 + 0.1, "the watch, the request, and a tick"
    assert world.api.requests["POST pods dry"] == 1


def test_a_burst_of_templates_asks_no_more_often_than_it_may(world: World) -> None:
    world.loop.takes[forecast] = 60.0
    begin = world.loop.passed
    for number in range(40):
        world.create(f"g{number}", *(task(f"t{n}", seconds=None, cpu=f"{number * 10 + n + 1}m") for n in range(10)))
    asked = []
    for _ in range(20):
        world.run(1)
        asked.append(world.api.requests["POST pods dry"])
        assert asked[-1] <= 100 + 20 * (world.loop.passed - begin) + 1
    assert asked[1] >= 100
    assert len(world.created()) == 400, "none of them waited for longer than it may"


def test_nothing_is_asked_without_the_lease(world: World) -> None:
    world.run(1)
    world.operator.leading = False
    world.create("g", task("a"))
    world.run(60)
    assert world.api.requests["POST pods dry"] == 0
    assert world.operator.late == []


def test_a_dry_run_is_a_pod_as_it_will_be_but_for_its_node_and_its_name(world: World) -> None:
    seen: list[Object] = []
    world.api.admission.append(lambda pod: seen.append(pod) or pod)  # type: ignore[func-returns-value]
    world.create("g", task("a", seconds=1))
    world.wait_condition("g", "Complete")
    dry, real = seen
    assert dry["metadata"]["name"] != real["metadata"]["name"]
    for part in ("labels", "finalizers", "ownerReferences"):
        assert dry["metadata"][part] == real["metadata"][part]
    assert "affinity" in real["spec"]
    own = {field: real["spec"][field] for field in ("affinity", "tolerations", "containers")}
    assert {**dry["spec"], **own} == real["spec"]
    (one,), (other,) = dry["spec"]["containers"], real["spec"]["containers"]
    assert {**one, "env": other["env"]} == other
    assert sorted(one["env"], key=str) == sorted(other["env"], key=str)
    assert [each["key"] for each in dry["spec"]["tolerations"]] == [each["key"] for each in real["spec"]["tolerations"]]
    assert len(world.created()) == 1, "a dry run is not stored"


# Whatever is answered


ANSWERS = st.sampled_from(
    [
        None, None, None, Loss.TIME, Loss.REQUEST, Loss.ANSWER,
        Refusal(500, "InternalError", "failed calling webhook"),
        Refusal(429, "TooManyRequests", "later", retry_after=3),
        Refusal(403, "Forbidden", "exceeded quota"),
        Refusal(404, "NotFound", "no such namespace"),
        Refusal(409, "AlreadyExists", "there already"),
        Refusal(400, "BadRequest", 'admission webhook "w" does not support dry run'),
        Refusal(400, "BadRequest", 'admission webhook "w" denied the request: no'),
        Refusal(422, "Invalid", 'Pod "x" is invalid: spec: Forbidden'),
    ]
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(ANSWERS, min_size=1, max_size=3), min_size=1, max_size=6), st.lists(st.floats(0.0, 7.0), max_size=3))
def test_no_answer_loses_a_graph_and_none_waits_longer_than_it_may(answers: list[list[Any]], kills: list[float]) -> None:
    """Each graph is accepted or refused within 5 s of being seen, and what was accepted runs."""
    with begun() as world:
        world.loop.takes[forecast] = 60.0
        world.add_nodes(LARGE, 4)
        world.api.latency = 0.05
        for number, of_one in enumerate(answers):
            for each in of_one:
                if each is not None:
                    world.api.trouble.order("POST", rf"/namespaces/test-{number}{DRY}", each)
        world.operator.start()
        world.run(1.0)
        for number in range(len(answers)):
            world.store.create(
                TASK_GRAPH, f"test-{number}",
                {"metadata": {"name": "g"}, "spec": {"tasks": [task("a", seconds=1), task("b", "a", seconds=1, cpu="2")]}},
            )  # fmt: skip
        for seconds in kills:
            world.run(seconds)
            world.operator.restart()
        world.run(PATIENCE + 1.0)

        def graphs() -> list[Object]:
            return [world.store.get(TASK_GRAPH, f"test-{number}", "g").get("status", {}) for number in range(len(answers))]

        for status in graphs():
            assert find(status, "Accepted") is not None
        world.until(
            lambda: all(find(each, "Complete", "True") or find(each, "Accepted", "False") for each in graphs()), "all are over"
        )
        for status, of_one in zip(graphs(), answers, strict=True):
            if find(status, "Accepted", "False"):
                assert any(isinstance(each, Refusal) and each.status == 422 for each in of_one)
