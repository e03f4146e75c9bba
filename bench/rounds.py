"""A graph whose tasks repeat, on simulated nodes: how soon the aggregation follows the clients, and a round the one before.

    python -m bench.rounds [--rounds 50] [--clients 5] [--seconds 1] [--nodes 20] [--long 1000] [--json FILE]

Each round is five clients, the fusion of their models, and an evaluation. Figures by one clock of a watcher of the API server,
apart from the operator:

- `end_to_aggregate`: from the instant at which it sees the last client ended until it sees the aggregation's pod.
- `request`: how long the API server takes for such a pod from the watcher itself, a dry run at that same instant.
- `operator_own`: the first of these less the second, in each round: the operator's own time, its requests left aside.
- `round_to_round`: from the end of the evaluation to the first client's pod of the next round. Before that pod the round is
  recorded, so one status is written in between.
- The `due` figures begin when the simulated kubelet was to end the pod, so they hold what kwok needs for it.

`--long`: so many rounds of the same graph on virtual time, for the size of its object (0: none).
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.manygraphs import writes
from bench.options import count, seconds_above_zero, write_json
from bench.round_watch import RoundWatch, SeenRounds
from tests.testbed.control_plane import ControlPlaneOptions
from tests.testbed.installation import OperatorProcess, install_chart
from tests.testbed.nodes import CPU_SMALL
from tests.testbed.testbed import Options, Testbed
from tests.tick.world import World

GRAPH = "federated"
PATH = "/apis/bayplan.dev/v1alpha1/namespaces/default/taskgraphs"
QPS = 1000

Row = tuple[str, float, str]
"""Metric, value, unit."""


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.rounds", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=count, default=50)
    parser.add_argument("--clients", type=count, default=5)
    parser.add_argument("--seconds", type=seconds_above_zero, default=1.0, help="that a pod runs")
    parser.add_argument("--nodes", type=count, default=20)
    parser.add_argument("--long", type=int, default=1000, help="rounds on virtual time, for the object's size; 0: none")
    parser.add_argument("--limit", type=float, default=900.0, help="seconds after which it is given up")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = _on_testbed(arguments)
    if arguments.long:
        rows.append((f"object_bytes_after_{arguments.long}", long_run(arguments.long, arguments.clients), "bytes"))
    for metric, value, unit in rows:
        print(f"{metric:<32}{value:>12.6g} {unit}")
    write_json(arguments.json, [{"metric": metric, "value": value, "unit": unit} for metric, value, unit in rows])
    return 0 if {metric: value for metric, value, _ in rows}["rounds"] == arguments.rounds else 1


def manifest(rounds: int, clients: int, seconds: float) -> dict[str, Any]:
    """The graph. Its programs say what simulated kubelets are told to say."""
    container = {
        "name": "main", "image": "none", "resources": {"requests": {"cpu": "1", "memory": "1Gi"}},
        "volumeMounts": [{"name": "workspace", "mountPath": "/workspace"}],
    }  # fmt: skip
    volumes = [{"name": "workspace", "hostPath": {"path": "/workspace"}}]

    def says(message: dict[str, Any]) -> dict[str, str]:
        return {"sim.bayplan.dev/seconds": f"{seconds:g}", "sim.bayplan.dev/message": json.dumps(message)}

    fuse = {"method": "FedAvg", "weightBy": "samples", "from": "weights.npz", "to": "weights.npz"}
    tasks = [
        {"name": "local", "shards": clients, "template": {"metadata": {"annotations": says({"samples": 270})}}},
        {"name": "aggregate", "dependsOn": [{"task": "local"}], "fuse": fuse,
         "template": {"metadata": {"annotations": says({"inputs": clients, "method": "FedAvg"})}}},
        {"name": "evaluate", "dependsOn": [{"task": "aggregate"}],
         "template": {"metadata": {"annotations": says({"accuracy": 0.9, "loss": 0.3})}}},
    ]  # fmt: skip
    repeated = {
        "tasks": ["local", "aggregate", "evaluate"], "max": rounds, "until": "evaluate.accuracy >= 0.97", "minimum": clients - 1
    }  # fmt: skip
    return {
        "apiVersion": "bayplan.dev/v1alpha1", "kind": "TaskGraph", "metadata": {"name": GRAPH},
        "spec": {"template": {"spec": {"containers": [container], "volumes": volumes}}, "tasks": tasks, "rounds": repeated},
    }  # fmt: skip


def _on_testbed(arguments: argparse.Namespace) -> list[Row]:
    # The clients' limits of scheduler and controller manager are raised: what is measured is the operator.
    plane = ControlPlaneOptions(QPS, QPS, QPS, QPS)
    with Testbed.start(Options(nodes=((CPU_SMALL, arguments.nodes),), control_plane=plane)) as testbed:
        install_chart(testbed)
        with OperatorProcess(testbed) as operator:
            operator.wait_until_leading()
            return measure(testbed, operator, arguments)


def measure(testbed: Testbed, operator: OperatorProcess, arguments: argparse.Namespace) -> list[Row]:
    """Run the graph and put the figures together."""
    cpu, before = operator.cpu_seconds(), writes(operator)
    ticks, seconds = (operator.metric(f"bayplan_tick_seconds_{part}") or 0.0 for part in ("count", "sum"))
    with RoundWatch(testbed.kubeconfig, GRAPH, "local", arguments.clients) as watch:
        testbed.api.create(PATH, manifest(arguments.rounds, arguments.clients, arguments.seconds))
        final = _wait_for_end(testbed, time.monotonic() + arguments.limit)
        seen = watch.seen
    made = {what: number - before.get(what, 0.0) for what, number in writes(operator).items()}
    ticks = (operator.metric("bayplan_tick_seconds_count") or 0.0) - ticks
    seconds = (operator.metric("bayplan_tick_seconds_sum") or 0.0) - seconds
    rounds = len(final.get("status", {}).get("rounds", {}).get("history", ()))
    if not rounds:
        raise RuntimeError(f"no round was over after {arguments.limit:.0f} s")
    return [
        ("rounds", rounds, ""),
        ("clients", arguments.clients, ""),
        *percentiles("end_to_aggregate", within_rounds(seen, rounds, seen.ended)),
        *percentiles("request", list(seen.request.values())),
        *percentiles("operator_own", own_time(seen, rounds)),
        *percentiles("due_to_aggregate", within_rounds(seen, rounds, seen.due)),
        *percentiles("round_to_round", between_rounds(seen, rounds, seen.ended)),
        *percentiles("due_round_to_round", between_rounds(seen, rounds, seen.due)),
        ("status_writes_a_round", made.get("write status", 0.0) / rounds, ""),
        ("writes_a_round", sum(made.values()) / rounds, ""),
        ("ticks_a_round", ticks / rounds, ""),
        ("tick_mean", 1000.0 * seconds / ticks, "ms"),
        ("operator_cpu_a_round", 1000.0 * (operator.cpu_seconds() - cpu) / rounds, "ms"),
        (f"object_bytes_after_{rounds}", size(final), "bytes"),
    ]


def within_rounds(seen: SeenRounds, rounds: int, ends: dict[tuple[str, int, str], float]) -> list[float]:
    """Seconds per round from the last client's end to the aggregation's pod."""
    each = range(1, rounds + 1)
    return [min(seen.of("aggregate", n, seen.created)) - max(seen.of("local", n, ends)) for n in each]


def own_time(seen: SeenRounds, rounds: int) -> list[float]:
    """Seconds per round, as `within_rounds`, less those of one request at the same instant."""
    waits = within_rounds(seen, rounds, seen.ended)
    return [waits[number - 1] - seconds for number, seconds in seen.request.items() if number <= rounds]


def between_rounds(seen: SeenRounds, rounds: int, ends: dict[tuple[str, int, str], float]) -> list[float]:
    """Seconds from the end of a round's evaluation to the first client's pod of the next."""
    each = range(1, rounds)
    return [min(seen.of("local", n + 1, seen.created)) - max(seen.of("evaluate", n, ends)) for n in each]


def percentiles(name: str, seconds: list[float]) -> list[Row]:
    """In milliseconds."""
    if not seconds:
        return []
    found = 1000.0 * np.array(seconds)
    p50, p99 = np.percentile(found, [50, 99])
    return [(f"{name}_p50", float(p50), "ms"), (f"{name}_p99", float(p99), "ms"), (f"{name}_max", float(found.max()), "ms")]


def long_run(rounds: int, clients: int) -> int:
    """Bytes of the graph's object after so many rounds on virtual time."""
    world = World()
    try:
        world.create_policy("default")
        world.add_nodes(CPU_SMALL, 20)
        world.operator.start()
        body = manifest(rounds, clients, 1.0)
        world.kubelets.message = lambda pod: pod["metadata"]["annotations"]["sim.bayplan.dev/message"]
        world.create(GRAPH, *body["spec"].pop("tasks"), **body["spec"])
        world.until(lambda: world.condition(GRAPH, "Complete", "True"), "it is complete", patience=60.0 * rounds)
        return size(world.graph(GRAPH))
    finally:
        world.close()


def size(graph: dict[str, Any]) -> int:
    """Bytes of an object as the API server answers it."""
    return len(json.dumps(graph, separators=(",", ":")).encode())


def _wait_for_end(testbed: Testbed, deadline: float) -> dict[str, Any]:
    while True:
        graph: dict[str, Any] = testbed.api.get(f"{PATH}/{GRAPH}")
        if graph.get("status", {}).get("completionTime") or time.monotonic() > deadline:
            return graph
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())
