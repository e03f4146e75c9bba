"""What people see of a cluster."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from tests.tick.api.kinds import EVENT, PLACEMENT_POLICY, POD, QUEUE, TASK_GRAPH, TASK_PROFILE
from tests.tick.api.store import Object, Store
from tests.tick.machinery.pods import phase

NAMESPACE = "test"


class Seen:
    """The objects of one namespace, as the API server has them."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def graph(self, name: str) -> Object:
        """A graph as it is now."""
        return self.store.get(TASK_GRAPH, NAMESPACE, name)

    def policy(self, name: str) -> Object:
        """A policy as it is now."""
        return self.store.get(PLACEMENT_POLICY, "", name)

    def queue(self, name: str) -> Object:
        """A queue as it is now."""
        return self.store.get(QUEUE, "", name)

    def status(self, name: str) -> Object:
        """Of a graph; empty: none yet."""
        found: Object = self.graph(name).get("status", {})
        return found

    def condition(self, name: str, kind: str, status: str | None = None) -> Object | None:
        """Of a graph, where it has (that status)."""
        return find(self.status(name), kind, status)

    def lines(self, name: str) -> dict[str, str]:
        """The status line of each task, without its name."""
        return dict(line.split(" ", 1) for line in self.status(name).get("tasks", ()))

    def pods(self, graph: str = "", task: str = "") -> list[Object]:
        """The pods of ours (of a graph, of one of its tasks), in the order in which they were made."""
        found = [pod for pod in self.store.all(POD) if _of(pod, graph, task)]
        return sorted(found, key=lambda pod: self.store.born[pod["metadata"]["uid"]])

    def running(self, graph: str = "", task: str = "") -> list[Object]:
        """Those of them that run."""
        return [pod for pod in self.pods(graph, task) if phase(pod) == "Running"]

    def profiles(self) -> dict[str, Object]:
        """All task profiles, by FAMILY/TASK."""
        return {f"{each['spec']['family']}/{each['spec']['task']}": each for each in self.store.all(TASK_PROFILE, NAMESPACE)}

    def events(self, reason: str = "", about: str = "") -> list[Object]:
        """Events (of a reason, about the object of a name)."""
        return [
            each for each in self.store.all(EVENT)
            if reason in ("", each["reason"]) and about in ("", each["involvedObject"]["name"])
        ]  # fmt: skip

    def created(self, graph: str = "") -> list[Object]:
        """Every pod (of a graph) that ever was, as it was created, oldest first."""
        made = [item for _, kind, what, item in self.store.history if kind == POD and what == "ADDED"]
        return [pod for pod in made if _of(pod, graph)]

    def made(self) -> Counter[tuple[str, str, str, str]]:
        """How often each attempt was created: graph, task, shard, incarnation."""
        parts = ("graph", "task", "shard", "incarnation")
        return Counter(tuple(label(pod, f"bayplan.dev/{part}") for part in parts) for pod in self.created())  # type: ignore[misc]

    def held(self) -> list[str]:
        """Names of pods that something holds."""
        return [pod["metadata"]["name"] for pod in self.store.all(POD) if pod["metadata"].get("finalizers")]


def at(stamp: str) -> float:
    """Seconds since the epoch."""
    return datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()


def find(status: Object, kind: str, wanted: str | None = None) -> Object | None:
    """A condition of any status, where it has (that value)."""
    return next(
        (each for each in status.get("conditions", ()) if each["type"] == kind and wanted in (None, each["status"])), None
    )


def label(pod: Object, name: str) -> str:
    """Of a pod; empty: it has none."""
    value: str = pod["metadata"].get("labels", {}).get(name, "")
    return value


def _of(pod: Object, graph: str, task: str = "") -> bool:
    ours = label(pod, "bayplan.dev/graph")
    return bool(ours) and graph in ("", ours) and task in ("", label(pod, "bayplan.dev/task"))
