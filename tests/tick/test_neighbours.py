"""Pods that must be spread, near each other or apart: placed at once where they may be, without a refusal."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cluster.kube import Object, task
from tests.testbed.nodes import NodeKind
from tests.tick.api.kinds import NAMESPACE as NAMESPACES
from tests.tick.api.kinds import NODE, POD
from tests.tick.conftest import begun
from tests.tick.machinery.pods import node_of
from tests.tick.world import World

HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
NODES = NodeKind("n", 8, "32Gi", zones=("east", "west"))
SAME = {"matchLabels": {"app": "same"}}


def nodes(world: World, count: int, kind: NodeKind = NODES) -> World:
    world.add_nodes(kind, count)
    world.operator.start()
    return world


def labelled(
    name: str, *after: str, pod: Object, shards: int = 1, seconds: float | None = 20, cpu: str = "1", **labels: str
) -> Object:
    """A task whose pods have these labels, or else those that `SAME` selects."""
    made = task(name, *after, pod=pod, shards=shards, seconds=seconds, cpu=cpu)
    made["template"]["metadata"]["labels"] = labels or {"app": "same"}
    return made


def apart(key: str = HOST, selector: Object = SAME, **more: Any) -> Object:
    term = {"topologyKey": key, "labelSelector": selector, **more}
    return {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


def near(key: str = HOST, selector: Object = SAME) -> Object:
    term = {"topologyKey": key, "labelSelector": selector}
    return {"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


def spread(key: str = ZONE, **more: Any) -> Object:
    constraint = {"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": SAME, **more}
    return {"topologySpreadConstraints": [constraint]}


def domains(world: World, key: str, pods: list[Object]) -> Counter[str]:
    labels = {each["metadata"]["name"]: each["metadata"]["labels"] for each in world.store.all(NODE)}
    return Counter(labels[node_of(each)][key] for each in pods)


@pytest.mark.parametrize(("shards", "seconds", "count"), [(5, 20, 3), (20, 10, 5)])
def test_what_must_keep_apart_runs_on_all_nodes_at_once_and_is_never_refused(
    empty: World, shards: int, seconds: float, count: int
) -> None:
    nodes(empty, count)
    empty.create("g", labelled("a", pod=apart(), shards=shards, seconds=seconds))
    empty.wait_condition("g", "Complete")
    assert len(empty.created("g")) == shards
    rounds = -(-shards // count)
    assert empty.loop.passed < 1.05 * rounds * seconds + 1


@pytest.mark.parametrize("policy", [{}, {"nodeAffinityPolicy": "Ignore"}, {"minDomains": 2}])
def test_a_topology_spread_constraint_holds_though_pods_are_pinned(empty: World, policy: dict[str, Any]) -> None:
    nodes(empty, 4)
    empty.create("g", labelled("a", pod=spread(**policy), shards=6))
    empty.until(lambda: len(empty.running("g")) == 6)
    assert domains(empty, ZONE, empty.running("g")) == {"east": 3, "west": 3}
    assert len(empty.created("g")) == 6
    assert empty.loop.passed < 2


def test_what_no_domain_may_have_waits_and_says_why(empty: World) -> None:
    nodes(empty, 2, NodeKind("n", 2, "32Gi", zones=("east", "west")))
    empty.create("full", labelled("a", pod={}, seconds=None, cpu="2", app="x"))
    empty.until(lambda: empty.running("full"))
    empty.create("g", labelled("a", pod=spread(), shards=3, seconds=None))
    empty.until(lambda: len(empty.running("g")) == 1)
    empty.run(5)
    words = empty.condition("g", "Waiting")["message"]
    assert "1 is where its topology spread constraint allows no more" in words, words
    assert len(empty.created("g")) == 1


def test_a_follower_goes_where_its_partner_is_once_that_is_bound(empty: World) -> None:
    nodes(empty, 4)
    empty.scheduler.delay = 1.0
    partner = labelled("partner", pod={}, seconds=60)
    follower = labelled("follower", pod=near(ZONE), shards=4, app="follower", seconds=5)
    empty.create("g", partner, follower)
    empty.wait_condition("g", "Complete")
    zones = {each["metadata"]["name"]: each["metadata"]["labels"][ZONE] for each in empty.store.all(NODE)}
    assert len({zones[each["metadata"]["annotations"]["bayplan.dev/node"]] for each in empty.created("g")}) == 1
    assert len(empty.created("g")) == 5


def test_pods_that_must_be_together_begin_with_the_first(empty: World) -> None:
    nodes(empty, 4)
    empty.scheduler.delay = 1.0
    empty.create("g", labelled("a", pod=near(), shards=4))
    empty.until(lambda: len(empty.running("g")) == 4)
    assert len({node_of(each) for each in empty.running("g")}) == 1
    assert len(empty.created("g")) == 4


def test_host_ports_are_given_once_a_node_those_of_sidecars_too(empty: World) -> None:
    nodes(empty, 2)
    port = {"ports": [{"containerPort": 80, "hostPort": 8080}]}
    sidecar = {"name": "s", "image": "none", "restartPolicy": "Always", **port}
    empty.create("g", labelled("a", pod={"containers": [{"image": "none", **port}]}, shards=2, seconds=20))
    empty.create("h", labelled("a", pod={"initContainers": [sidecar]}, shards=2, seconds=20))
    empty.wait_condition("g", "Complete")
    empty.wait_condition("h", "Complete")
    assert len(empty.created()) == 4
    assert empty.loop.passed < 43


def test_labels_of_namespaces_count_and_their_changes_too(empty: World) -> None:
    """A pod of another namespace keeps ours off, as long as its namespace has the label."""
    empty.store.create(NAMESPACES, "", {"metadata": {"name": "other", "labels": {"team": "x"}}})
    nodes(empty, 1)
    empty.create("holder", labelled("a", pod={}, seconds=None), namespace="other")
    empty.until(lambda: [each for each in empty.store.all(POD, "other") if node_of(each)])
    empty.create("g", labelled("a", pod=apart(namespaceSelector={"matchLabels": {"team": "x"}}), seconds=1))
    empty.wait_condition("g", "Waiting")
    assert "keeps apart" in empty.condition("g", "Waiting")["message"]
    empty.store.change(NAMESPACES, "", "other", lambda before: {**before, "metadata": {**before["metadata"], "labels": {}}})
    empty.wait_condition("g", "Complete")
    assert len(empty.created("g")) == 1


_TERMS = [
    {},
    apart(),
    apart(ZONE),
    near(ZONE),
    spread(),
    spread(HOST),
    spread(minDomains=2),
    spread(whenUnsatisfiable="ScheduleAnyway"),
    apart(HOST, {"matchExpressions": [{"key": "app", "operator": "Exists"}]}),
    apart(selector={}, matchLabelKeys=["bayplan.dev/task"]),
]
_ALL_DOMAINS = [
    spread(nodeAffinityPolicy="Ignore"),
    spread(HOST, nodeAffinityPolicy="Ignore", maxSkew=2),
    spread(nodeAffinityPolicy="Ignore", minDomains=2),
]
# A pod that may be the first of its kind, since its affinity selects itself, may not once another of them is bound elsewhere.
_kinds = st.lists(
    st.tuples(st.sampled_from(_TERMS), st.integers(1, 4), st.sampled_from(["same", "other"])), min_size=1, max_size=4
).filter(lambda drawn: all(terms != near(ZONE) or app == "other" for terms, _, app in drawn))
# Where kube-scheduler looks at all domains, pods that are counted and have no such constraint may fill one in between.
_alike = st.tuples(st.sampled_from(_ALL_DOMAINS), st.integers(1, 4)).flatmap(
    lambda one: st.lists(st.just((one[0], one[1], "same")), min_size=1, max_size=3)
)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 5), st.one_of(_kinds, _alike), st.randoms(use_true_random=False))
def test_kube_scheduler_refuses_nothing_that_the_engine_has_judged(
    count: int, drawn: list[tuple[Object, int, str]], lots: random.Random
) -> None:
    """Whatever the order in which kube-scheduler takes them up."""
    with begun() as world:
        world.scheduler.pace = lambda: lots.choice([0.0, 0.1, 0.5])
        nodes(world, count)
        tasks = [
            labelled(f"t{n}", pod=terms, shards=shards, seconds=3, app=app) for n, (terms, shards, app) in enumerate(drawn)
        ]
        world.create("g", *tasks)
        world.run(30)
        refused = [
            each["message"]
            for _, kind, _, pod in world.store.history
            if kind == POD
            for each in pod["status"].get("conditions", ())
            if each.get("reason") == "Unschedulable"
        ]
        assert refused == []
