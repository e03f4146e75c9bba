"""The demo of models that work together: federated rounds, one line for each."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import yaml

from ..cluster import Cluster
from ..errors import TestbedError
from ..real_nodes import RealTestbed
from ..real_nodes.operator_image import OPERATOR
from . import manifests, rounds, watching
from .manifests import Object
from .running import watched
from .status import Status, history, results

_LONGEST = 1800.0
"""Seconds after which a graph that is not over counts as stuck."""
_NEXT = """
What to try next:
  make demo DEMO=collaboration KEEP=1
      the same, and the cluster stays for kubectl and bayplan show
  .venv/bin/python -m tests.testbed.collaboration gang tiles text
      other examples in containers on two nodes, each compared with a run in one process
  .venv/bin/python -m examples.collaboration.in_process examples/collaboration/federated.yaml --lose local:4@2
      without a cluster; here client 4 is lost in round 2
  docs/collaboration.md
      what each example shows, with figures"""


@dataclass(frozen=True)
class Federated:
    """Five clients learn ten digits, although each has seen only two. Environment: ROUNDS, at most so many rounds."""

    made: Object
    operator: tuple[str, ...]
    graph: str = "federated"
    file: str = "examples/collaboration/federated.yaml"

    @classmethod
    def on_real_nodes(cls, testbed: RealTestbed, namespace: str) -> Federated:
        """On nodes that have the images."""
        folder = manifests.workspace(testbed.workspace, namespace)
        return cls(_shortened(manifests.for_real_nodes(cls.graph, folder)), (f"--image={OPERATOR}",))

    @classmethod
    def on_given(cls, cluster: Cluster, namespace: str) -> Federated:
        """On the cluster of KUBECONFIG: EXAMPLES_IMAGE and OPERATOR_IMAGE name what its nodes can pull.

        Raises TestbedError where there is no shared volume.
        """
        image = os.environ.get("EXAMPLES_IMAGE", "")
        operator = os.environ.get("OPERATOR_IMAGE", "")
        claim = ("get", "persistentvolumeclaim", manifests.CLAIM, "--namespace", namespace)
        if not image or not operator or cluster.kubectl(*claim, check=False).returncode != 0:
            raise TestbedError(
                "DEMO=collaboration needs three things on the cluster of KUBECONFIG: EXAMPLES_IMAGE, an image that was built"
                " with examples/collaboration/Dockerfile, and OPERATOR_IMAGE, one that was built with Dockerfile, both where"
                f" its nodes can pull them; and a PersistentVolumeClaim `{manifests.CLAIM}` (ReadWriteMany) in the namespace"
                f" {namespace}. Unset KUBECONFIG for two nodes on this machine."
            )
        made = _shortened(manifests.with_image(manifests.read(cls.graph), image))
        if any(_nodes_of(cluster, site) == 0 for site in manifests.SITES):
            del made["spec"]["tasks"][0]["data"]  # otherwise its clients would wait for ever
        return cls(made, (f"--image={operator}",))

    @property
    def manifest(self) -> str:
        """What is applied, as YAML."""
        return yaml.safe_dump(self.made)

    def show(self, cluster: Cluster, namespace: str, say: Callable[[str], None]) -> int:
        """Each round as it ends. The exit code: 0 only if the graph has succeeded."""
        settings = self.made["spec"]["rounds"]
        say(f"up to {settings['max']} rounds, until {settings['until']}; the first takes longest, since images are unpacked")
        print(rounds.header())
        graph = watched(
            watching.states(cluster, namespace, self.graph, _LONGEST),
            "local",
            lambda over: print(rounds.line(over, settings["max"]), flush=True),
        )
        if why := watching.problem(graph):
            print(f"\nThe graph has not succeeded: {why}")
            return 1
        print(_last(graph["status"]))
        print(_NEXT)
        return 0


def check_settings() -> None:
    """Raises TestbedError for a number of rounds that cannot be."""
    most = os.environ.get("ROUNDS") or "1"
    if not (most.isascii() and most.isdecimal() and 1 <= int(most) <= 1000):
        raise TestbedError(f"ROUNDS is {most!r}: it must be a whole number from 1 to 1000.")


def _shortened(made: Object) -> Object:
    if most := os.environ.get("ROUNDS"):
        made["spec"]["rounds"]["max"] = int(most)
    return made


def _nodes_of(cluster: Cluster, site: str) -> int:
    return len(cluster.kubectl("get", "nodes", f"--selector=site={site}", "--output=name").stdout.split())


def _last(status: Status) -> str:
    count = len(history(status))
    right = 100 * results(status)["evaluate"]["accuracy"]
    return (
        f"\nAfter {count} round{'s' if count != 1 else ''} the model gets {right:.1f} % of the test images right"
        f" ({status['rounds']['over']}). A client alone could not get more than 20 %."
    )
