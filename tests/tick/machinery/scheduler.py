"""kube-scheduler, on virtual time: a pod gets a node that its affinity allows and that has room, or hears why it gets none."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from bayplan.model.neighbour import Neighbour
from bayplan.model.workload import NodeInfo
from bayplan_operator.kube import wire
from bayplan_operator.translate.amounts import accepted_amount
from bayplan_operator.translate.neighbours import nearby_terms
from bayplan_operator.translate.pod_requests import pod_requests
from tests.tick.api.kinds import NAMESPACE, NODE, POD
from tests.tick.api.store import Change, Object, Store
from tests.tick.loop import VirtualLoop
from tests.tick.machinery.pods import deleting, key, node_of, terminal, there, write_status
from tests.unit.placement.neighbours.reference import Pod, obstacle


class Scheduler:
    """Takes each pod up once it has waited for `delay` seconds, and again whenever something has changed. Gated ones wait."""

    def __init__(self, store: Store, loop: VirtualLoop) -> None:
        self.delay = 0.0
        self.pace: Callable[[], float] = lambda: 0.0
        """Answers how much longer each pod waits."""
        self.objection: Callable[[Object, str], str] = lambda pod, node: ""
        """Words for why this pod cannot go to this node, though it seems so; empty: it can."""
        self._store, self._loop = store, loop
        self._used: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """Per node, what its pods ask for together."""
        self._there: dict[str, Mapping[str, int]] = {}
        """Of each pod that counts there, by UID."""
        self._met: set[str] = set()
        """UIDs of those that were taken up, or are about to be."""
        self._refused: dict[str, Object] = {}
        """By UID, those that fitted nowhere."""
        store.listeners.append(self._changed)

    def _changed(self, change: Change) -> None:
        _, kind, what, item = change
        if kind == POD:
            self._pod(item, gone=what == "DELETED")
        if kind == NODE or (kind == POD and (what == "DELETED" or terminal(item))):
            refused, self._refused = self._refused, {}
            for pod in refused.values():
                self._loop.after(self.delay + self.pace(), self._take_up, pod)

    def _pod(self, pod: Object, gone: bool) -> None:
        uid, node = pod["metadata"]["uid"], node_of(pod)
        if node and not gone and not terminal(pod):
            if uid not in self._there:
                self._there[uid] = requests(pod)
                self._used[node].update(self._there[uid])
        elif node:
            self._used[node].subtract(self._there.pop(uid, {}))
        elif gone:
            self._refused.pop(uid, None)
        elif uid not in self._met and not pod["spec"].get("schedulingGates") and not deleting(pod):
            self._met.add(uid)
            self._loop.after(self.delay + self.pace(), self._take_up, pod)

    def _take_up(self, pod: Object) -> None:
        now = there(self._store, pod)
        if now is None or node_of(now) or deleting(now):
            return
        why: Counter[str] = Counter()
        for node in self._store.all(NODE):
            words = self._obstacle(now, node)
            if not words:
                self._bind(now, node["metadata"]["name"])
                return
            why[words] += 1
        told = ", ".join(f"{count} {words}" for words, count in sorted(why.items()))
        message = f"0/{why.total()} nodes are available: {told}."
        self._refused[now["metadata"]["uid"]] = now
        condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
        write_status(self._store, now, conditions=[{**condition, "lastTransitionTime": self._store.stamp()}])

    def _bind(self, pod: Object, node: str) -> None:
        namespace, name = key(pod)
        self._store.change(POD, namespace, name, lambda before: {**before, "spec": {**before["spec"], "nodeName": node}})
        condition = {"type": "PodScheduled", "status": "True", "lastTransitionTime": self._store.stamp()}
        write_status(self._store, pod, conditions=[condition])

    def _obstacle(self, pod: Object, node: Object) -> str:
        """Why it cannot go there; empty: it can."""
        name, spec = node["metadata"]["name"], node.get("spec", {})
        if not _chosen(pod, node):
            return "node(s) didn't match Pod's node affinity/selector"
        if spec.get("unschedulable") or not _tolerated(pod, spec.get("taints", ())):
            return "node(s) had untolerated taint(s)"
        nearby = self._nearby(pod, node)
        if nearby:
            return f"node(s) {nearby}"
        used = self._used[name]
        for resource, amount in requests(pod).items():
            offered = node["status"]["allocatable"].get(resource)
            if offered is not None and used[resource] + amount > accepted_amount(resource, offered):
                return f"Insufficient {resource}"
            if offered is None and amount:
                return f"Insufficient {resource}"
        return self.objection(pod, name)

    def _nearby(self, pod: Object, node: Object) -> str:
        """Why pods near the node keep it off; empty: they do not. Only bound pods are seen."""
        if not any("affinity" in key.lower() or key == "topologySpreadConstraints" for key in pod["spec"]) and not ports(pod):
            return ""
        nodes = self._store.all(NODE)
        known = {each["metadata"]["name"]: _info(each) for each in nodes}
        chosen = [known[each["metadata"]["name"]] for each in nodes if _chosen(pod, each)]
        others = [each for each in self._store.all(POD) if node_of(each) in known and not terminal(each)]
        there = [Pod(known[node_of(each)], _seen(each), leaving=deleting(each)) for each in others]
        namespaces = {each["metadata"]["name"]: each["metadata"].get("labels", {}) for each in self._store.all(NAMESPACE)}
        return obstacle(known[node["metadata"]["name"]], _seen(pod), (list(known.values()), chosen), there, namespaces)


def _info(node: Object) -> NodeInfo:
    return NodeInfo(node["metadata"]["name"], {}, node["metadata"].get("labels", {}))


def _seen(pod: Object) -> Neighbour:
    return nearby_terms(pod["spec"]).of(pod["metadata"]["namespace"], pod["metadata"].get("labels", {}))


def requests(pod: Object) -> Mapping[str, int]:
    """What it asks for, in smallest units."""
    return pod_requests(msgspec.convert(pod["spec"], wire.PodSpec, strict=False))


def ports(pod: Object) -> set[int]:
    """Ports of the node that its containers want."""
    found = (port.get("hostPort") for container in pod["spec"]["containers"] for port in container.get("ports", ()))
    return {port for port in found if port}


def _chosen(pod: Object, node: Object) -> bool:
    labels, name = node["metadata"].get("labels", {}), node["metadata"]["name"]
    if any(labels.get(label) != value for label, value in pod["spec"].get("nodeSelector", {}).items()):
        return False
    affinity = pod["spec"].get("affinity", {}).get("nodeAffinity", {})
    terms = affinity.get("requiredDuringSchedulingIgnoredDuringExecution", {}).get("nodeSelectorTerms")
    return terms is None or any(_matches(term, name, labels) for term in terms)


def _matches(term: Mapping[str, Any], name: str, labels: Mapping[str, str]) -> bool:
    fields, expressions = term.get("matchFields", ()), term.get("matchExpressions", ())
    if not fields and not expressions:
        return False
    said = {"In": lambda each: labels.get(each["key"]) in each["values"], "Exists": lambda each: each["key"] in labels}
    return all(name in each["values"] for each in fields) and all(said[each["operator"]](each) for each in expressions)


def _tolerated(pod: Object, taints: Iterable[Mapping[str, Any]]) -> bool:
    hard = [each for each in taints if each["effect"] in ("NoSchedule", "NoExecute")]
    return all(any(_tolerates(each, taint) for each in pod["spec"].get("tolerations", ())) for taint in hard)


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]) or toleration.get("key") not in (None, "", taint["key"]):
        return False
    return bool(toleration.get("operator") == "Exists" or toleration.get("value", "") == taint.get("value", ""))
