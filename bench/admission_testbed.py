"""Queues under load on the testbed: each piece of work a graph of one task, with a real pod on simulated nodes."""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bayplan_operator.kube import configuration, paths
from bayplan_operator.kube.api_server import ApiServer
from bench.admission_cases import BORROWING, NOMINAL, Case, Work
from bench.admission_events import SUBMIT, Event, Figure
from bench.admission_watch import AdmissionWatch
from bench.processor_times import ProcessorTimes
from tests.testbed.control_plane import ControlPlaneOptions
from tests.testbed.installation import OperatorProcess, install_chart
from tests.testbed.nodes import NodeKind
from tests.testbed.testbed import Options, Testbed

NAMESPACE = "admission"
KINDS = "/apis/bayplan.dev/v1alpha1"
GRAPHS = f"{KINDS}/namespaces/{NAMESPACE}/taskgraphs"
QPS = 1000
CONNECTIONS = 40
_POOL = NodeKind("pool", 128, "512Gi", pods=500)
_SPARE = 1.5
"""Cores of the nodes for each of the quotas: it is the quotas that are short, also where no node has 20 cores left in one."""


@dataclass(frozen=True)
class Measured:
    """What came of a run."""

    events: list[Event]
    """In the API server's order."""
    figures: list[Figure]


def run(case: Case, work: Sequence[Work], limit: float, reserve: int) -> Measured:
    """``limit``: seconds after which it is given up (TimeoutError). ``reserve``: reservations that each queue may hold."""
    nodes = -(-int(_SPARE * NOMINAL * case.cohorts * case.queues) // _POOL.cpu)
    # The clients' limits of scheduler and controller manager are raised: they are not what is measured.
    plane = ControlPlaneOptions(QPS, QPS, QPS, QPS)
    with Testbed.start(Options(nodes=((_POOL, nodes),), control_plane=plane)) as testbed:
        install_chart(testbed)
        testbed.api.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        testbed.api.create(
            f"{KINDS}/placementpolicies", _object("PlacementPolicy", "direct", {"preset": "BestFit", "binding": "Direct"})
        )
        testbed.api.each(lambda body: testbed.api.create(f"{KINDS}/queues", body), _cohorts(case))
        testbed.api.each(lambda body: testbed.api.create(f"{KINDS}/queues", body), _queues(case, reserve))
        with OperatorProcess(testbed) as operator:
            operator.wait_until_leading()
            times = ProcessorTimes(testbed, operator)
            measured = asyncio.run(_measure(testbed.kubeconfig, work, limit))
            figures = [*measured.figures, *times.rows(), ("operator_peak_memory_mb", operator.peak_memory() / 1e6, "MB")]
            _check_ends(testbed, len(work))
    return Measured(measured.events, figures)


async def _measure(kubeconfig: Path, work: Sequence[Work], limit: float) -> Measured:
    client = configuration.load(kubeconfig)
    async with ApiServer(client, CONNECTIONS) as server, ApiServer(client) as watched:
        listed = json.loads(await watched.call("GET", paths.pods(NAMESPACE), params={"limit": "1"}))
        began = time.monotonic()
        watch = AdmissionWatch({each.name: each for each in work}, lambda: began)
        following = asyncio.create_task(watch.follow(watched, NAMESPACE, listed["metadata"]["resourceVersion"]))
        telling = asyncio.create_task(_tell(watch, len(work)))
        try:
            submitted = await _submit(server, work, began)
            await asyncio.wait_for(following, limit - (time.monotonic() - began))
        finally:
            telling.cancel()
    behind = max(event.at - event.work.at for event in submitted)
    events = sorted([*submitted, *watch.events], key=lambda event: event.at)
    kubelet = sum(watch.until_running) / max(1, len(watch.until_running))
    figures = [
        ("until_running_s", kubelet, "s"),
        ("recorded_s", max(watch.recorded.values()), "s"),
        ("submitted_behind_s", behind, "s"),
    ]
    return Measured(events, figures)


async def _submit(server: ApiServer, work: Sequence[Work], began: float) -> list[Event]:
    """Post each when it comes; it waits from the instant of its request."""
    found: list[Event] = []
    left = iter(work)

    async def connection() -> None:
        for each in left:
            await asyncio.sleep(max(0.0, began + each.at - time.monotonic()))
            body = json.dumps(_graph(each)).encode()
            found.append(Event(time.monotonic() - began, SUBMIT, each))
            await server.call("POST", GRAPHS, body)

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return found


async def _tell(watch: AdmissionWatch, of: int) -> None:
    while True:
        await asyncio.sleep(5.0)
        print(
            f"{watch.started} of {of} started, {watch.ended} ended, {len(watch.recorded)} recorded", file=sys.stderr, flush=True
        )


def _object(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "bayplan.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def _cohorts(case: Case) -> list[dict[str, Any]]:
    return [_object("Queue", f"cohort{number}", {}) for number in range(case.cohorts)]


def _queues(case: Case, reserve: int) -> list[dict[str, Any]]:
    quota = {"resource": "cpu", "nominal": NOMINAL, "borrowingLimit": BORROWING}
    return [
        _object("Queue", f"cohort{cohort}-queue{queue}",
                {"parentName": f"cohort{cohort}", "namespaceSelector": {}, "quotas": [quota], "reserve": reserve})
        for cohort in range(case.cohorts) for queue in range(case.queues)
    ]  # fmt: skip


def _graph(work: Work) -> dict[str, Any]:
    """All of a class are runs of one task."""
    kind = work.kind
    container = {"image": "none", "resources": {"requests": {"cpu": str(kind.cpu)}}}
    template = {
        "metadata": {"annotations": {"sim.bayplan.dev/seconds": f"{kind.seconds:g}"}},
        "spec": {"containers": [container]},
    }
    spec = {
        "queueName": work.queue_name.replace("/", "-"), "policyName": "direct", "priority": kind.priority,
        "profile": kind.name, "tasks": [{"name": "work", "template": template}],
    }  # fmt: skip
    return _object("TaskGraph", work.name, spec)


def _check_ends(testbed: Testbed, wanted: int) -> None:
    graphs = testbed.api.get(f"{GRAPHS}?resourceVersion=0")["items"]
    summaries = [graph.get("status", {}).get("summary") for graph in graphs]
    if summaries.count("Succeeded") != wanted:
        raise RuntimeError(f"{wanted} graphs should have succeeded, and {summaries.count('Succeeded')} have")
