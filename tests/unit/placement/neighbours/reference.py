"""kube-scheduler's rules about pods near each other, one node and one pod at a time, written without any of the library's code
but its values (Kubernetes, plugins PodTopologySpread, InterPodAffinity and NodePorts)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bayplan.model.constraints import Requirement
from bayplan.model.neighbour import Neighbour, PodSelector, PodTerm
from bayplan.model.workload import NodeInfo


@dataclass(frozen=True, slots=True)
class Pod:
    node: NodeInfo
    seen: Neighbour
    bound: bool = True
    leaving: bool = False


Namespaces = Mapping[str, Mapping[str, str]]


def holds(requirements: Sequence[Requirement], labels: Mapping[str, str]) -> bool:
    for each in requirements:
        there = each.key in labels
        if each.operator == "In" and labels.get(each.key) not in each.values:
            return False
        if each.operator == "NotIn" and there and labels[each.key] in each.values:
            return False
        if each.operator == "Exists" and not there:
            return False
        if each.operator == "DoesNotExist" and there:
            return False
    return True


def selects(pods: PodSelector, pod: Neighbour, namespaces: Namespaces) -> bool:
    inside = pod.namespace in pods.namespaces
    if pods.namespace_selector is not None:
        labels = dict(namespaces.get(pod.namespace, {}))
        labels.setdefault("kubernetes.io/metadata.name", pod.namespace)
        inside = inside or holds(pods.namespace_selector, labels)
    return inside and pods.requirements is not None and holds(pods.requirements, dict(pod.labels))


def allowed(node: NodeInfo, pod: Neighbour, nodes: Sequence[NodeInfo], there: Sequence[Pod], namespaces: Namespaces) -> bool:
    """Whether pods keep another one off a node. Of node selectors and taints nothing is known here."""
    return not obstacle(node, pod, (nodes, nodes), there, namespaces)


def obstacle(
    node: NodeInfo,
    pod: Neighbour,
    nodes: tuple[Sequence[NodeInfo], Sequence[NodeInfo]],
    there: Sequence[Pod],
    namespaces: Namespaces,
) -> str:
    """Why pods keep another one off a node; empty: they do not. `nodes`: all, and those that its node affinity allows."""
    if not _ports(node, pod, there):
        return "didn't have free ports for the requested pod ports"
    if not _spread(node, pod, nodes, there, namespaces):
        return "didn't match pod topology spread constraints"
    if not _affinity(node, pod, there, namespaces):
        return "didn't match pod affinity rules"
    return "" if _apart(node, pod, there, namespaces) else "didn't match pod anti-affinity rules"


def _ports(node: NodeInfo, pod: Neighbour, there: Sequence[Pod]) -> bool:
    for other in there:
        if other.node.name != node.name:
            continue
        for mine in pod.ports:
            for its in other.seen.ports:
                same = (mine.port, mine.protocol) == (its.port, its.protocol)
                if same and (mine.address == its.address or "0.0.0.0" in (mine.address, its.address)):
                    return False
    return True


def _spread(
    node: NodeInfo,
    pod: Neighbour,
    nodes: tuple[Sequence[NodeInfo], Sequence[NodeInfo]],
    there: Sequence[Pod],
    namespaces: Namespaces,
) -> bool:
    hard = [each for each in pod.spread if each.hard]
    for each in hard:
        key = each.topology_key
        counted = [one for one in nodes[each.honors_affinity] if all(other.topology_key in one.labels for other in hard)]
        if key not in node.labels:
            return False
        found, least = ({one.labels[key]: 0 for one in counted} for _ in range(2))
        for other in there:
            if other.leaving or not any(one.name == other.node.name for one in counted):
                continue
            if selects(each.pods, other.seen, namespaces):
                found[other.node.labels[key]] += 1
                least[other.node.labels[key]] += other.bound or each.honors_affinity
        fewest = 0 if len(found) < each.min_domains or not found else min(least.values())
        itself = selects(each.pods, pod, namespaces)
        if found.get(node.labels[key], 0) + itself - fewest > each.max_skew:
            return False
    return True


def _near(term: PodTerm, node: NodeInfo, other: Pod) -> bool:
    key = term.topology_key
    return key in node.labels and node.labels[key] == other.node.labels.get(key)


def _affinity(node: NodeInfo, pod: Neighbour, there: Sequence[Pod], namespaces: Namespaces) -> bool:
    if not pod.affinity:
        return True
    if any(term.topology_key not in node.labels for term in pod.affinity):
        return False
    partners = [each for each in there if all(selects(term.pods, each.seen, namespaces) for term in pod.affinity)]
    if not partners:
        return all(selects(term.pods, pod, namespaces) for term in pod.affinity)
    return all(any(each.bound and _near(term, node, each) for each in partners) for term in pod.affinity)


def _apart(node: NodeInfo, pod: Neighbour, there: Sequence[Pod], namespaces: Namespaces) -> bool:
    for other in there:
        if any(_near(term, node, other) and selects(term.pods, other.seen, namespaces) for term in pod.anti_affinity):
            return False
        if any(_near(term, node, other) and selects(term.pods, pod, namespaces) for term in other.seen.anti_affinity):
            return False
    return True
