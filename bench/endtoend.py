"""One large graph on a cluster of simulated nodes: delays, makespan, and what the operator costs.

    python -m bench.endtoend [--nodes 1000] [--layers 20] [--width 50] [--seed 42] [--json FILE]

Delay of a task: from the instant at which an independent watcher of the API server sees its last parent ended to the instant
at which it sees the task's pod. The same watcher and clock for both; what kwok needs to start and end a pod is in the makespan
but not in the delays.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.delays import delay_rows
from bench.layered import Layered, Shape
from bench.pod_watch import PodWatch
from tests.testbed.control_plane import ControlPlaneOptions
from tests.testbed.installation import OperatorProcess, install_chart
from tests.testbed.nodes import CPU_SMALL
from tests.testbed.testbed import Options, Testbed

GRAPH = "layered"
QPS = 1000


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.endtoend", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--layers", type=int, default=20)
    parser.add_argument("--width", type=int, default=50)
    parser.add_argument("--parents", type=int, default=3)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--limit", type=float, default=900.0, help="seconds after which it is given up")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    graph = Layered.draw(Shape(arguments.layers, arguments.width, arguments.parents, arguments.seed))
    # The clients' limits of scheduler and controller manager are raised: what is measured is the operator.
    plane = ControlPlaneOptions(QPS, QPS, QPS, QPS)
    with Testbed.start(Options(nodes=((CPU_SMALL, arguments.nodes),), control_plane=plane)) as testbed:
        install_chart(testbed)
        with OperatorProcess(testbed) as operator:
            operator.wait_until_leading()
            figures = measure(testbed, operator, graph, arguments.limit)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))
    for figure in figures:
        print(f"{figure['metric']:<28}{figure['value']:>12.6g} {figure['unit']}")
    return 0 if next(f["value"] for f in figures if f["metric"] == "finished") == len(graph.seconds) else 1


def measure(testbed: Testbed, operator: OperatorProcess, graph: Layered, limit: float) -> list[dict[str, Any]]:
    """Run the graph and put the figures together."""
    idle = operator.cpu_seconds()
    with PodWatch(testbed.kubeconfig, GRAPH) as watch:
        begin = time.monotonic()
        body = graph.manifest(GRAPH)
        testbed.api.create("/apis/bayplan.dev/v1alpha1/namespaces/default/taskgraphs", body)
        while len(watch.seen.ended) < len(graph.seconds) and time.monotonic() - begin < limit:
            time.sleep(0.5)
            if sys.stderr.isatty():
                print(f"\r{len(watch.seen.ended)}/{len(graph.seconds)} ended", end="", file=sys.stderr, flush=True)
        final = _wait_for_end(testbed, begin + limit)
        seen = watch.seen
    makespan = max(seen.ended.values()) - begin
    critical = graph.critical_path()
    ticks, tick_sum = operator.metric("bayplan_tick_seconds_count") or 0.0, operator.metric("bayplan_tick_seconds_sum") or 0.0
    created = np.sort(np.array(list(seen.created.values())))
    rows: list[tuple[str, float, str]] = [
        ("tasks", len(graph.seconds), "tasks"),
        ("finished", len(seen.succeeded), "tasks"),
        *delay_rows(graph, seen),
        ("critical_path", critical, "s"),
        ("makespan", makespan, "s"),
        ("makespan_over_critical_path", makespan / critical, ""),
        ("operator_cpu", operator.cpu_seconds() - idle, "s"),
        ("operator_peak_memory", operator.peak_memory() / 1e6, "MB"),
        ("ticks", ticks, ""),
        ("tick_mean", 1000.0 * tick_sum / max(ticks, 1.0), "ms"),
        ("pods_created_per_second", _fastest(created), "pods/s"),
        ("status_bytes_written", operator.metric("bayplan_status_bytes_total") or 0.0, "bytes"),
        ("object_bytes", len(json.dumps(final, separators=(",", ":")).encode()), "bytes"),
    ]
    return [{"metric": metric, "value": value, "unit": unit} for metric, value, unit in rows]


def _fastest(created: "np.ndarray[Any, Any]") -> float:
    """The most pods that appeared within one second."""
    after = np.searchsorted(created, created + 1.0)
    return float((after - np.arange(len(created))).max(initial=0))


def _wait_for_end(testbed: Testbed, deadline: float) -> dict[str, Any]:
    path = f"/apis/bayplan.dev/v1alpha1/namespaces/default/taskgraphs/{GRAPH}"
    while True:
        graph: dict[str, Any] = testbed.api.get(path)
        if graph.get("status", {}).get("completionTime") or time.monotonic() > deadline:
            return graph
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())
