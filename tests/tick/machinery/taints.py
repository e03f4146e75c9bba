"""The taint manager, on virtual time: what tolerates a NoExecute taint for a while is deleted once that is over."""

from __future__ import annotations

from tests.tick.api.kinds import NODE, POD
from tests.tick.api.store import Change, Object, Store
from tests.tick.loop import VirtualLoop
from tests.tick.machinery.pods import deleting, key, node_of, terminal, there, write_status

_OWN = "node.kubernetes.io/"
"""Taints that say what a node's condition is; the controllers see to these."""


class TaintManager:
    """Looks at each pod when it is bound, and at the pods of a node that changes."""

    def __init__(self, store: Store, loop: VirtualLoop) -> None:
        self._store, self._loop = store, loop
        store.listeners.append(self._changed)

    def _changed(self, change: Change) -> None:
        _, kind, what, item = change
        if what == "DELETED":
            return
        if kind == POD and node_of(item) and item["metadata"].get("generation", 1) <= 2:
            self._look(item)
        elif kind == NODE and what == "MODIFIED":
            for pod in self._store.all(POD):
                if node_of(pod) == item["metadata"]["name"]:
                    self._look(pod)

    def _look(self, pod: Object) -> None:
        patience = self._patience(pod)
        if patience is not None and not terminal(pod) and not deleting(pod):
            self._loop.after(patience, self._evict, pod)

    def _patience(self, pod: Object) -> float | None:
        """Seconds that it may stay; `None`: for ever."""
        node = self._store.find(NODE, "", node_of(pod))
        taints = () if node is None else node.get("spec", {}).get("taints", ())
        hard = [each for each in taints if each["effect"] == "NoExecute" and not each["key"].startswith(_OWN)]
        stays = []
        for taint in hard:
            tolerated = [each for each in pod["spec"].get("tolerations", ()) if each.get("key") in (None, "", taint["key"])]
            if not tolerated:
                return 0.0
            stays += [float(each["tolerationSeconds"]) for each in tolerated if "tolerationSeconds" in each]
        return min(stays, default=None)

    def _evict(self, pod: Object) -> None:
        now = there(self._store, pod)
        if now is None or terminal(now) or deleting(now) or self._patience(now) is None:
            return
        words = "Taint manager: deleting due to NoExecute taint"
        condition = {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager", "message": words}
        write_status(self._store, now, conditions=[{**condition, "lastTransitionTime": self._store.stamp()}])
        self._store.delete(POD, *key(now))
