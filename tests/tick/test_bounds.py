"""What is ended again and again is begun ever more seldom; no pod goes back at once to where it was evicted, and no node stands
empty because it has refused one."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest

from tests.cluster.kube import Object, task
from tests.testbed.nodes import NodeKind, Taint
from tests.tick.api.kinds import NODE, POD
from tests.tick.machinery.pods import key, node_of, write_status
from tests.tick.world import World

LIMIT = "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. "


def begun(world: World, graph: str) -> list[float]:
    """When each pod of a graph was created, in seconds after the begin."""
    return [world.seconds(pod["metadata"]["creationTimestamp"]) for pod in world.created(graph)]


def sent(world: World, graph: str) -> list[str]:
    """Where each of its pods was meant to go, in order."""
    return [pod["metadata"]["annotations"]["bayplan.dev/node"] for pod in world.created(graph)]


# Evictions


def evicts(world: World, message: str, target: bool, after: float = 0.0) -> None:
    """From now on, kubelets evict every pod once it has run so long."""

    def changed(change: Any) -> None:
        _, kind, what, pod = change
        if kind == POD and what == "MODIFIED" and pod["status"].get("phase") == "Running":
            world.loop.after(after, evict, pod)

    def evict(pod: Object) -> None:
        now = world.store.find(POD, *key(pod))
        if now is not None and now["metadata"]["uid"] == pod["metadata"]["uid"] and now["status"]["phase"] == "Running":
            condition = {"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet", "message": message}
            conditions = [{**condition, "lastTransitionTime": world.store.stamp()}] if target else []
            write_status(world.store, now, phase="Failed", reason="Evicted", message=message, conditions=conditions)

    world.store.listeners.append(changed)


@pytest.mark.parametrize("limit", [0, 2])
@pytest.mark.parametrize(
    "message", [LIMIT, 'Usage of EmptyDir volume "tmp" exceeds the limit "1Gi". ', "Container main exceeded its local limit. "]
)
def test_evictions_for_the_pods_own_limit_count_as_failures(world: World, message: str, limit: int) -> None:
    evicts(world, message, target=False)
    world.create("g", task("fill", seconds=None), retry={"limit": limit, "backoff": {"initial": "1s", "factor": 2}})
    failed = world.wait_condition("g", "Failed")
    assert f"Evicted: {message.strip()}" in failed["message"]
    first, *others = begun(world, "g")
    assert [later - first for later in others] == [pytest.approx(wait, abs=1) for wait in (1, 3)[:limit]]


@pytest.mark.parametrize("after", [0.0, 7.0])
def test_evictions_under_pressure_cost_no_retry_and_are_backed_off_though_each_attempt_ran(world: World, after: float) -> None:
    evicts(world, "The node was low on resource: memory. ", target=True, after=after)
    world.create("g", task("a", seconds=None), retry={"limit": 0})
    world.run(600)
    times = begun(world, "g")
    assert 5 < len(times) < 30
    assert max(later - before for before, later in pairwise(times)) >= 30
    assert "The node was low on resource" in str(world.events("AttemptEnded"))
    assert world.condition("g", "Failed", "True") is None


def test_what_was_evicted_from_a_node_goes_elsewhere(world: World) -> None:
    world.create("g", task("a", seconds=40))
    (pod,) = world.wait_running("g")
    where = node_of(pod)
    words = "The node was low on resource: memory. "
    condition = {"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet", "message": words}
    write_status(world.store, pod, phase="Failed", reason="Evicted", message=words, conditions=[condition])
    (again,) = world.wait_running("g")
    assert node_of(again) != where


# Taints that are tolerated for a while

STAYING = NodeKind("staying", 16, "64Gi")


def leaving(seconds: int) -> dict[str, Any]:
    return {"tolerations": [{"key": "out", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds}]}


@pytest.mark.parametrize("staying", [0, 1])
def test_a_pod_that_may_not_stay_long_enough_does_not_bounce(empty: World, staying: int) -> None:
    empty.add_nodes(NodeKind("leaving", 2, "8Gi", taints=(Taint("out", "soon", "NoExecute"),)), 1)
    empty.add_nodes(STAYING, staying)
    empty.operator.start()
    empty.create("g", task("work", seconds=40, pod=leaving(10)), retry={"limit": 0})
    if staying:
        empty.wait_condition("g", "Complete")
        assert sent(empty, "g") == ["leaving-0", "staying-0"], "the first eviction shows it"
    else:
        empty.run(600)
        assert 3 < len(sent(empty, "g")) < 12
    told = [event["message"] for event in empty.events("AttemptEnded")]
    assert all("DeletionByTaintManager" in each and "NoExecute taint" in each for each in told)
    assert told


@pytest.mark.parametrize("seed", range(6))
def test_drawn_taints_and_times_end_where_they_can_stay(empty: World, seed: int) -> None:
    draw = random.Random(seed)
    count = draw.randint(1, 4)
    empty.add_nodes(NodeKind("leaving", draw.choice((2, 4)), "8Gi", taints=(Taint("out", "soon", "NoExecute"),)), count)
    empty.add_nodes(STAYING, draw.randint(1, 2))
    empty.operator.start()
    shards, may_stay = draw.randint(1, 6), draw.randint(3, 20)
    work = task("work", seconds=may_stay + draw.randint(1, 60), shards=shards, pod=leaving(may_stay))
    empty.create("g", work, retry={"limit": 0})
    empty.wait_condition("g", "Complete")
    assert len(sent(empty, "g")) <= shards * (count + 1), "from each node at most once"


# Anti-affinity


def apart(shards: int, seconds: float, topology: str = "kubernetes.io/hostname", cpu: str = "1") -> Object:
    term = {"labelSelector": {"matchLabels": {"app": "apart"}}, "topologyKey": topology}
    affinity = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    made = task("a", shards=shards, seconds=seconds, cpu=cpu, pod={"affinity": affinity})
    made["template"]["metadata"]["labels"] = {"app": "apart"}
    return made


@pytest.mark.parametrize(("shards", "seconds", "nodes"), [(5, 20, 3), (20, 10, 5), (12, 3, 2)])
@pytest.mark.parametrize("memory", [5.0, 30.0])
def test_no_node_stands_empty_because_it_has_refused(shards: int, seconds: int, nodes: int, memory: float) -> None:
    world = World(rejection_memory=memory)
    try:
        world.create_policy("default")
        world.add_nodes(NodeKind("few", 8, "32Gi"), nodes)
        world.scheduler.delay = 0.02
        world.operator.start()
        world.create("g", apart(shards, seconds), retry={"limit": 0})
        world.wait_condition("g", "Complete")
        rounds = -(-shards // nodes)
        assert world.loop.passed <= 1.1 * rounds * seconds + 1.0, "as long as kube-scheduler alone takes, and a tenth"
    finally:
        world.close()


@pytest.mark.parametrize("seed", range(6))
def test_drawn_anti_affinity_on_few_nodes_beside_others(seed: int) -> None:
    draw = random.Random(seed)
    world = World(rejection_memory=30.0)
    try:
        world.create_policy("default")
        nodes, shards, seconds = draw.randint(2, 6), draw.randint(3, 24), draw.randint(2, 30)
        world.add_nodes(NodeKind("few", draw.choice((4, 16)), "64Gi"), nodes)
        world.scheduler.delay = draw.choice((0.005, 0.05, 0.2))
        world.operator.start()
        world.create("others", task("b", shards=draw.randint(1, 40), seconds=draw.randint(1, 9), cpu="500m"))
        world.create("g", apart(shards, seconds, cpu="500m"), retry={"limit": 0})
        world.wait_condition("g", "Complete")
        rounds = -(-shards // nodes)
        assert world.loop.passed <= 1.2 * rounds * seconds + 3.0 + rounds * 4 * world.scheduler.delay
    finally:
        world.close()


def test_a_class_that_is_refused_for_good_is_not_sent_at_every_pod_that_leaves(world: World) -> None:
    world.scheduler.objection = lambda pod, node: "node(s) had volume node affinity conflict" if "big" in str(pod) else ""
    world.create("big", task("a", seconds=1, pod={"containers": [{"name": "big", "image": "none"}]}), retry={"limit": 0})
    for number in range(120):
        world.create(f"small-{number}", task("b", seconds=1 + number % 5, shards=4))
    world.run(120)
    assert len(sent(world, "big")) < 60
    assert world.running("big") == []


def test_a_node_that_changes_is_asked_again_at_once(empty: World) -> None:
    empty.add_nodes(NodeKind("only", 8, "32Gi"), 1)
    empty.operator.start()
    empty.scheduler.objection = lambda pod, node: "node(s) had volume node affinity conflict"
    empty.create("g", task("a", seconds=1), retry={"limit": 0})
    empty.run(40)
    empty.scheduler.objection = lambda pod, node: ""
    before = empty.loop.passed
    empty.patch(NODE, "only-0", {"metadata": {"labels": {"mended": "yes"}}})
    empty.wait_condition("g", "Complete")
    assert empty.loop.passed - before < 3.0
