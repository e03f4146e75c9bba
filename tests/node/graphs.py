"""Graphs in one namespace: applied as a user does it, read back from the API server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import yaml

from tests.testbed.collaboration.status import Entry, condition, entries
from tests.testbed.real_nodes import BUSYBOX, RealTestbed

PATIENCE = 240.0
"""Seconds after which what should happen soon counts as not happening; a test that passes never waits longer than it must."""
_T = TypeVar("_T")
Object = dict[str, Any]
_GRAPHS = "/apis/bayplan.dev/v1alpha1/namespaces/{}/taskgraphs"
_PODS = "/api/v1/namespaces/{}/pods"
# A shell as a container's first process does not react to SIGTERM by itself: a short grace period ends it soon.
_DEFAULTS = f"""
metadata: {{labels: {{tier: node}}}}
spec:
  terminationGracePeriodSeconds: 3
  containers:
  - name: main
    image: {BUSYBOX}
    imagePullPolicy: Never
    command: [sh, -ec]
    resources: {{requests: {{cpu: 50m, memory: 16Mi}}}}
"""


@dataclass(frozen=True)
class Graphs:
    """The graphs of one namespace and their pods."""

    testbed: RealTestbed
    namespace: str

    def apply(self, name: str, tasks: str, **spec: Any) -> None:
        """`kubectl apply` a graph with these tasks (YAML); each shard is a busybox shell that runs `args`."""
        body = {"template": yaml.safe_load(_DEFAULTS), "tasks": yaml.safe_load(tasks), **spec}
        graph = {"apiVersion": "bayplan.dev/v1alpha1", "kind": "TaskGraph", "metadata": {"name": name}, "spec": body}
        self.kubectl("apply", "--filename", "-", text=yaml.safe_dump(graph))

    def kubectl(self, *args: str, text: str | None = None) -> str:
        """kubectl in this namespace."""
        return self.testbed.kubectl("--namespace", self.namespace, *args, input=text).stdout

    def status(self, name: str) -> Object:
        """The status; empty before the operator has written one."""
        graph = self.testbed.api.get(f"{_GRAPHS.format(self.namespace)}/{name}")
        status: Object = graph.get("status", {})
        return status

    def entries(self, name: str, task: str) -> list[Entry]:
        """The line of a task, one entry per shard; empty before there is one."""
        return entries(self.status(name), task)

    def condition(self, name: str, kind: str) -> Object | None:
        """A condition that is True."""
        return condition(self.status(name), kind)

    def ended(self, name: str, kind: str, seconds: float = PATIENCE) -> str:
        """Wait for the condition Complete or Failed, whichever `kind` says, and answer its message."""

        def look() -> Object | None:
            other = self.condition(name, "Failed" if kind == "Complete" else "Complete")
            assert other is None, f"graph {name} ended otherwise: {other}"
            return self.condition(name, kind)

        message: str = self.wait(look, f"graph {name} is {kind}", seconds)["message"]
        return message

    def pods(self, name: str, task: str | None = None) -> list[Object]:
        """The pods of a graph or one of its tasks, by shard and incarnation."""
        selector = f"bayplan.dev/graph={name}" + (f",bayplan.dev/task={task}" if task else "")
        items: list[Object] = self.testbed.api.get(f"{_PODS.format(self.namespace)}?labelSelector={selector}")["items"]
        return sorted(items, key=lambda pod: (_label(pod, "shard"), _label(pod, "incarnation")))

    def wait(self, look: Callable[[], _T | None], what: str, seconds: float = PATIENCE) -> _T:
        """What `look` answers as soon as that is something; otherwise fail with what is there instead."""
        end = time.monotonic() + seconds
        while True:
            if found := look():
                return found
            if time.monotonic() > end:
                raise AssertionError(f"{what}: not within {seconds:.0f} s; instead:\n{self._all()}")
            time.sleep(0.2)

    def _all(self) -> str:
        graphs = self.testbed.api.get(_GRAPHS.format(self.namespace))["items"]
        statuses = {graph["metadata"]["name"]: graph.get("status") for graph in graphs}
        return json.dumps(statuses, indent=1) + "\n" + self.kubectl("get", "pods", "--output=wide")


def terminated(pod: Object) -> Object:
    """How the pod's only container ended: `exitCode`, `message` and so on."""
    end: Object = pod["status"]["containerStatuses"][0]["state"]["terminated"]
    return end


def instant(text: str) -> float:
    """Seconds since the epoch of one of Kubernetes' times, which have whole seconds."""
    return datetime.fromisoformat(text).timestamp()


def _label(pod: Object, name: str) -> int:
    return int(pod["metadata"]["labels"][f"bayplan.dev/{name}"])
