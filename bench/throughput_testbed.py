"""Bound pods a second on simulated nodes: kube-scheduler alone, clients with nothing to decide, and the operator, in turns."""

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from bayplan_operator.kube import configuration, errors, paths
from bayplan_operator.kube.api_server import ApiServer
from tests.testbed.control_plane import ControlPlaneOptions
from tests.testbed.installation import OperatorProcess, install_chart
from tests.testbed.nodes import CPU_SMALL
from tests.testbed.testbed import Options, Testbed

NAMESPACE = "throughput"
CONNECTIONS = 80
QPS = 1000
SHARDS = 500
"""Of one task."""
_LIMIT = 600.0
"""Seconds after which a turn is given up."""
_PAUSE = 5.0
_CONTAINER = {"name": "c", "image": "none", "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}

Post = Callable[[ApiServer, int, list[str]], Awaitable[None]]
"""Has so many pods made, on nodes of these names where the mode chooses them."""


def run(arguments: argparse.Namespace) -> int:
    """Run the turns, and print what came of them; answers the exit code."""
    nodes, pods = arguments.nodes[0], arguments.pods
    plane = ControlPlaneOptions(QPS, QPS, QPS, QPS)
    with Testbed.start(Options(nodes=((CPU_SMALL, nodes),), control_plane=plane)) as testbed:
        install_chart(testbed)
        testbed.api.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        for name, binding in (("pinned", "Scheduler"), ("direct", "Direct")):
            policy = {"apiVersion": "bayplan.dev/v1alpha1", "kind": "PlacementPolicy", "metadata": {"name": name}}
            testbed.api.create("/apis/bayplan.dev/v1alpha1/placementpolicies", {**policy, "spec": {"binding": binding}})
        with OperatorProcess(testbed) as operator:
            operator.wait_until_leading()
            turns = [_turns(testbed, operator, nodes, pods, round_) for round_ in range(arguments.rounds + 1)][1:]
    rows = [_row(mode, nodes, pods, [turn[mode] for turn in turns]) for mode in MODES]
    for row in rows:
        print(_line(row))
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2))
    return 0


def _turns(testbed: Testbed, operator: OperatorProcess, nodes: int, pods: int, round_: int) -> dict[str, dict[str, float]]:
    """One turn of each mode; the first round is the warm-up."""
    found = {}
    for mode, post in MODES.items():
        idle = operator.cpu_seconds()
        took, latencies = asyncio.run(turn(testbed.kubeconfig, post, pods, [f"{CPU_SMALL.prefix}-{n}" for n in range(nodes)]))
        found[mode] = {"seconds": took, "p99_ms": latencies, "operator_cpu_seconds": operator.cpu_seconds() - idle}
        print(f"round {round_}: {mode:<16} {pods / took:>7.0f} pods/s", file=sys.stderr)
        asyncio.run(clear(testbed.kubeconfig))
        time.sleep(_PAUSE)
    return found


async def turn(kubeconfig: Path, post: Post, pods: int, nodes: list[str]) -> tuple[float, float]:
    """Seconds from the first request until a watcher has seen the last pod bound, and the 99th percentile of the milliseconds
    from a pod's appearance until it was seen bound."""
    async with ApiServer(configuration.load(kubeconfig), connections=CONNECTIONS) as server:
        listed = json.loads(await server.call("GET", paths.pods(NAMESPACE), params={"limit": "1"}))
        version = listed["metadata"]["resourceVersion"]
        appeared: dict[str, float] = {}
        bound: dict[str, float] = {}
        watching = asyncio.create_task(_watch(server, version, pods, appeared, bound))
        begin = time.monotonic()
        await post(server, pods, nodes)
        await asyncio.wait_for(watching, _LIMIT)
    waits = sorted(bound[name] - appeared[name] for name in bound)
    return max(bound.values()) - begin, 1000.0 * waits[int(0.99 * (len(waits) - 1))]


async def _watch(server: ApiServer, version: str, pods: int, appeared: dict[str, float], bound: dict[str, float]) -> None:
    while len(bound) < pods:
        params = {"watch": "1", "timeoutSeconds": "3600", "resourceVersion": version}
        async for lines in server.stream(paths.pods(NAMESPACE), params, silence=_LIMIT):
            now = time.monotonic()
            for line in lines.split(b"\n"):
                pod = json.loads(line)["object"]
                version, name = pod["metadata"]["resourceVersion"], pod["metadata"]["name"]
                appeared.setdefault(name, now)
                if pod["spec"].get("nodeName"):
                    bound.setdefault(name, now)
            if len(bound) >= pods:
                return


async def clear(kubeconfig: Path) -> None:
    """Until the namespace is empty."""
    async with ApiServer(configuration.load(kubeconfig)) as server:
        at_once = json.dumps({"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0}).encode()
        await server.call("DELETE", f"/apis/bayplan.dev/v1alpha1/namespaces/{NAMESPACE}/taskgraphs")
        end = time.monotonic() + _LIMIT
        while json.loads(await server.call("GET", paths.pods(NAMESPACE), params={"limit": "1"}))["items"]:
            if time.monotonic() > end:
                raise TimeoutError("the namespace does not become empty")
            with suppress(errors.Unreachable):  # thousands of deletions may take longer than one request may: they go on
                await server.call("DELETE", paths.pods(NAMESPACE), at_once)
            await asyncio.sleep(1.0)


def _client(placed: Callable[[str], dict[str, Any]]) -> Post:
    """A client that posts pods, on each of the nodes in turn."""

    async def post(server: ApiServer, pods: int, nodes: list[str]) -> None:
        numbers = iter(range(pods))

        async def connection() -> None:
            for number in numbers:
                spec = {"containers": [_CONTAINER], "restartPolicy": "Never", **placed(nodes[number % len(nodes)])}
                body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"p{number}"}, "spec": spec}
                await server.call("POST", paths.pods(NAMESPACE), json.dumps(body).encode())

        await asyncio.gather(*(connection() for _ in range(CONNECTIONS - 1)))

    return post


def _pin(node: str) -> dict[str, Any]:
    field = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    terms = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [field]}}
    return {"affinity": {"nodeAffinity": terms}}


def _graph(policy: str) -> Post:
    """One TaskGraph of all pods."""

    async def post(server: ApiServer, pods: int, nodes: list[str]) -> None:
        sizes = [min(SHARDS, pods - begun) for begun in range(0, pods, SHARDS)]
        tasks = [{"name": f"t{number}", "shards": size} for number, size in enumerate(sizes)]
        spec = {"policyName": policy, "template": {"spec": {"containers": [_CONTAINER]}}, "tasks": tasks}
        body = {"apiVersion": "bayplan.dev/v1alpha1", "kind": "TaskGraph", "metadata": {"name": "burst"}, "spec": spec}
        path = f"/apis/bayplan.dev/v1alpha1/namespaces/{NAMESPACE}/taskgraphs"
        await server.call("POST", path, json.dumps(body).encode())

    return post


MODES: dict[str, Post] = {
    "kube-scheduler": _client(lambda node: {}),
    "client-pinned": _client(_pin),
    "client-direct": _client(lambda node: {"nodeName": node}),
    "bayplan-pinned": _graph("pinned"),
    "bayplan-direct": _graph("direct"),
}


def _row(mode: str, nodes: int, pods: int, turns: list[dict[str, float]]) -> dict[str, Any]:
    """Medians over the rounds."""
    median = {name: statistics.median(turn[name] for turn in turns) for name in turns[0]}
    cpu = median["operator_cpu_seconds"]
    return {
        "mode": mode, "nodes": nodes, "pods": pods, "seconds": median["seconds"], "per_second": pods / median["seconds"],
        "p99_ms": median["p99_ms"], "operator_cpu_ms_a_pod": 1000.0 * cpu / pods,
        "rounds": [pods / turn["seconds"] for turn in turns],
    }  # fmt: skip


def _line(row: dict[str, Any]) -> str:
    rounds = ", ".join(f"{each:.0f}" for each in row["rounds"])
    return (
        f"{row['mode']:<16}{row['nodes']:>6} nodes {row['pods']:>6} pods {row['per_second']:>7.0f} pods/s ({rounds})   "
        f"p99 {row['p99_ms']:,.0f} ms   operator {row['operator_cpu_ms_a_pod']:.2f} ms a pod"
    )
