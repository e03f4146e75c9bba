"""A gang on simulated nodes with an API server: how soon all of it is bound, and what becomes of it with one place too few."""

import asyncio
import json
import sys
import time
from typing import Any

from bayplan_operator.kube import paths
from bayplan_operator.kube.api_server import ApiServer
from bench.throughput_testbed import NAMESPACE, Post, clear, turn
from tests.testbed.control_plane import ControlPlaneOptions
from tests.testbed.installation import OperatorProcess, install_chart
from tests.testbed.nodes import CPU_SMALL
from tests.testbed.testbed import Options, Testbed

QPS = 1000
POLICIES = {"pinned": "Scheduler", "direct": "Direct"}
"""By name, who binds."""
GRAPHS = f"/apis/bayplan.dev/v1alpha1/namespaces/{NAMESPACE}/taskgraphs"
BLOCKING = paths.pods("default")
_LIMIT = 300.0


def run(members: int, nodes: int, repeat: int) -> list[dict[str, Any]]:
    """Rows of seconds. A member takes all cores of a node, so each node holds one."""
    plane = ControlPlaneOptions(QPS, QPS, QPS, QPS)
    with Testbed.start(Options(nodes=((CPU_SMALL, nodes),), control_plane=plane)) as testbed:
        install_chart(testbed)
        testbed.api.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        for name, binding in POLICIES.items():
            policy = {"apiVersion": "bayplan.dev/v1alpha1", "kind": "PlacementPolicy", "metadata": {"name": name}}
            testbed.api.create("/apis/bayplan.dev/v1alpha1/placementpolicies", {**policy, "spec": {"binding": binding}})
        with OperatorProcess(testbed) as operator:
            operator.wait_until_leading()
            return [row for policy in POLICIES for row in _Turns(testbed, policy, members, nodes).rows(repeat)]


class _Turns:
    """What is measured with one policy."""

    def __init__(self, testbed: Testbed, policy: str, members: int, nodes: int) -> None:
        self._testbed, self._policy, self._members = testbed, policy, members
        self._too_many = nodes - members + 1

    def rows(self, repeat: int) -> list[dict[str, Any]]:
        """After a warm-up."""
        turns = [(self._with_room(), *self._without_room()) for _ in range(repeat + 1)][1:]
        room, waits, freed = ([each[place] for each in turns] for place in range(3))
        return [
            self._row("bound, with room for all", room),
            self._row(f"said to wait, with room for {self._members - 1}", waits),
            self._row("bound, once the last place is free", freed),
        ]

    def _row(self, what: str, seconds: list[float]) -> dict[str, Any]:
        ordered = sorted(seconds)
        return {
            "binding": POLICIES[self._policy], "what": what, "members": self._members,
            "median": ordered[len(ordered) // 2], "longest": ordered[-1],
        }  # fmt: skip

    def _with_room(self) -> float:
        seconds = self._bound(lambda server: server.call("POST", GRAPHS, json.dumps(self._graph()).encode()))
        asyncio.run(clear(self._testbed.kubeconfig))
        return seconds

    def _without_room(self) -> tuple[float, float]:
        blocking = [f"blocking-{number}" for number in range(self._too_many)]
        self._testbed.api.each(self._block, range(self._too_many))
        begin = time.monotonic()
        self._testbed.api.create(GRAPHS, self._graph())
        self._wait_for_sentence(begin + _LIMIT)
        waits = time.monotonic() - begin
        freed = self._bound(lambda server: server.call("DELETE", f"{BLOCKING}/{blocking[0]}"))
        self._testbed.api.each(lambda name: self._testbed.api.delete(f"{BLOCKING}/{name}"), blocking[1:])
        asyncio.run(clear(self._testbed.kubeconfig))
        while self._testbed.api.get(BLOCKING)["items"]:
            time.sleep(0.1)
        return waits, freed

    def _bound(self, cause: Any) -> float:
        """Seconds from the request that lets the gang start until all of it is bound, at the first attempt."""

        async def post(server: ApiServer, pods: int, nodes: list[str]) -> None:
            await cause(server)

        begun: Post = post
        seconds, _ = asyncio.run(turn(self._testbed.kubeconfig, begun, self._members, []))
        pods = self._testbed.api.get(paths.pods(NAMESPACE))["items"]
        attempts = {pod["metadata"]["labels"]["bayplan.dev/incarnation"] for pod in pods}
        print(f"{POLICIES[self._policy]}: {self._members} bound in {seconds:.1f} s", file=sys.stderr, flush=True)
        if attempts != {"1"} or any("deletionTimestamp" in pod["metadata"] for pod in pods):
            raise RuntimeError(f"the gang was taken back: its pods are of the attempts {sorted(attempts)}")
        return seconds

    def _graph(self) -> dict[str, Any]:
        container = {"name": "c", "image": "none", "resources": {"requests": {"cpu": str(CPU_SMALL.cpu)}}}
        task = {"name": "train", "shards": self._members, "gang": {}}
        spec = {"policyName": self._policy, "template": {"spec": {"containers": [container]}}, "tasks": [task]}
        return {"apiVersion": "bayplan.dev/v1alpha1", "kind": "TaskGraph", "metadata": {"name": "gang"}, "spec": spec}

    def _block(self, number: int) -> None:
        """A pod of another program takes a core of a node."""
        container = {"name": "c", "image": "none", "resources": {"requests": {"cpu": "1"}}}
        spec = {"nodeName": f"{CPU_SMALL.prefix}-{number}", "containers": [container], "restartPolicy": "Never"}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"blocking-{number}"}, "spec": spec}
        self._testbed.api.create(BLOCKING, pod)

    def _wait_for_sentence(self, deadline: float) -> None:
        while True:
            status = self._testbed.api.get(f"{GRAPHS}/gang").get("status", {})
            if any(each["type"] == "Waiting" and each["status"] == "True" for each in status.get("conditions", ())):
                break
            if time.monotonic() > deadline:
                raise TimeoutError(f"the gang is not said to wait: {status}")
            time.sleep(0.05)
        made = self._testbed.api.get(paths.pods(NAMESPACE))["items"]
        if made:
            raise RuntimeError(f"{len(made)} pods of the gang were made without room for all")
