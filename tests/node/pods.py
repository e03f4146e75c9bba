"""Single pods with Python inside, beside any graph: what the ground under the operator can do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.node.graphs import Graphs, Object, terminated
from tests.testbed.real_nodes.operator_image import OPERATOR

SUBDOMAIN = "gang"
"""Name of the Service, if there is one, through which the pods find each other."""


@dataclass(frozen=True)
class Program:
    """What a pod runs: a command (the image's own where it is empty) with arguments, on one node.

    `container`, `pod`: further fields of the two specs.
    """

    node: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    container: Object | None = None
    pod: Object | None = None


def python(node: str, code: str, **fields: Any) -> Program:
    """A program that is Python code."""
    return Program(node, ("python3", "-c", code), **fields)


def start(ground: Graphs, name: str, program: Program) -> None:
    """Create a pod, whose host name is its name; the fixture `ground` takes it away."""
    container = {"name": "main", "image": OPERATOR, "imagePullPolicy": "Never", "args": [*program.args]}
    if program.command:
        container["command"] = [*program.command]
    spec = {
        "nodeName": program.node,
        "restartPolicy": "Never",
        "hostname": name,
        "subdomain": SUBDOMAIN,
        "terminationGracePeriodSeconds": 0,
        "containers": [{**container, **(program.container or {})}],
        **(program.pod or {}),
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"tier": "ground"}}, "spec": spec}
    ground.kubectl("apply", "--filename", "-", text=json.dumps(pod))


def ended(ground: Graphs, name: str) -> Object:
    """The pod once it has succeeded; fails with its log where it has failed."""

    def look() -> Object | None:
        pod: Object = ground.testbed.api.get(f"/api/v1/namespaces/{ground.namespace}/pods/{name}")
        assert pod["status"]["phase"] != "Failed", f"pod {name} failed: {ground.kubectl('logs', name)}"
        return pod if pod["status"]["phase"] == "Succeeded" else None

    return ground.wait(look, f"pod {name} succeeds")


def result(pod: Object) -> Any:
    """The JSON in its termination message."""
    return json.loads(terminated(pod)["message"])


def run(ground: Graphs, name: str, program: Program) -> Object:
    """The pod of a program that has run to its end."""
    start(ground, name, program)
    return ended(ground, name)
