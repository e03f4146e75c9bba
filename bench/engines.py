"""The two programs that `bench.argo` runs the same graph with: how each is started, and what a graph is called in it."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.layered import SECONDS, Layered
from bench.pod_watch import task_of_bayplan
from tests.testbed.cluster import Cluster
from tests.testbed.installation import OperatorProcess, install_chart
from tests.testbed.processes import Process, spawn, stop

NAMESPACE = "default"
_NODE_NAME = "workflows.argoproj.io/node-name"
_CONFIG = "bench-argo"
_GRACE = 10.0


@dataclass(frozen=True)
class Engine:
    """A program that runs graphs.

    `kind`: of its objects, as kubectl names it. `label`: of its pods, which holds the graph's name. `over`: whether an object's
    status says that it has ended. `run`: starts the program on a cluster, and ends it with the context.
    """

    name: str
    kind: str
    label: str
    task_of: Callable[[dict[str, Any]], str]
    manifest: Callable[[Layered, str], dict[str, Any]]
    over: Callable[[dict[str, Any]], bool]
    run: Callable[[Cluster], AbstractContextManager[Process]]


@dataclass(frozen=True)
class Controller:
    """Argo's workflow-controller: the program, the CRDs to apply (files or folders), and how it is set up.

    `requeue`: seconds until a workflow is looked at again. `qps`: requests per second that its client may send.
    """

    program: Path
    crds: tuple[Path, ...]
    executor: str
    requeue: float
    qps: int

    def command(self, kubeconfig: Path) -> list[str]:
        """Its command line."""
        return [
            str(self.program), "--kubeconfig", str(kubeconfig), "--namespace", NAMESPACE, "--namespaced",
            "--configmap", _CONFIG, "--executor-image", self.executor, "--qps", str(self.qps), "--burst", str(self.qps),
            "--loglevel", "error",
        ]  # fmt: skip

    def environment(self) -> dict[str, str]:
        """Variables that it reads."""
        return {"LEADER_ELECTION_DISABLE": "true", "DEFAULT_REQUEUE_TIME": f"{self.requeue:g}s"}

    @contextmanager
    def run(self, cluster: Cluster) -> Iterator[Process]:
        """With the rights of the kubeconfig's user."""
        for path in self.crds:
            cluster.kubectl("apply", "--server-side", "-f", str(path))
        cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd/workflows.argoproj.io")
        config = {"metricsConfig": "enabled: false\n", "telemetryConfig": "enabled: false\n"}
        settings = {
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": _CONFIG, "namespace": NAMESPACE}, "data": config
        }  # fmt: skip
        cluster.kubectl("apply", "-f", "-", input=json.dumps(settings))
        log = cluster.directory / "workflow-controller.log"
        process = spawn(self.command(cluster.kubeconfig), log, keep=False, environment=self.environment())
        try:
            yield process
        finally:
            stop([process], _GRACE)
            cluster.kubectl("delete", "configmap", _CONFIG, "-n", NAMESPACE, "--ignore-not-found")


def argo(controller: Controller) -> Engine:
    """Argo Workflows."""
    return Engine(
        "Argo Workflows",
        "workflows.argoproj.io",
        "workflows.argoproj.io/workflow",
        task_of_argo,
        workflow,
        lambda status: status.get("phase") in ("Succeeded", "Failed", "Error"),
        controller.run,
    )


def bayplan() -> Engine:
    """Bayplan, with the rights of its service account."""
    return Engine(
        "Bayplan",
        "taskgraphs.bayplan.dev",
        "bayplan.dev/graph",
        task_of_bayplan,
        task_graph,
        lambda status: bool(status.get("completionTime")),
        _operator,
    )


@contextmanager
def _operator(cluster: Cluster) -> Iterator[Process]:
    install_chart(cluster)
    with OperatorProcess(cluster) as operator:
        operator.wait_until_leading()
        yield operator.process


def task_of_argo(metadata: dict[str, Any]) -> str:
    """Its pods carry the name of their node, `workflow.task`."""
    return str(metadata["annotations"][_NODE_NAME]).partition(".")[2]


def container(seconds: int) -> dict[str, Any]:
    """That of a task. Real nodes run it; simulated ones go by the pod's annotation."""
    requests = {"requests": {"cpu": "1", "memory": "1Gi"}}
    return {"name": "main", "image": "busybox:1.36", "command": ["sleep", str(seconds)], "resources": requests}


def annotations(seconds: int) -> dict[str, Any]:
    """What simulated nodes go by."""
    return {"annotations": {"sim.bayplan.dev/seconds": str(seconds)}}


def task_graph(graph: Layered, name: str) -> dict[str, Any]:
    """The TaskGraph, with one template per duration."""
    return {
        "apiVersion": "bayplan.dev/v1alpha1",
        "kind": "TaskGraph",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "templates": [
                {"name": f"s{s}", "template": {"metadata": annotations(s), "spec": {"containers": [container(s)]}}}
                for s in SECONDS
            ],
            "tasks": [
                {"name": task, "templateName": f"s{s}", "dependsOn": [{"task": parent} for parent in graph.parents[task]]}
                for task, s in graph.seconds.items()
            ],
        },
    }


def workflow(graph: Layered, name: str) -> dict[str, Any]:
    """The Workflow: one dag, with one template per duration."""
    tasks = [{"name": task, "template": f"s{s}", "dependencies": graph.parents[task]} for task, s in graph.seconds.items()]
    pods = [{"name": f"s{s}", "metadata": annotations(s), "container": container(s)} for s in SECONDS]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"entrypoint": "graph", "templates": [{"name": "graph", "dag": {"tasks": tasks}}, *pods]},
    }
