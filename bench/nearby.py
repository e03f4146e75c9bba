"""Pods that are to be spread, kept apart or near each other: how long until all have a node, beside kube-scheduler alone.

    python -m bench.nearby [--mixes 5] [--nodes 12] [--seed 1] [--json FILE]

Each mix is drawn: groups of pods with anti-affinity, spread constraints, host ports or affinity, that run for some seconds, on
nodes of 8 cores in three zones. kube-scheduler alone is given all pods at once; Bayplan is given one graph with a task a group.
Measured on a control plane with simulated nodes is the time from the first request until the last pod is bound, and how many
pods kube-scheduler refused on the way. Nodes that stand empty show in the ratio.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bayplan_operator.kube import configuration, paths
from bayplan_operator.kube.api_server import ApiServer
from bench.throughput_testbed import CONNECTIONS, NAMESPACE, clear
from tests.testbed.control_plane import ControlPlaneOptions
from tests.testbed.installation import OperatorProcess, install_chart
from tests.testbed.nodes import NodeKind
from tests.testbed.testbed import Options, Testbed

HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
NODE = NodeKind("nearby", 8, "32Gi")
_LIMIT = 900.0
"""Seconds after which a turn is given up."""
_QPS = 1000


@dataclass(frozen=True, slots=True)
class Group:
    """Pods that are alike."""

    name: str
    pods: int
    seconds: float
    """That each of them runs."""
    spec: Mapping[str, Any]

    @property
    def metadata(self) -> dict[str, Any]:
        """Their labels, and how long their simulated node runs them."""
        return {"labels": {"app": self.name}, "annotations": {"sim.bayplan.dev/seconds": str(self.seconds)}}


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.nearby", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--mixes", type=int, default=5)
    parser.add_argument("--nodes", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = []
    plane = ControlPlaneOptions(_QPS, _QPS, _QPS, _QPS)
    with Testbed.start(Options(nodes=((NODE, arguments.nodes),), control_plane=plane)) as testbed:
        install_chart(testbed)
        testbed.api.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        with OperatorProcess(testbed) as operator:
            operator.wait_until_leading()
            for number in range(arguments.mixes):
                groups = draw(random.Random(1000 * arguments.seed + number), arguments.nodes)
                rows.append(_compared(testbed.kubeconfig, number, groups))
                print(_line(rows[-1]))
    ratios = [row["ratio"] for row in rows]
    print(f"ratio: median {statistics.median(ratios):.2f}, largest {max(ratios):.2f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2))
    return 0


def draw(lots: random.Random, nodes: int) -> list[Group]:
    """Three to six groups; of those that keep apart by node at most twice as many pods as there are nodes."""
    groups = []
    for number in range(lots.randint(3, 6)):
        name = f"g{number}"
        kind = lots.choice(("apart", "zones", "hosts", "everywhere", "ports", "together", "plain"))
        pods = lots.randint(nodes // 2, 2 * nodes)
        container: dict[str, Any] = {"name": "c", "image": "none", "resources": {"requests": {"cpu": lots.choice(("1", "2"))}}}
        if kind == "ports":
            container["ports"] = [{"containerPort": 80, "hostPort": 9000 + number}]
        groups.append(Group(name, pods, lots.uniform(2.0, 8.0), {"containers": [container], **_terms(kind, name)}))
    return groups


def _terms(kind: str, app: str) -> dict[str, Any]:
    alike = {"labelSelector": {"matchLabels": {"app": app}}}

    def rule(of: str, key: str) -> dict[str, Any]:
        return {"affinity": {of: {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": key, **alike}]}}}

    def spread(key: str, **more: Any) -> dict[str, Any]:
        constraint = {"topologyKey": key, "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule", **alike, **more}
        return {"topologySpreadConstraints": [constraint]}

    return {
        "apart": lambda: rule("podAntiAffinity", HOST),
        "zones": lambda: spread(ZONE),
        "hosts": lambda: spread(HOST),
        "everywhere": lambda: spread(ZONE, nodeAffinityPolicy="Ignore"),
        "ports": dict,
        "together": lambda: rule("podAffinity", ZONE),
        "plain": dict,
    }[kind]()


def _compared(kubeconfig: Path, number: int, groups: Sequence[Group]) -> dict[str, Any]:
    alone = asyncio.run(_turn(kubeconfig, groups, graph=False))
    bayplan = asyncio.run(_turn(kubeconfig, groups, graph=True))
    return {
        "mix": number, "pods": sum(each.pods for each in groups), "groups": len(groups),
        "alone": alone[0], "bayplan": bayplan[0], "ratio": bayplan[0] / alone[0], "refused": bayplan[1],
    }  # fmt: skip


async def _turn(kubeconfig: Path, groups: Sequence[Group], graph: bool) -> tuple[float, int]:
    """Seconds until as many pods are bound as there are in all groups, and how many pods were refused on the way."""
    async with ApiServer(configuration.load(kubeconfig), connections=CONNECTIONS) as server:
        listed = json.loads(await server.call("GET", paths.pods(NAMESPACE), params={"limit": "1"}))
        count = sum(each.pods for each in groups)
        watching = asyncio.create_task(_watch(server, listed["metadata"]["resourceVersion"], count))
        begin = time.monotonic()
        await (_post_graph if graph else _post_pods)(server, groups)
        ended, refused = await asyncio.wait_for(watching, _LIMIT)
    await clear(kubeconfig)
    return ended - begin, refused


async def _watch(server: ApiServer, version: str, count: int) -> tuple[float, int]:
    bound: set[str] = set()
    refused: set[str] = set()
    while len(bound) < count:
        params = {"watch": "1", "timeoutSeconds": "3600", "resourceVersion": version}
        async for lines in server.stream(paths.pods(NAMESPACE), params, silence=_LIMIT):
            for line in lines.split(b"\n"):
                pod = json.loads(line)["object"]
                version, uid = pod["metadata"]["resourceVersion"], pod["metadata"]["uid"]
                if pod["spec"].get("nodeName"):
                    bound.add(uid)
                if any(each.get("reason") == "Unschedulable" for each in pod["status"].get("conditions", ())):
                    refused.add(uid)
            if len(bound) >= count:
                break
    return time.monotonic(), len(refused)


async def _post_pods(server: ApiServer, groups: Sequence[Group]) -> None:
    async def post(group: Group, number: int) -> None:
        metadata = {"name": f"{group.name}-{number}", **group.metadata}
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"restartPolicy": "Never", **group.spec}}
        await server.call("POST", paths.pods(NAMESPACE), json.dumps(body).encode())

    await asyncio.gather(*(post(each, number) for each in groups for number in range(each.pods)))


async def _post_graph(server: ApiServer, groups: Sequence[Group]) -> None:
    tasks = [
        {"name": each.name, "shards": each.pods, "template": {"metadata": each.metadata, "spec": each.spec}} for each in groups
    ]
    body = {"apiVersion": "bayplan.dev/v1alpha1", "kind": "TaskGraph", "metadata": {"name": "mix"}, "spec": {"tasks": tasks}}
    path = f"/apis/bayplan.dev/v1alpha1/namespaces/{NAMESPACE}/taskgraphs"
    await server.call("POST", path, json.dumps(body).encode())


def _line(row: Mapping[str, Any]) -> str:
    return (
        f"mix {row['mix']}: {row['pods']} pods in {row['groups']} groups: kube-scheduler alone {row['alone']:.1f} s, Bayplan "
        f"{row['bayplan']:.1f} s, ratio {row['ratio']:.2f}; {row['refused']} pods refused"
    )


if __name__ == "__main__":
    sys.exit(main())
