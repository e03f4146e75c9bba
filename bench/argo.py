"""The same graph through Argo Workflows and through Bayplan: delays, makespan, and what each controller costs.

    python -m bench.argo --controller FILE --crds PATH ... [--executor IMAGE] [--kubeconfig FILE] [--nodes 1000]
        [--layers 20] [--width 50] [--parents 3] [--seed 42] [--requeue 1] [--qps 1000] [--limit 900] [--json FILE]

`--controller`: the program workflow-controller, built from https://github.com/argoproj/argo-workflows. `--crds`: that
repository's folder manifests/base/crds/minimal; the full CRDs refuse a dag of more than 200 tasks. Each program gets a testbed
of its own, one after the other. With `--kubeconfig`, both get that cluster as it is: there containers really run, with the
image of `--executor` beside them in Argo's pods, and the kubeconfig's user needs the rights of an administrator.

Before it counts, each program runs a graph of one task. Graph, watcher and delays are those of bench.endtoend.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.delays import delay_rows
from bench.engines import NAMESPACE, Controller, Engine, argo, bayplan
from bench.layered import Layered, Shape
from bench.options import count, seconds_above_zero
from bench.pod_watch import PodWatch, Seen
from tests.testbed.cluster import Cluster, ExternalCluster
from tests.testbed.control_plane import ControlPlaneOptions
from tests.testbed.errors import TestbedError
from tests.testbed.nodes import CPU_SMALL
from tests.testbed.processes import Process
from tests.testbed.testbed import Options, Testbed

GRAPH, WARM_UP = "layered", "warm-up"
QPS = 1000
Row = tuple[str, float, str]


def main() -> int:
    """Run the comparison; answers the exit code."""
    arguments = _arguments()
    graph = Layered.draw(Shape(arguments.layers, arguments.width, arguments.parents, arguments.seed))
    controller = Controller(arguments.controller, tuple(arguments.crds), arguments.executor, arguments.requeue, arguments.qps)
    figures: dict[str, list[Row]] = {}
    try:
        for engine in (argo(controller), bayplan()):
            with cluster(arguments.kubeconfig, arguments.nodes) as found, engine.run(found) as process:
                measure(found, engine, process, Layered.draw(Shape(1, 1, 0, 0)), WARM_UP, arguments.limit)
                figures[engine.name] = measure(found, engine, process, graph, GRAPH, arguments.limit)
    except TestbedError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(table(figures)))
    if arguments.json:
        arguments.json.write_text(json.dumps(flat(figures), indent=2) + "\n", encoding="utf-8")
    return 0 if all(("finished", len(graph.seconds), "tasks") in found for found in figures.values()) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.argo", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--controller", type=_program, required=True, metavar="FILE", help="Argo's workflow-controller")
    parser.add_argument(
        "--crds", type=Path, required=True, action="append", metavar="PATH", help="Argo's CRDs; may be repeated"
    )
    parser.add_argument("--executor", default="quay.io/argoproj/argoexec:v4.1.2", metavar="IMAGE", help="default: %(default)s")
    parser.add_argument("--kubeconfig", metavar="FILE", help="a cluster to use as it is; default: a testbed for each")
    parser.add_argument("--nodes", type=count, default=1000, help="of the testbed, with 8 cores (default: %(default)s)")
    parser.add_argument("--layers", type=count, default=20)
    parser.add_argument("--width", type=count, default=50)
    parser.add_argument("--parents", type=count, default=3)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--requeue", type=seconds_above_zero, default=1.0, metavar="S", help="Argo's DEFAULT_REQUEUE_TIME")
    parser.add_argument("--qps", type=count, default=QPS, help="requests per second of Argo's client (default: %(default)s)")
    parser.add_argument("--limit", type=seconds_above_zero, default=900.0, metavar="S", help="after which a run is given up")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    return parser.parse_args()


def _program(text: str) -> Path:
    path = Path(text).resolve()
    if not path.is_file():
        raise argparse.ArgumentTypeError(f'"{text}" must be the file of a program: there is none')
    return path


@contextmanager
def cluster(kubeconfig: str | None, nodes: int) -> Iterator[Cluster]:
    """The user's, or a new testbed whose scheduler and controller manager hold nothing up."""
    if kubeconfig is not None:
        with ExternalCluster(kubeconfig) as found:
            yield found
        return
    options = Options(nodes=((CPU_SMALL, nodes),), control_plane=ControlPlaneOptions(QPS, QPS, QPS, QPS))
    with Testbed.start(options) as testbed:
        yield testbed


def measure(cluster: Cluster, engine: Engine, process: Process, graph: Layered, name: str, limit: float) -> list[Row]:
    """Run the graph once, delete it, and put the figures together. Raises `TestbedError` where the program has ended."""
    cpu = process.cpu_seconds()
    with PodWatch(cluster.kubeconfig, name, engine.label, engine.task_of) as watch:
        begin = time.monotonic()
        cluster.kubectl("create", "-f", "-", input=json.dumps(engine.manifest(graph, name)))
        while len(watch.seen.ended) < len(graph.seconds) and time.monotonic() - begin < limit:
            process.check()
            time.sleep(0.2)
        over = _wait_until_over(cluster, engine, name, begin + limit)
    cost = [("cpu", process.cpu_seconds() - cpu, "s"), ("peak_memory", process.peak_memory() / 1e6, "MB")]
    cluster.kubectl("delete", engine.kind, name, "-n", NAMESPACE)
    return [*rows(graph, watch.seen, begin), ("told_after", over - begin, "s"), *cost]


def _wait_until_over(cluster: Cluster, engine: Engine, name: str, deadline: float) -> float:
    while True:
        answer = cluster.kubectl("get", engine.kind, name, "-n", NAMESPACE, "-o", "json")
        now = time.monotonic()
        if engine.over(json.loads(answer.stdout).get("status") or {}) or now > deadline:
            return now
        time.sleep(0.5)


def rows(graph: Layered, seen: Seen, begin: float) -> list[Row]:
    """What the watcher saw, of a graph that was created at `begin`: tasks that succeeded, delays, makespan."""
    critical, ends = graph.critical_path(), seen.ended.values()
    whole = len(ends) == len(graph.seconds)
    makespan = [("makespan", max(ends) - begin, "s"), ("makespan_over_critical_path", (max(ends) - begin) / critical, "")]
    return [
        ("tasks", len(graph.seconds), "tasks"),
        ("finished", len(seen.succeeded), "tasks"),
        *delay_rows(graph, seen),
        ("critical_path", critical, "s"),
        *(makespan if whole else []),
    ]


def flat(figures: dict[str, list[Row]]) -> list[dict[str, Any]]:
    """One object per figure."""
    return [
        {"engine": engine, "metric": metric, "value": value, "unit": unit}
        for engine, rows in figures.items()
        for metric, value, unit in rows
    ]


def table(figures: dict[str, list[Row]]) -> list[str]:
    """The programs side by side; a figure that one of them has not stands there as -."""
    metrics = list(dict.fromkeys((metric, unit) for rows in figures.values() for metric, _, unit in rows))
    lines = [f"{'':<30}" + "".join(f"{engine:>18}" for engine in figures)]
    for metric, unit in metrics:
        values = [next((f"{value:.6g}" for name, value, _ in rows if name == metric), "-") for rows in figures.values()]
        lines.append(f"{metric:<30}" + "".join(f"{value:>18}" for value in values) + f" {unit}".rstrip())
    return lines


if __name__ == "__main__":
    sys.exit(main())
