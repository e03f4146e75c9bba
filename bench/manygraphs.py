"""Many small graphs on a cluster of simulated nodes: what each costs the operator from its appearance to its recorded end.

    python -m bench.manygraphs [--graphs 1000] [--tasks 1] [--per-second 20] [--seconds 0.5] [--nodes 100] [--json FILE]

A graph is a chain of `--tasks` tasks. So many appear in a second (0: as fast as the API server takes them). Writes are
those of the operator's own metric, processor time is its process's; both are counted until every graph has its end in its
status and no pod is held any more.
"""

import argparse
import asyncio
import json
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from bayplan_operator.kube import configuration, paths
from bayplan_operator.kube.api_server import ApiServer
from tests.testbed.control_plane import ControlPlaneOptions
from tests.testbed.installation import OperatorProcess, install_chart
from tests.testbed.nodes import CPU_SMALL
from tests.testbed.testbed import Options, Testbed

GRAPHS = "/apis/bayplan.dev/v1alpha1/namespaces/default/taskgraphs"
QPS = 1000
CONNECTIONS = 20


def main() -> int:
    """Run the benchmark; answers the exit code."""
    arguments = _parser().parse_args()
    plane = ControlPlaneOptions(QPS, QPS, QPS, QPS)
    with Testbed.start(Options(nodes=((CPU_SMALL, arguments.nodes),), control_plane=plane)) as testbed:
        install_chart(testbed)
        with OperatorProcess(testbed) as operator:
            operator.wait_until_leading()
            figures = _measure(testbed, operator, arguments)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))
    for figure in figures:
        print(f"{figure['metric']:<36}{figure['value']:>12.6g} {figure['unit']}")
    return 0 if next(f["value"] for f in figures if f["metric"] == "succeeded") == arguments.graphs else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.manygraphs", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--graphs", type=int, default=1000)
    parser.add_argument("--tasks", type=int, default=1, help="of each graph, one after the other")
    parser.add_argument("--per-second", type=float, default=20.0, help="graphs that appear in a second; 0: all at once")
    parser.add_argument("--seconds", type=float, default=0.5, help="that a task runs")
    parser.add_argument("--nodes", type=int, default=100)
    parser.add_argument("--profile", help="the family of all graphs' tasks; not given: each graph is one of its own")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds after which it is given up")
    parser.add_argument("--json", type=Path)
    return parser


def _measure(testbed: Testbed, operator: OperatorProcess, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    cpu, before = operator.cpu_seconds(), writes(operator)
    begin = time.monotonic()
    succeeded = asyncio.run(_run(testbed.kubeconfig, arguments))
    wall = time.monotonic() - begin
    cpu = operator.cpu_seconds() - cpu
    made = {what: number - before.get(what, 0.0) for what, number in writes(operator).items()}
    graphs = arguments.graphs
    rows: list[tuple[str, float, str]] = [
        ("graphs", graphs, ""),
        ("tasks_a_graph", arguments.tasks, ""),
        ("succeeded", succeeded, ""),
        ("wall", wall, "s"),
        ("operator_cpu", cpu, "s"),
        ("operator_cpu_a_graph", 1000.0 * cpu / graphs, "ms"),
        ("writes_a_graph", sum(made.values()) / graphs, ""),
        *((f"{what.replace(' ', '_')}_a_graph", number / graphs, "") for what, number in sorted(made.items()) if number),
        ("operator_peak_memory", operator.peak_memory() / 1e6, "MB"),
    ]
    return [{"metric": metric, "value": value, "unit": unit} for metric, value, unit in rows]


async def _run(kubeconfig: Path, arguments: argparse.Namespace) -> int:
    """Make them, and wait until all is recorded; answers how many have succeeded."""
    async with ApiServer(configuration.load(kubeconfig), connections=CONNECTIONS) as server:
        begin, numbers = time.monotonic(), iter(range(arguments.graphs))

        async def post() -> None:
            for number in numbers:
                if arguments.per_second:
                    await asyncio.sleep(max(0.0, begin + number / arguments.per_second - time.monotonic()))
                await server.call("POST", GRAPHS, json.dumps(_graph(number, arguments)).encode())

        await asyncio.gather(*(post() for _ in range(CONNECTIONS - 1)))
        while True:
            await asyncio.sleep(1.0)
            pods = json.loads(await server.call("GET", paths.pods("default"), params={"resourceVersion": "0"}))["items"]
            held = any("deletionTimestamp" in pod["metadata"] or pod["metadata"].get("finalizers") for pod in pods)
            late = time.monotonic() - begin > arguments.limit
            if late or not held:
                graphs = json.loads(await server.call("GET", GRAPHS, params={"resourceVersion": "0"}))["items"]
                ended = [graph for graph in graphs if graph.get("status", {}).get("completionTime")]
                if late or len(ended) == arguments.graphs:
                    return sum(_complete(graph) for graph in ended)


def _graph(number: int, arguments: argparse.Namespace) -> dict[str, Any]:
    container = {"image": "none", "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}
    template = {
        "metadata": {"annotations": {"sim.bayplan.dev/seconds": f"{arguments.seconds:g}"}},
        "spec": {"containers": [container]},
    }
    tasks = [
        {"name": f"t{place}", "dependsOn": [{"task": f"t{place - 1}"}] if place else []} for place in range(arguments.tasks)
    ]
    family = {"profile": arguments.profile} if arguments.profile else {}
    return {
        "apiVersion": "bayplan.dev/v1alpha1", "kind": "TaskGraph", "metadata": {"name": f"g{number:05d}"},
        "spec": {"template": template, "tasks": tasks, **family},
    }  # fmt: skip


def _complete(graph: dict[str, Any]) -> bool:
    return any(each["type"] == "Complete" and each["status"] == "True" for each in graph["status"].get("conditions", ()))


def writes(operator: OperatorProcess) -> dict[str, float]:
    """By what they write, requests that are no questions."""
    with urllib.request.urlopen(f"http://127.0.0.1:{operator.metrics_port}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    found = (line.rpartition(" ") for line in lines if line.startswith("bayplan_api_writes_total{"))
    named = {name.partition('what="')[2].partition('"')[0]: float(value) for name, _, value in found}
    return {what: number for what, number in named.items() if not what.startswith(("get", "read"))}


if __name__ == "__main__":
    sys.exit(main())
