"""KAI's scale cases on the testbed: gangs, jobs, reasons and reclaims on 500 simulated nodes of 32 cores, 256 GiB and 8 GPUs.

All is measured by one watcher of the API server, from the first request, or from the operator's start where it was off before.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

from bayplan_operator.kube import configuration, paths
from bayplan_operator.kube.api_server import ApiServer
from bench.admission_events import Figure
from bench.processor_times import ProcessorTimes
from tests.testbed.control_plane import ControlPlaneOptions
from tests.testbed.installation import OperatorProcess, install_chart
from tests.testbed.nodes import NodeKind
from tests.testbed.testbed import Options, Testbed

NAMESPACE = "scale"
KINDS = "/apis/bayplan.dev/v1alpha1"
GRAPHS = f"{KINDS}/namespaces/{NAMESPACE}/taskgraphs"
GPU = "nvidia.com/gpu"
NODE = NodeKind("gpu", 32, "256Gi", gpus={GPU: 8})
QPS = 1000
CONNECTIONS = 40
_FULL = 500
"""Shards of one task of those that fill the cluster."""
_MEASURED = "bench=measured"
_NO_NEWS = 600.0

Spec = dict[str, Any]


class Scale:
    """A cluster of `nodes` nodes; each case is measured on a testbed of its own. A context manager."""

    def __init__(self, nodes: int, limit: float) -> None:
        """``limit``: seconds after which a case is given up (TimeoutError)."""
        self.gpus, self._limit = 8 * nodes, limit
        plane = ControlPlaneOptions(QPS, QPS, QPS, QPS)
        self.testbed = Testbed.start(Options(nodes=((NODE, nodes),), control_plane=plane))
        self._operator: OperatorProcess | None = None

    def __enter__(self) -> "Scale":
        install_chart(self.testbed)
        self.testbed.api.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        self.create("placementpolicies", "PlacementPolicy", "direct", {"preset": "BestFit", "binding": "Direct"})
        return self

    def __exit__(self, *_: object) -> None:
        if self._operator is not None:
            self._operator.stop()
        self.testbed.stop()

    def create(self, plural: str, kind: str, name: str, spec: Spec) -> None:
        """An object of ours that is no graph. Raises TestbedError also for a field that this version does not have."""
        body = {"apiVersion": "bayplan.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}
        self.testbed.api.create(f"{KINDS}/{plural}?fieldValidation=Strict", body)

    def start_operator(self) -> OperatorProcess:
        """The operator, which may not decide yet."""
        self._operator = OperatorProcess(self.testbed)
        return self._operator

    def fill(self, gpus_a_pod: int, **spec: Any) -> None:
        """Pods that run on take all GPUs. Until they run."""
        pods = self.gpus // gpus_a_pod
        sizes = [min(_FULL, pods - begun) for begun in range(0, pods, _FULL)]
        tasks = [{"name": f"t{number}", "shards": size} for number, size in enumerate(sizes)]
        self.testbed.api.create(GRAPHS, graph("full", gpus_a_pod, tasks, measured=False, **spec))
        end = time.monotonic() + self._limit
        while self.testbed.api.get(f"{GRAPHS}/full").get("status", {}).get("active", 0) < pods or not self._all_run(pods):
            if time.monotonic() > end:
                raise TimeoutError("the cluster does not become full")
            time.sleep(1.0)

    def bound(self, pods: int, cause: Callable[[ApiServer], Awaitable[None]]) -> float:
        """Seconds from the beginning of `cause` until a watcher has seen so many measured pods on nodes."""
        return asyncio.run(asyncio.wait_for(self._bound(pods, cause), self._limit))

    def said(self, body: dict[str, Any]) -> tuple[float, str]:
        """Seconds from the request for a graph until a watcher has seen why it waits, and the sentence."""
        return asyncio.run(asyncio.wait_for(self._said(body), self._limit))

    def _all_run(self, pods: int) -> bool:
        path = f"{paths.pods(NAMESPACE)}?resourceVersion=0&fieldSelector=status.phase=Running"
        return len(self.testbed.api.get(path)["items"]) >= pods

    async def _bound(self, pods: int, cause: Callable[[ApiServer], Awaitable[None]]) -> float:
        seen: set[str] = set()

        def look(pod: dict[str, Any]) -> bool:
            if pod["spec"].get("nodeName"):
                seen.add(pod["metadata"]["uid"])
            return len(seen) >= pods

        return await self._watched(paths.pods(NAMESPACE), {"labelSelector": _MEASURED}, look, cause)

    async def _said(self, body: dict[str, Any]) -> tuple[float, str]:
        words: list[str] = []

        def look(found: dict[str, Any]) -> bool:
            conditions = found.get("status", {}).get("conditions", ())
            words.extend(each["message"] for each in conditions if (each["type"], each["status"]) == ("Waiting", "True"))
            return bool(words)

        async def ask(server: ApiServer) -> None:
            await server.call("POST", GRAPHS, json.dumps(body).encode())

        name = body["metadata"]["name"]
        return await self._watched(GRAPHS, {"fieldSelector": f"metadata.name={name}"}, look, ask), words[0]

    async def _watched(
        self,
        path: str,
        which: dict[str, str],
        look: Callable[[dict[str, Any]], bool],
        cause: Callable[[ApiServer], Awaitable[None]],
    ) -> float:
        client = configuration.load(self.testbed.kubeconfig)
        async with ApiServer(client, CONNECTIONS) as server, ApiServer(client) as watched:
            listed = json.loads(await watched.call("GET", path, params={"limit": "1"}))
            following = asyncio.create_task(_follow(watched, path, which, listed["metadata"]["resourceVersion"], look))
            begin = time.monotonic()
            await cause(server)
            return await following - begin


async def _follow(
    server: ApiServer, path: str, which: dict[str, str], version: str, look: Callable[[dict[str, Any]], bool]
) -> float:
    """The instant at which `look` has seen enough."""
    while True:
        params = {"watch": "1", "timeoutSeconds": "3600", "resourceVersion": version, **which}
        async for lines in server.stream(path, params, silence=_NO_NEWS):
            now = time.monotonic()
            for line in lines.split(b"\n"):
                news = json.loads(line)
                if news["type"] == "ERROR":
                    raise RuntimeError(f"the watch of {path} has lost its place: {news['object']}")
                version = news["object"]["metadata"]["resourceVersion"]
                if look(news["object"]):
                    return now


def graph(name: str, gpus: int, tasks: list[dict[str, Any]], *, measured: bool = True, **spec: Any) -> dict[str, Any]:
    """Pods with so many GPUs each, which run on."""
    container = {"name": "c", "image": "none", "resources": {"requests": {"cpu": "1"}, "limits": {GPU: str(gpus)}}}
    labels = dict([_MEASURED.split("=")]) if measured else {}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    whole = {"policyName": "direct", "template": template, "tasks": tasks, **spec}
    return {"apiVersion": "bayplan.dev/v1alpha1", "kind": "TaskGraph", "metadata": {"name": name}, "spec": whole}


def post(bodies: list[dict[str, Any]]) -> Callable[[ApiServer], Awaitable[None]]:
    """Ask for all these graphs, over several connections."""

    async def all_of_them(server: ApiServer) -> None:
        left = iter(bodies)

        async def connection() -> None:
            for body in left:
                await server.call("POST", GRAPHS, json.dumps(body).encode())

        await asyncio.gather(*(connection() for _ in range(min(CONNECTIONS, len(bodies)))))

    return all_of_them


def _gang(scale: Scale) -> list[Figure]:
    """One pod for each node."""
    members = scale.gpus // 8
    scale.start_operator().wait_until_leading()
    body = graph("gang", 8, [{"name": "train", "shards": members, "gang": {}}])
    return [("members", float(members), "pods"), ("bound_s", scale.bound(members, post([body])), "s")]


def _unschedulable(scale: Scale) -> list[Figure]:
    """Ten pods of eight GPUs where there is none."""
    scale.start_operator().wait_until_leading()
    scale.fill(8)
    times, words = [], ""
    for number in range(5):
        body = graph(f"too-much-{number}", 8, [{"name": "train", "shards": 10, "gang": {}}])
        seconds, words = scale.said(body)
        times.append(seconds)
    print(words)
    return [("said_median_s", statistics.median(times), "s"), ("said_longest_s", max(times), "s")]


def _jobs(scale: Scale) -> list[Figure]:
    """A graph for each GPU, while the operator runs."""
    scale.start_operator().wait_until_leading()
    times = ProcessorTimes(scale.testbed, scale._operator)
    seconds = scale.bound(scale.gpus, post(_one_each(scale)))
    return [("jobs", float(scale.gpus), ""), ("bound_s", seconds, "s"), *times.rows()]


def _jobs_off(scale: Scale) -> list[Figure]:
    """The same, all asked for before the operator starts; its start counts."""
    asyncio.run(_ask(scale, _one_each(scale)))
    times = ProcessorTimes(scale.testbed)

    async def start(_: ApiServer) -> None:
        await asyncio.to_thread(scale.start_operator)

    seconds = scale.bound(scale.gpus, start)
    return [("jobs", float(scale.gpus), ""), ("bound_s", seconds, "s"), *times.rows()]


def _one_each(scale: Scale) -> list[dict[str, Any]]:
    return [graph(f"job-{number}", 1, [{"name": "run"}], profile="job") for number in range(scale.gpus)]


async def _ask(scale: Scale, bodies: list[dict[str, Any]]) -> None:
    async with ApiServer(configuration.load(scale.testbed.kubeconfig), CONNECTIONS) as server:
        await post(bodies)(server)


ScaleCase = tuple[int, Callable[[Scale], list[Figure]]]
"""How many nodes, and what is measured on them."""

SCALE_CASES: dict[str, ScaleCase] = {
    "gang": (512, _gang),
    "unschedulable": (500, _unschedulable),
    "jobs": (500, _jobs),
    "jobs-off": (500, _jobs_off),
}
"""By name."""


def run(case: ScaleCase, part: float, limit: float) -> list[Figure]:
    """``part``: of the nodes of the case, and so of its work."""
    nodes, measured = case
    with Scale(max(2, round(part * nodes)), limit) as scale:
        return measured(scale)
