"""The controller manager, on virtual time: it calls silent nodes unready, evicts from them, and collects garbage."""

from __future__ import annotations

from tests.tick.api.kinds import NODE, POD, TASK_GRAPH
from tests.tick.api.store import FOREGROUND, ORPHAN, Change, Object, Store
from tests.tick.loop import VirtualLoop
from tests.tick.machinery.kubelets import Kubelets
from tests.tick.machinery.pods import deleting, key, node_of, terminal, there

UNREACHABLE = "node.kubernetes.io/unreachable"
_COLLECTING = 0.1
"""Seconds until the garbage collector has seen that an owner is gone."""
_QUARANTINE = 40.0
"""Seconds until pods of a node that does not exist are deleted."""


class Controllers:
    """Nodes are called unready `noticing` seconds after they have fallen silent."""

    def __init__(self, store: Store, loop: VirtualLoop, kubelets: Kubelets) -> None:
        self.noticing = 40.0
        self.returning = 1.0
        """Seconds until a kubelet that is back has said so."""
        self._store, self._loop, self._kubelets = store, loop, kubelets
        self._graphs: dict[str, Object] = {}
        """By UID, those that are there."""
        store.listeners.append(self._changed)

    # Nodes

    def kill(self, node: str) -> None:
        """Its kubelet falls silent."""
        self._kubelets.silent.add(node)
        self._loop.after(self.noticing, self._notice, node)

    def revive(self, node: str) -> None:
        """Its kubelet is back, and what ran there goes on."""
        self._kubelets.silent.discard(node)
        self._loop.after(self.returning, self._return, node)

    def _notice(self, node: str) -> None:
        if node not in self._kubelets.silent or self._store.find(NODE, "", node) is None:
            return
        self._ready(node, "Unknown")
        for pod in self._store.all(POD):
            if node_of(pod) == node and not terminal(pod):
                self._loop.after(_patience(pod), self._evict, pod)

    def _return(self, node: str) -> None:
        if node not in self._kubelets.silent and self._store.find(NODE, "", node) is not None:
            self._ready(node, "True")
            self._kubelets.look_after(node)

    def _ready(self, node: str, status: str) -> None:
        condition = {"type": "Ready", "status": status, "lastTransitionTime": self._store.stamp()}
        taints = [] if status == "True" else [{"key": UNREACHABLE, "effect": effect} for effect in ("NoSchedule", "NoExecute")]

        def status_of(before: Object) -> Object:
            return {**before, "status": {**before["status"], "conditions": [condition]}}

        def spec_of(before: Object) -> Object:
            others = [each for each in before["spec"].get("taints", ()) if each["key"] != UNREACHABLE]
            return {**before, "spec": {**before["spec"], "taints": others + taints}}

        self._store.change(NODE, "", node, status_of, "status")
        self._store.change(NODE, "", node, spec_of)

    def _evict(self, pod: Object) -> None:
        now = there(self._store, pod)
        if now is not None and node_of(now) in self._kubelets.silent and not deleting(now):
            self._store.delete(POD, *key(now))

    # Garbage

    def _changed(self, change: Change) -> None:
        _, kind, what, item = change
        if kind == TASK_GRAPH:
            self._graphs[item["metadata"]["uid"]] = item
            if what == "DELETED":
                del self._graphs[item["metadata"]["uid"]]
        if kind == NODE and what == "DELETED":
            self._loop.after(_QUARANTINE, self._collect_from, item["metadata"]["name"])
        elif kind == TASK_GRAPH and (what == "DELETED" or deleting(item)):
            self._loop.after(_COLLECTING, self._collect, item)
        elif kind == POD and what != "MODIFIED" and item["metadata"].get("ownerReferences"):
            self._loop.after(_COLLECTING, self._look_for_owner, item)

    def _collect_from(self, node: str) -> None:
        if self._store.find(NODE, "", node) is None:
            for pod in self._store.all(POD):
                if node_of(pod) == node and not (deleting(pod) and not pod["metadata"]["deletionGracePeriodSeconds"]):
                    self._store.delete(POD, *key(pod), grace=0)

    def _collect(self, owner: Object) -> None:
        metadata = owner["metadata"]
        finalizers = metadata.get("finalizers", [])
        dependents = [pod for pod in self._store.all(POD, metadata["namespace"]) if _owner(pod) == metadata["uid"]]
        if ORPHAN in finalizers:
            for pod in dependents:
                self._disown(pod)
        elif FOREGROUND in finalizers or metadata["uid"] not in self._graphs:
            for pod in dependents:
                if not deleting(pod):
                    self._store.delete(POD, *key(pod))
        self._let_go(owner, dependents)

    def _let_go(self, owner: Object, dependents: list[Object]) -> None:
        now = self._store.find(TASK_GRAPH, *key(owner))
        ours = {ORPHAN} if ORPHAN in owner["metadata"].get("finalizers", []) else {FOREGROUND}
        if now is None or now["metadata"]["uid"] != owner["metadata"]["uid"] or (dependents and ours == {FOREGROUND}):
            return

        def change(before: Object) -> Object:
            kept = [each for each in before["metadata"].get("finalizers", ()) if each not in ours]
            return {**before, "metadata": {**before["metadata"], "finalizers": kept}}

        self._store.change(TASK_GRAPH, *key(now), change)

    def _disown(self, pod: Object) -> None:
        def change(before: Object) -> Object:
            return {**before, "metadata": {**before["metadata"], "ownerReferences": []}}

        self._store.change(POD, *key(pod), change)

    def _look_for_owner(self, pod: Object) -> None:
        now = there(self._store, pod)
        owner = self._graphs.get(_owner(pod))
        if owner is None:
            if now is not None and _owner(now) and not deleting(now):
                self._store.delete(POD, *key(now))
        elif now is None and deleting(owner):
            self._collect(owner)


def _owner(pod: Object) -> str:
    uid: str = next((each["uid"] for each in pod["metadata"].get("ownerReferences", ())), "")
    return uid


def _patience(pod: Object) -> float:
    """Seconds that it tolerates its node being away."""
    found = [each for each in pod["spec"].get("tolerations", ()) if each.get("key") == UNREACHABLE]
    return float(found[0].get("tolerationSeconds", 300)) if found else 300.0
