"""Pods that are to be spread, near each other or apart, on a real kube-scheduler: it refuses none of those that are pinned."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
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


def labelled(zones: dict[str, str], name: str, app: str, shards: int, seconds: float | None = 2.0, **terms: Any) -> Object:
    pool = next(iter(zones)).rpartition("-")[0]
    made = task(name, shards=shards, seconds=seconds, cpu="1", pod={"nodeSelector": {"pool": pool}, **terms})
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
    spreads = {
        "zones": (60, spread(ZONE, "zones")),
        "hosts": (60, spread(HOST, "hosts", nodeTaintsPolicy="Honor")),
        "wide": (30, spread(ZONE, "wide", 2, nodeAffinityPolicy="Ignore")),
        "domains": (30, spread(ZONE, "domains", minDomains=2)),
        "together": (30, pods_rule("podAffinity", ZONE, "together")),
    }
    for name, (shards, terms) in spreads.items():
        kube.create(name, labelled(zones, "a", name, shards, None, **terms))
    kube.create("apart", labelled(zones, "a", "apart", 60, **pods_rule("podAntiAffinity", HOST, "apart")))
    port = {"containers": [{"image": "none", "ports": [{"containerPort": 80, "hostPort": 8085}]}]}
    kube.create("ports", labelled(zones, "a", "ports", 30, **port))
    running = {name: kube.wait_running(name, count=shards) for name, (shards, _) in spreads.items()}
    for name in ("zones", "domains"):
        assert skew(running[name], zones, zones.__getitem__) <= 1
    assert skew(running["hosts"], zones, str) <= 1
    assert skew(running["wide"], zones, zones.__getitem__) <= 2
    assert len({zones[pod.spec.node_name] for pod in running["together"]}) == 1
    for pods in running.values():
        kube.finish(*pods)
    for name in (*spreads, "apart", "ports"):
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
    assert max(at_once(log, "apart").values()) == 1
    assert max(at_once(log, "ports").values()) == 1


def skew(pods: list[Any], zones: dict[str, str], domain: Callable[[str], str]) -> int:
    """By how much the domain with the most of these pods is ahead of the one with the fewest."""
    counts = Counter(dict.fromkeys(map(domain, zones), 0))
    counts.update(domain(pod.spec.node_name) for pod in pods)
    return max(counts.values()) - min(counts.values())


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
