"""Graphs and pods of one namespace, through the official client: the API server's view, not the operator's."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException, ServiceException

GROUP, VERSION = "bayplan.dev", "v1alpha1"
PATIENCE = 180.0
"""Seconds after which what should happen soon counts as not happening at all. A machine of its own needs a few of them; one
that others use too may need many, and a test that passes never waits longer than it must."""
ENDS = "sim.bayplan.dev/RunsUntil"
"""The condition by which a simulated kubelet knows when a pod is to end."""
_T = TypeVar("_T")
Object = dict[str, Any]


def wait_for(look: Callable[[], _T | None], what: str, timeout: float = PATIENCE) -> _T:
    """What `look` answers as soon as that is not None or False."""
    deadline = time.monotonic() + timeout
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {timeout:.0f} s")
        time.sleep(0.1)


def wait_still(look: Callable[[], _T], what: str, seconds: float = 3.0) -> _T:
    """What `look` answers, once it has answered the same for so many seconds."""
    deadline, last, since = time.monotonic() + PATIENCE, look(), time.monotonic()
    while time.monotonic() < since + seconds:
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: still changes after {PATIENCE:.0f} s")
        time.sleep(0.1)
        now = look()
        if now != last:
            last, since = now, time.monotonic()
    return last


def task(name: str, *after: str, seconds: float | None = 1.0, cpu: str = "1", **fields: Any) -> Object:
    """A task that runs so many seconds on a simulated node (None: until somebody ends it, see `Kube.finish`)."""
    annotations = {} if seconds is None else {"sim.bayplan.dev/seconds": str(seconds)}
    annotations |= fields.pop("annotations", {})
    requests = {"cpu": cpu, **fields.pop("requests", {})}
    pod = {"containers": [{"image": "none", "resources": {"requests": requests}}], **fields.pop("pod", {})}
    return {
        "name": name,
        "dependsOn": [{"task": parent} for parent in after],
        "template": {"metadata": {"annotations": annotations}, "spec": pod},
        **fields,
    }


@contextmanager
def _gone_already() -> Iterator[None]:
    try:
        yield
    except ApiException as error:
        if error.status != 404:
            raise


class Kube:
    """The objects of one namespace."""

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        api = config.new_client_from_config(str(kubeconfig))
        self.namespace = namespace
        self.core = client.CoreV1Api(api)
        self.custom = client.CustomObjectsApi(api)

    def create(self, name: str, *tasks: Object, **spec: Any) -> Object:
        """Create a graph of these tasks."""
        body = {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": "TaskGraph",
            "metadata": {"name": name},
            "spec": {"tasks": list(tasks), **spec},
        }
        made: Object = self.custom.create_namespaced_custom_object(GROUP, VERSION, self.namespace, "taskgraphs", body)
        return made

    def graph(self, name: str) -> Object:
        """The graph as it is now."""
        found: Object = self.custom.get_namespaced_custom_object(GROUP, VERSION, self.namespace, "taskgraphs", name)
        return found

    def graphs(self) -> list[Object]:
        """All graphs."""
        listed = self.custom.list_namespaced_custom_object(GROUP, VERSION, self.namespace, "taskgraphs")
        return list(listed["items"])

    def patch(self, name: str, spec: Object) -> Object:
        """Change fields of a graph's spec."""
        patched: Object = self.custom.patch_namespaced_custom_object(
            GROUP, VERSION, self.namespace, "taskgraphs", name, {"spec": spec}
        )
        return patched

    def delete(self, name: str, propagation: str = "Background") -> None:
        """Delete a graph; one that is gone already is no error."""
        options = client.V1DeleteOptions(propagation_policy=propagation)
        with _gone_already():
            self.custom.delete_namespaced_custom_object(GROUP, VERSION, self.namespace, "taskgraphs", name, body=options)

    def delete_all(self) -> None:
        """Delete all graphs, also where the API server is so busy with a large one that it has to be asked again."""

        def deleted() -> bool:
            try:
                for graph in self.graphs():
                    self.delete(graph["metadata"]["name"])
            except ServiceException:
                return False
            return True

        wait_for(deleted, "the graphs are deleted")

    def create_policy(self, name: str, **spec: Any) -> None:
        """Create a PlacementPolicy, which is cluster-wide."""
        body = {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": "PlacementPolicy",
            "metadata": {"name": name},
            "spec": spec,
        }
        self.custom.create_cluster_custom_object(GROUP, VERSION, "placementpolicies", body)

    def policy(self, name: str) -> Object:
        """A policy as it is now."""
        found: Object = self.custom.get_cluster_custom_object(GROUP, VERSION, "placementpolicies", name)
        return found

    def delete_policy(self, name: str) -> None:
        """Delete a policy; one that is gone already is no error."""
        with _gone_already():
            self.custom.delete_cluster_custom_object(GROUP, VERSION, "placementpolicies", name)

    def profiles(self) -> dict[str, Object]:
        """All task profiles, by FAMILY/TASK."""
        listed = self.custom.list_namespaced_custom_object(GROUP, VERSION, self.namespace, "taskprofiles")
        return {f"{each['spec']['family']}/{each['spec']['task']}": each for each in listed["items"]}

    def wait_learned(self, task: str, runs: int, timeout: float = PATIENCE) -> Object:
        """The profile of FAMILY/TASK, once so many runs of it are written."""

        def look() -> Object | None:
            found = self.profiles().get(task)
            return found if found is not None and found.get("status", {}).get("runs") == runs else None

        return wait_for(look, f"{runs} runs of {task} are in its profile", timeout)

    def pods(self, graph: str | None = None, task: str | None = None) -> list[Any]:
        """The pods of a graph or of one of its tasks, as the API server has them."""
        selector = [f"bayplan.dev/graph={graph}"] if graph else ["bayplan.dev/graph"]
        selector += [f"bayplan.dev/task={task}"] if task else []
        return list(self.core.list_namespaced_pod(self.namespace, label_selector=",".join(selector)).items)

    def finish(self, *pods: Any) -> None:
        """Let running pods end with success (or as their annotations say): their simulated kubelets learn that it is time."""
        now = {"type": ENDS, "status": "True", "message": "2000-01-01T00:00:00.0Z"}
        for pod in pods:
            self.core.patch_namespaced_pod_status(pod.metadata.name, self.namespace, {"status": {"conditions": [now]}})

    def condition(self, name: str, kind: str) -> Object | None:
        """A condition of a graph."""
        conditions = self.graph(name).get("status", {}).get("conditions", [])
        return next((condition for condition in conditions if condition["type"] == kind), None)

    def wait_condition(self, name: str, kind: str, status: str = "True", timeout: float = PATIENCE) -> Object:
        """The condition, once it has the status."""

        def look() -> Object | None:
            found = self.condition(name, kind)
            return found if found is not None and found["status"] == status else None

        try:
            return wait_for(look, f"condition {kind}={status} of {name}", timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}; its status: {self.graph(name).get('status')}") from None

    def wait_running(self, graph: str, task: str | None = None, count: int = 1, timeout: float = PATIENCE) -> list[Any]:
        """The running pods, once there are so many."""

        def look() -> list[Any] | None:
            running = [pod for pod in self.pods(graph, task) if pod.status.phase == "Running"]
            return running if len(running) >= count else None

        return wait_for(look, f"{count} running pods of {graph}", timeout)

    def wait_attempt(self, graph: str, incarnation: int, task: str | None = None) -> Any:
        """A running pod of that incarnation, once there is one."""

        def look() -> Any:
            label = str(incarnation)
            found = (pod for pod in self.pods(graph, task) if pod.metadata.labels["bayplan.dev/incarnation"] == label)
            return next((pod for pod in found if pod.status.phase == "Running"), None)

        return wait_for(look, f"attempt {incarnation} of {graph} runs")

    def wait_event(self, reason: str, about: str | None = None) -> list[Any]:
        """The events of that reason (about the object of that name), once there is one: they are written behind all else."""
        which = f"reason={reason}" + (f",involvedObject.name={about}" if about else "")
        listing = self.core.list_namespaced_event
        return wait_for(lambda: list(listing(self.namespace, field_selector=which).items), f"the event {reason}")

    def lines(self, name: str) -> dict[str, str]:
        """The status line of each task, without its name; empty where there is none yet."""
        lines = self.graph(name).get("status", {}).get("tasks", [])
        return defaultdict(str, (line.split(" ", 1) for line in lines))
