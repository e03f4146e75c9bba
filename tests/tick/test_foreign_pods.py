"""Pods of Jobs and others that carry the gate: placed by the same decider, in the same queues, and told why they wait."""

from __future__ import annotations

import pytest

from tests.cluster.kube import Object, task
from tests.testbed.nodes import CPU_LARGE
from tests.tick.api.kinds import CONFIG_MAP, NODE, POD, QUEUE
from tests.tick.api.refusal import Refusal
from tests.tick.api.trouble import Loss
from tests.tick.foreign import GATE, bound, end, gated, pod, said, waits
from tests.tick.machinery.pods import node_of
from tests.tick.seen import NAMESPACE
from tests.tick.test_queues import cpu
from tests.tick.world import World

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def required(terms: list[Object]) -> Object:
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": terms}}}


def terms(world: World, name: str) -> list[Object]:
    found: list[Object] = pod(world, name)["spec"]["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]
    return found


def test_a_pod_is_narrowed_to_its_node_and_let_go_in_one_write(world: World) -> None:
    gated(world, "a")
    node = bound(world, "a")
    assert terms(world, "a") == [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}]
    assert "nominatedNodeName" not in pod(world, "a")["status"]
    assert (said(world, "a")["status"], said(world, "a")["message"]) == ("True", f"queue default, node {node}")
    specs = [item["spec"] for _, kind, _, item in world.store.history if kind == POD]
    assert not any("affinity" in spec and spec.get("schedulingGates") for spec in specs)
    assert not any("affinity" not in spec and not spec.get("schedulingGates") for spec in specs)


def test_each_term_of_several_is_narrowed_and_one_that_says_nothing_stays_empty(world: World) -> None:
    names = sorted(each["metadata"]["name"] for each in world.store.all(NODE))
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": names[1:2]}
    there = {"key": "no-such-label", "operator": "Exists"}
    gated(world, "a", affinity=required([{"matchExpressions": [there]}, {}, {"matchExpressions": [here]}]))
    assert bound(world, "a") == names[1]
    pin = [{"key": "metadata.name", "operator": "In", "values": [names[1]]}]
    assert terms(world, "a") == [
        {"matchExpressions": [there], "matchFields": pin},
        {},
        {"matchExpressions": [here], "matchFields": pin},
    ]


def test_nothing_is_evicted_for_a_pod_of_another_program_and_it_may_hold_a_reservation(world: World) -> None:
    world.create_queue("research", cpu(2), preemption={"withinQueue": "LowerPriority"}, reserve=1)
    world.create("low", task("a", seconds=60, cpu="2"), queueName="research")
    world.wait_running("low")
    gated(world, "high", labels={"queue": "research", "priority": "9"})
    waits(world, "high", "QuotaExceeded")
    world.run(10)
    assert len(world.pods("low")) == 1
    assert "bayplan.dev/preempted-by" not in world.pods("low")[0]["metadata"].get("annotations", {})
    world.create("other", task("a", seconds=5, cpu="1"))
    world.wait_running("other")
    world.wait_condition("low", "Complete")
    bound(world, "high")


def test_pods_and_graphs_share_a_queue_and_its_line(world: World) -> None:
    world.create_queue("research", cpu(2))
    world.create("g", task("a", seconds=600, cpu="1"), queueName="research")
    world.wait_running("g")
    gated(world, "a", labels={"queue": "research"})
    bound(world, "a")
    gated(world, "b", labels={"queue": "research"})
    words = waits(world, "b", "QuotaExceeded")
    assert words.startswith("queue research: cpu: 2 of 2 used, 1 asked, 1 missing")
    world.create("h", task("a", seconds=600, cpu="1"), queueName="research")
    world.run(3)
    status = world.queue("research")["status"]
    assert (status["usage"], status["pending"], status["admitted"]) == ("cpu 2/2", 2, 2)
    assert [each["reason"] for each in world.events(about="b")] == ["QuotaExceeded"]
    gated(world, "c", labels={"queue": "research", "priority": "7"})
    world.run(3)
    end(world, "a")
    bound(world, "c")
    assert not node_of(pod(world, "b"))
    assert world.pods("h") == []


def test_a_label_cannot_change_what_a_pod_that_was_placed_holds(world: World) -> None:
    world.create_queue("research", cpu(1))
    gated(world, "a", labels={"queue": "research"})
    bound(world, "a")
    world.patch(POD, "a", {"metadata": {"labels": {"bayplan.dev/queue": "other"}}})
    world.run(3)
    assert world.queue("research")["status"]["admitted"] == 1
    world.operator.restart()
    gated(world, "b", labels={"queue": "research"})
    waits(world, "b", "QuotaExceeded")
    assert world.queue("research")["status"]["admitted"] == 1


def test_what_a_user_writes_into_labels_and_annotations_books_nothing(world: World) -> None:
    world.create_queue("research", cpu(1))
    made = {"bayplan.dev/node": world.store.all(NODE)[0]["metadata"]["name"]}
    forged = gated(world, "forged", labels={"queue": "research"}, gates=())
    world.patch(POD, "forged", {"metadata": {"annotations": made}})
    assert forged["spec"]["schedulingGates"] == []
    gated(world, "a", labels={"queue": "research"})
    bound(world, "a")


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"priority": "high"}, 'bayplan.dev/priority is "high": it must be a whole number from 0 to 1000000'),
        ({"gang": "g"}, "bayplan.dev/gang-size is missing: a pod with bayplan.dev/gang must say how many pods its gang has"),
    ],
)
def test_a_bad_label_is_told_and_others_go_on(world: World, labels: Object, words: str) -> None:
    gated(world, "bad", labels=labels)
    gated(world, "good")
    bound(world, "good")
    assert waits(world, "bad", "InvalidLabel").startswith(words)
    assert [each["type"] for each in world.events("InvalidLabel", "bad")] == ["Warning"]
    world.run(60)
    assert len(world.events("InvalidLabel", "bad")) == 1
    world.patch(POD, "bad", {"metadata": {"labels": {"bayplan.dev/priority": "1", "bayplan.dev/gang-size": "1"}}})
    world.patch(POD, "bad", {"metadata": {"labels": {"bayplan.dev/gang": "g"}}})
    bound(world, "bad")


def test_an_unknown_queue_or_policy_is_told_with_the_nearest_and_comes_into_its_own_later(world: World) -> None:
    world.create_queue("vision")
    gated(world, "a", labels={"queue": "visoin"})
    gated(world, "b", labels={"policy": "defualt"})
    assert waits(world, "a", "QueueNotFound") == (
        'bayplan.dev/queue is "visoin": there is no such Queue; did you mean "vision"?'
    )
    assert waits(world, "b", "PolicyNotFound").startswith('bayplan.dev/policy is "defualt": there is no such PlacementPolicy')
    world.create_queue("closed", everyone=False)
    gated(world, "c", labels={"queue": "closed"})
    assert "namespace test may not use queue closed" in waits(world, "c", "QueueNotAllowed")
    world.create_queue("visoin")
    world.create_policy("defualt")
    bound(world, "a")
    bound(world, "b")


def test_another_gate_stays_and_bayplan_comes_last(world: World) -> None:
    gated(world, "a", gates=("example.com/quota", GATE))
    words = waits(world, "a", "SchedulingGated")
    assert words == "another gate holds the pod back too: example.com/quota; Bayplan places it once its own is the last"
    assert [each["name"] for each in pod(world, "a")["spec"]["schedulingGates"]] == ["example.com/quota", GATE]
    world.patch(POD, "a", {"spec": {"schedulingGates": [{"name": GATE}]}})
    bound(world, "a")


@pytest.mark.parametrize("preset", ["Packing", "RoundRobin", "LeastLoaded", "GraphPlan", "Random", "Genetic"])
def test_every_kind_of_planner_places_pods_and_gangs_within_their_quota(world: World, preset: str) -> None:
    world.create_policy("p", preset=preset)
    world.create_queue("q", cpu(5))
    for number in range(4):
        gated(world, f"p{number}", labels={"queue": "q", "policy": "p", "priority": "1"})
    for number in range(3):
        gated(world, f"g{number}", labels={"queue": "q", "policy": "p", "gang": "g", "gang-size": "3"})
    for number in range(4):
        bound(world, f"p{number}")
    waits(world, "g0", "QuotaExceeded")
    assert not any(node_of(pod(world, f"g{number}")) for number in range(3))
    end(world, "p0")
    end(world, "p1")
    for number in range(3):
        bound(world, f"g{number}")


def test_an_adaptive_policy_places_pods_by_its_first_candidate(world: World) -> None:
    candidates = [{"name": "packed", "preset": "Packing"}, {"name": "spread", "preset": "LeastLoaded"}]
    world.create_policy("a", adaptive={"candidates": candidates})
    for number in range(4):
        gated(world, f"p{number}", labels={"policy": "a"})
    assert len({bound(world, f"p{number}") for number in range(4)}) == 1


def test_a_policy_for_other_namespaces_refuses(world: World) -> None:
    world.create_policy("theirs", serves={"namespaces": ["elsewhere"]})
    gated(world, "a", labels={"policy": "theirs"})
    assert waits(world, "a", "PolicyRefuses") == "policy theirs does not serve namespace test; it serves elsewhere"


def test_what_waits_is_told_with_other_numbers_at_most_every_ten_seconds(world: World) -> None:
    gated(world, "a", cpu="100")
    waits(world, "a", "NoSuchNode")
    world.run(1)
    before = world.api.requests["PATCH pods"]
    for _ in range(8):
        world.add_nodes(CPU_LARGE, 1)
        world.run(1)
    assert world.api.requests["PATCH pods"] - before <= 1
    world.run(20)
    assert said(world, "a")["message"].startswith("0/12 nodes: ")
    assert len(world.events("NoSuchNode", "a")) == 1
    before = world.api.requests["PATCH pods"]
    world.run(300)
    assert world.api.requests["PATCH pods"] == before


def test_a_queue_that_a_pod_waits_for_is_not_gone_before_it(world: World) -> None:
    world.create_queue("research", cpu(0))
    gated(world, "a", labels={"queue": "research"})
    waits(world, "a", "QuotaExceeded")
    world.run(3)
    world.delete(QUEUE, "research")
    world.run(3)
    assert "waits for 1 pod and 0 graphs" in str(world.queue("research")["status"])
    world.delete(POD, "a")
    world.until(lambda: world.store.find(QUEUE, "", "research") is None)


# Kills, conflicts and losses


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06])
def test_an_operator_killed_at_any_instant_leaves_a_pod_that_its_successor_places_once(world: World, delay: float) -> None:
    world.create_queue("research", cpu(1))
    world.run(1)
    world.api.latency = 0.02
    gated(world, "a", labels={"queue": "research"})
    world.run(delay)
    world.operator.kill()
    world.run(5)
    world.operator.start()
    gated(world, "b", labels={"queue": "research"})
    bound(world, "a")
    waits(world, "b", "QuotaExceeded")
    world.run(2)
    assert world.queue("research")["status"]["admitted"] == 1
    assert len(terms(world, "a")) == 1


def test_a_pod_that_changes_while_it_is_let_go_is_decided_once_more(world: World) -> None:
    world.run(1)
    world.api.latency = 0.02
    names = sorted(each["metadata"]["name"] for each in world.store.all(NODE))
    gated(world, "a", labels={"queue": "default"})
    world.until(lambda: said(world, "a").get("status") == "True")
    other = {"key": "kubernetes.io/hostname", "operator": "In", "values": names[3:]}
    world.patch(POD, "a", {"spec": {"affinity": required([{"matchExpressions": [other]}])}})
    assert bound(world, "a") == names[3]
    assert world.rise("bayplan_pods_let_go_total", outcome="Changed") == 1


def test_a_write_by_others_in_between_is_only_a_conflict(world: World) -> None:
    world.run(1)
    world.api.latency = 0.02
    gated(world, "a")
    world.until(lambda: said(world, "a").get("status") == "True")
    world.patch(POD, "a", {"metadata": {"labels": {"other": "1"}}})
    bound(world, "a")
    world.run(1)
    assert world.rise("bayplan_api_write_retries_total", what="let pod go", why="Conflict") == 1
    assert world.rise("bayplan_pods_let_go_total", outcome="LetGo") == 1


def test_an_answer_that_is_lost_changes_nothing(world: World) -> None:
    world.api.trouble.order("PATCH", "/pods/a$", Loss.ANSWER)
    world.create_queue("research", cpu(1))
    gated(world, "a", labels={"queue": "research"})
    bound(world, "a")
    world.run(5)
    assert world.queue("research")["status"]["admitted"] == 1
    assert world.rise("bayplan_pods_let_go_total", outcome="LetGo") == 1


def test_a_refused_write_is_told_and_tried_again_with_back_off(world: World) -> None:
    words = 'admission webhook "guard" denied the request: not now'
    world.api.trouble.order("PATCH", "/pods/a$", Refusal(403, "Forbidden", words), times=3)
    world.create_queue("research", cpu(1))
    gated(world, "a", labels={"queue": "research"})
    assert waits(world, "a", "Denied") == words
    gated(world, "b", labels={"queue": "research"})
    bound(world, "b")  # what could not be let go holds nothing
    end(world, "b")
    began = world.loop.passed
    bound(world, "a")
    assert 15 <= world.loop.passed - began <= 60
    assert world.rise("bayplan_retries_total", what="let pod go") == 3


def test_what_is_being_let_go_counts_at_once(world: World) -> None:
    world.run(1)
    world.api.latency = 1.0
    world.create_queue("research", cpu(1))
    gated(world, "a", labels={"queue": "research"})
    world.run(0.3)
    gated(world, "b", labels={"queue": "research"})
    bound(world, "a")
    waits(world, "b", "QuotaExceeded")
    assert pod(world, "b")["spec"]["schedulingGates"]


def test_a_pod_that_is_deleted_meanwhile_holds_nothing(world: World) -> None:
    world.run(1)
    world.api.latency = 0.02
    world.create_queue("research", cpu(1))
    gated(world, "a", labels={"queue": "research"})
    world.until(lambda: said(world, "a").get("status") == "True")
    world.delete(POD, "a")
    gated(world, "b", labels={"queue": "research"})
    bound(world, "b")


def test_a_pod_that_its_user_lets_go_while_it_is_decided_is_counted_where_it_is_bound(world: World) -> None:
    world.run(1)
    world.api.latency = 0.02
    gated(world, "a")
    world.until(lambda: said(world, "a").get("status") == "True")
    world.patch(POD, "a", {"spec": {"schedulingGates": None}})
    node = bound(world, "a")
    world.run(3)
    assert "affinity" not in pod(world, "a")["spec"]
    assert world.operator.view is not None
    assert (NAMESPACE, "a") in world.operator.view.cluster.occupants(node)
    assert world.rise("bayplan_pods_let_go_total", outcome="Changed") == 1


def test_without_the_lease_no_pod_is_let_go(world: World) -> None:
    world.run(1)
    world.api.latency = 0.02
    gated(world, "a")
    world.until(lambda: said(world, "a").get("status") == "True")
    world.operator.leading = False
    world.run(30)
    assert world.operator.late == []
    assert pod(world, "a")["spec"]["schedulingGates"]
    world.operator.kill()
    world.operator.leading = True
    world.operator.start()
    bound(world, "a")


def test_a_pod_of_the_same_name_is_another(world: World) -> None:
    gated(world, "a", cpu="1000")
    waits(world, "a", "NoSuchNode")
    world.delete(POD, "a")
    gated(world, "a")
    bound(world, "a")


def test_where_kube_scheduler_does_not_bind_others_are_not_sent_and_the_pod_is_told(world: World) -> None:
    gated(world, "probe")
    node = bound(world, "probe")
    world.scheduler.objection = lambda _, where: "node(s) had volume node affinity conflict" if where == node else ""
    gated(world, "a")
    told = world.until(lambda: world.events("NotBound", "a"))
    assert f"kube-scheduler does not bind the pod to node {node}" in told[0]["message"]
    gated(world, "b")
    assert bound(world, "b") != node
    world.run(30)
    assert len(world.events("NotBound", "a")) == 1
    assert not node_of(pod(world, "a"))
    world.operator.restart()  # what was refused is seen once more
    gated(world, "c")
    assert bound(world, "c") != node
    world.scheduler.objection = lambda pod, where: ""
    world.delete(POD, "probe")
    assert bound(world, "a") == node


def test_kube_scheduler_is_asked_about_several_nodes_where_it_alone_can_judge_and_terms_may_be_set(world: World) -> None:
    names = sorted(each["metadata"]["name"] for each in world.store.all(NODE))
    world.scheduler.objection = lambda _, where: "" if where == names[3] else "node(s) had volume node affinity conflict"
    job = world.store.create(CONFIG_MAP, NAMESPACE, {"metadata": {"name": "job"}})["metadata"]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "job", "uid": job["uid"], "controller": True}
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "v"}}]

    def of_the_job(name: str, **spec: object) -> None:
        gated(world, name, owner=owner, volumes=volumes, **spec)

    of_the_job("a")
    world.until(lambda: world.events("NotBound", "a"))
    of_the_job("b")
    assert bound(world, "b") == names[3]
    assert len(terms(world, "b")) > 1
    assert all(len(each["matchFields"]) == 1 for each in terms(world, "b"))


def test_a_pod_that_its_user_lets_go_is_counted_where_it_is(world: World) -> None:
    world.create_queue("research", cpu(0))
    gated(world, "a", labels={"queue": "research"})
    waits(world, "a", "QuotaExceeded")
    world.patch(POD, "a", {"spec": {"schedulingGates": None}})
    bound(world, "a")
    world.run(3)
    status = world.queue("research")["status"]
    assert (status["pending"], status["admitted"]) == (0, 0)


def test_without_an_operator_pods_stay_at_the_gate(empty: World) -> None:
    empty.add_nodes(CPU_LARGE, 1)
    gated(empty, "a")
    empty.run(600)
    assert not node_of(pod(empty, "a"))
    assert said(empty, "a") == {}
    empty.operator.start()
    bound(empty, "a")


def test_the_gauge_says_why_pods_wait(world: World) -> None:
    gated(world, "a", cpu="1000")
    gated(world, "b", labels={"priority": "x"})
    waits(world, "a", "NoSuchNode")
    world.run(2)
    assert world.rise("bayplan_gated_pods", reason="NoSuchNode") == 1
    assert world.rise("bayplan_gated_pods", reason="InvalidLabel") == 1
