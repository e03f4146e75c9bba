"""The kubelets of all nodes, on virtual time: pods run and end as their annotations say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.tick.api.kinds import NODE, POD
from tests.tick.api.store import Change, Object, Store
from tests.tick.loop import VirtualLoop
from tests.tick.machinery.pods import deleting, key, node_of, phase, said, terminal, there, write_status


class Kubelets:
    """A pod runs `delay` seconds after it was bound."""

    def __init__(self, store: Store, loop: VirtualLoop) -> None:
        self.delay = 0.0
        self.ending = 0.0
        """Seconds that a pod takes to end once it is asked to, where its grace is not shorter."""
        self.silent: set[str] = set()
        """Nodes whose kubelet is dead."""
        self.stuck = ""
        """Why no container can start from now on, such as ImagePullBackOff; empty: they can."""
        self.seconds: Callable[[Object], str] = as_said
        """How long a pod runs from now on; empty: until a test ends it."""
        self.exit_code: Callable[[Object], int] = as_told
        """With which exit code a pod ends by itself."""
        self.message: Callable[[Object], str] = as_left
        """What a pod leaves as its termination message when it ends by itself."""
        self._store, self._loop = store, loop
        self._starting: set[str] = set()
        self._taken: dict[str, str] = {}
        """By UID, when pods were seen that have not started yet."""
        self._ends: dict[str, float] = {}
        """By UID, when pods are to end, by the loop's clock."""
        store.listeners.append(self._changed)

    def look_after(self, node: str) -> None:
        """A kubelet is back: it sees what has become of its pods."""
        for pod in self._store.all(POD):
            if node_of(pod) == node:
                self._starting.discard(pod["metadata"]["uid"])
                self._see(pod)

    def finish(self, pod: Object) -> None:
        """Let a pod end now, as its annotations say."""
        self._ends[pod["metadata"]["uid"]] = self._loop.time()
        self._loop.call_soon(self._end, pod)

    def _changed(self, change: Change) -> None:
        _, kind, what, item = change
        if kind == POD and what != "DELETED" and node_of(item):
            self._see(item)

    def _works(self, pod: Object) -> bool:
        node = node_of(pod)
        return node not in self.silent and self._store.find(NODE, "", node) is not None

    def _see(self, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        if not self._works(pod):
            return
        if deleting(pod):
            if not terminal(pod) or pod["metadata"]["deletionGracePeriodSeconds"]:
                patience = min(self.ending, float(pod["metadata"]["deletionGracePeriodSeconds"]))
                self._loop.after(patience, self._terminate, pod)
        elif phase(pod) == "Pending" and uid not in self._starting:
            self._starting.add(uid)
            self._taken[uid] = self._store.stamp()
            self._loop.after(self.delay, self._start, pod)
        elif phase(pod) == "Running" and uid in self._ends:
            self._loop.call_at(self._ends[uid], self._end, pod)

    def _start(self, pod: Object) -> None:
        now = there(self._store, pod)
        if now is None or not self._works(now) or deleting(now) or phase(now) != "Pending":
            return
        if self.stuck:
            waiting = {"reason": self.stuck, "message": "it cannot be had"}
            write_status(self._store, now, containerStatuses=_containers(now, {"waiting": waiting}))
            return
        at = self._store.stamp()
        seconds = self.seconds(now)
        if seconds:
            self._ends[now["metadata"]["uid"]] = round(self._loop.time() + float(seconds), 3)
        running = _containers(now, {"running": {"startedAt": at}})
        ready = [{"type": "Ready", "status": "True", "lastTransitionTime": at}]
        taken = self._taken.pop(now["metadata"]["uid"], at)
        write_status(self._store, now, phase="Running", startTime=taken, containerStatuses=running, conditions=ready)

    def _end(self, pod: Object) -> None:
        now = there(self._store, pod)
        if now is None or not self._works(now) or deleting(now) or phase(now) != "Running":
            return
        if self._ends.pop(now["metadata"]["uid"], None) is None:
            return
        code = self.exit_code(now)
        self._ended(now, code, (said(now, "reason") or "Error") if code else "Completed", self.message(now))

    def _terminate(self, pod: Object) -> None:
        now = there(self._store, pod)
        if now is None or not self._works(now):
            return
        if not terminal(now):
            self._ended(now, 143, "Error", "")
        now = there(self._store, now)
        if now is not None and now["metadata"]["deletionGracePeriodSeconds"]:
            self._store.delete(POD, *key(now), grace=0)

    def _ended(self, pod: Object, code: int, reason: str, message: str) -> None:
        at, before = self._store.stamp(), pod["status"].get("containerStatuses")
        began = before[0]["state"].get("running", {}).get("startedAt") if before else None
        first: dict[str, Any] = {"exitCode": code, "reason": reason, "startedAt": began, "finishedAt": at}
        if message:
            first["message"] = message
        states = _containers(pod, {"terminated": {**first, "exitCode": 0, "reason": "Completed"}})
        states[0]["state"] = {"terminated": first}
        over = [{"type": "Ready", "status": "False", "lastTransitionTime": at}]
        ended = "Failed" if code else "Succeeded"
        write_status(self._store, pod, phase=ended, containerStatuses=states, conditions=over)


def as_said(pod: Object) -> str:
    """How long it runs where it is, as its annotations have it."""
    return said(pod, "slow-seconds") if node_of(pod) in said(pod, "slow-nodes").split(",") else said(pod, "seconds")


def as_left(pod: Object) -> str:
    """What it says at its end, as its annotations have it."""
    return said(pod, "message")


def as_told(pod: Object) -> int:
    """How it ends, as its annotations have it."""
    only = said(pod, "fail-incarnations")
    if only and pod["metadata"].get("labels", {}).get("bayplan.dev/incarnation") not in only.split(","):
        return 0
    return int(said(pod, "exit-code") or "0")


def _containers(pod: Object, state: Object) -> list[Object]:
    return [{"name": each.get("name", ""), "state": state} for each in pod["spec"]["containers"]]
