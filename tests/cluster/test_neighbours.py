"""Pods that are to be spread, near each other or apart, on a real kube-scheduler: it refuses none of those that are pinned."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.kube import PATIENCE, Kube, Object, task, wait_for
from tests.cluster.pod_log import PodLog
from tests.testbed.nodes import NodeKind
from tests.testbed.testbed import Testbed

HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"


@pytest.fixture
def zones(simulated: Testbed, kube: Kube) -> Iterator[dict[str, str]]:
    """Twelve nodes of 64 cores that only this test uses, by name, with their zones."""
    value = f"zoned-{uuid.uuid4().hex[:6]}"
    kind = NodeKind(value, 64, "256Gi", labels={"pool": value})
    names = simulated.add_nodes(kind, 12)
    yield {each.metadata.name: each.metadata.labels[ZONE] for each in kube.core.list_node(label_selector=f"pool={value}").items}
    for graph in kube.graphs():
        kube.delete(graph["metadata"]["name"])
    wait_for(lambda: not kube.pods(), "the pods are gone")
    for name in names:
        simulated.delete_node(name)


def labelled(zones: dict[str, str], name: str, app: str, shards: int, **terms: Any) -> Object:
    pool = next(iter(zones)).rpartition("-")[0]
    made = task(name, shards=shards, seconds=2.0, cpu="1", pod={"nodeSelector": {"pool": pool}, **terms})
    made["template"]["metadata"]["labels"] = {"app": app}
    return made


def selector(app: str) -> Object:
    return {"labelSelector": {"matchLabels": {"app": app}}}


def spread(key: str, app: str, skew: int = 1, **more: Any) -> Object:
    constraint = {"topologyKey": key, "maxSkew": skew, "whenUnsatisfiable": "DoNotSchedule", **selector(app), **more}
    return {"topologySpreadConstraints": [constraint]}


def pods_rule(kind: str, key: str, app: str) -> Object:
    return {"affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": key, **selector(app)}]}}}


def test_of_300_pods_with_spreads_and_affinities_kube_scheduler_refuses_none(kube: Kube, zones: dict[str, str]) -> None:
    log = PodLog(kube)
    kube.create("zones", labelled(zones, "a", "zones", 60, **spread(ZONE, "zones")))
    kube.create("hosts", labelled(zones, "a", "hosts", 60, **spread(HOST, "hosts", nodeTaintsPolicy="Honor")))
    kube.create("wide", labelled(zones, "a", "wide", 30, **spread(ZONE, "wide", 2, nodeAffinityPolicy="Ignore")))
    kube.create("domains", labelled(zones, "a", "domains", 30, **spread(ZONE, "domains", minDomains=2)))
    kube.create("apart", labelled(zones, "a", "apart", 60, **pods_rule("podAntiAffinity", HOST, "apart")))
    kube.create("together", labelled(zones, "a", "together", 30, **pods_rule("podAffinity", ZONE, "together")))
    port = {"containers": [{"image": "none", "ports": [{"containerPort": 80, "hostPort": 8085}]}]}
    kube.create("ports", labelled(zones, "a", "ports", 30, **port))
    graphs = ["zones", "hosts", "wide", "domains", "apart", "together", "ports"]
    for name in graphs:
        kube.wait_condition(name, "Complete", timeout=2 * PATIENCE)
    log.stop()
    assert len(log.created()) == 300
    refused = {
        f"{pod.metadata.labels['bayplan.dev/graph']}: {each.message}"
        for _, pod in log.events
        for each in pod.status.conditions or ()
        if each.reason == "Unschedulable"
    }
    assert refused == set()
    for graph, key, most in (("zones", "zone", 1), ("hosts", "node", 1), ("domains", "zone", 1), ("wide", "zone", 2)):
        assert skew(log, graph, zones, key) <= most
    assert max(at_once(log, "apart").values()) == 1
    assert max(at_once(log, "ports").values()) == 1
    assert len({zones[pod.spec.node_name] for pod in last(log, "together")}) == 1


def last(log: PodLog, graph: str) -> list[Any]:
    """Each pod of a graph that was bound, as it was last seen."""
    found = {pod.metadata.uid: pod for _, pod in log.events if pod.metadata.labels["bayplan.dev/graph"] == graph}
    return [pod for pod in found.values() if pod.spec.node_name]


def at_once(log: PodLog, graph: str) -> Counter[str]:
    """Per node, how many pods of a graph were bound there and had not ended, at most."""
    there: defaultdict[str, set[str]] = defaultdict(set)
    most: Counter[str] = Counter()
    for kind, pod in log.events:
        if pod.metadata.labels["bayplan.dev/graph"] != graph or not pod.spec.node_name:
            continue
        over = kind == "DELETED" or pod.status.phase in ("Succeeded", "Failed")
        (there[pod.spec.node_name].discard if over else there[pod.spec.node_name].add)(pod.metadata.uid)
        most[pod.spec.node_name] = max(most[pod.spec.node_name], len(there[pod.spec.node_name]))
    return most


def skew(log: PodLog, graph: str, zones: dict[str, str], key: str) -> int:
    """By how much the domain with the most pods of a graph ever was ahead of the one with the fewest, among those bound."""
    counts = Counter(dict.fromkeys(zones.values() if key == "zone" else zones, 0))
    bound: set[str] = set()
    most = 0
    for _, pod in log.events:
        node = pod.spec.node_name
        if pod.metadata.labels["bayplan.dev/graph"] == graph and node and pod.metadata.uid not in bound:
            bound.add(pod.metadata.uid)
            counts[zones[node] if key == "zone" else node] += 1
            most = max(most, max(counts.values()) - min(counts.values()))
        if len(bound) >= len(counts):
            break  # from then on pods end, and which are counted at an instant is seen differently by each observer
    return most
