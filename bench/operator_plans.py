"""What planning a large graph again costs the operator: how long it takes, and how long the event loop is held up meanwhile.

    python -m bench.operator_plans [--tasks 1000] [--nodes 1000] [--repeat 10] [--json FILE]

The operator's own code on a real event loop, without a cluster: a layered graph with three parents per task, 1 GB along each
edge, a third of it done, is planned whenever a node appears. A heartbeat of 1 ms tells how late the loop is, and a fixed piece
of Python work, as long as a tick, how much slower it becomes while the thread plans.
"""

import argparse
import asyncio
import gc
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bayplan.cluster.cluster import Cluster
from bayplan.core.background import Background
from bayplan.foresight.graph_plans import make_plan
from bayplan.lifecycle import UnitState
from bayplan.model.workload import NodeInfo
from bayplan_operator.clock import MACHINE
from bayplan_operator.conductor.beside import Thread
from bayplan_operator.conductor.graphs import intake
from bayplan_operator.conductor.outlook.graph_plans import GraphPlans
from bayplan_operator.conductor.outlook.graph_plans.glimpse import glimpse, situation
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.register import Register
from bayplan_operator.conductor.step import Tick
from bayplan_operator.settings import Settings
from bayplan_operator.translate.policy import compile_policy

WIDTH = 50
BEAT = 0.001
WORK = 20_000
"""Steps of the piece of work."""


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.operator_plans", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=10)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    figures = asyncio.run(measure(arguments.tasks, arguments.nodes, arguments.repeat))
    for name, value in figures.items():
        print(f"{name:<32}{value:>10.3f} ms")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))
    return 0


async def measure(tasks: int, nodes: int, repeat: int) -> dict[str, float]:
    """Milliseconds by what was measured."""
    cluster, made = Cluster(), graph(tasks)
    for number in range(nodes):
        cluster.set_node(node(number))
    beside, graphs = Thread("plans", MACHINE, lambda: None), Register()
    plans = GraphPlans(cluster, Settings("bench"), MACHINE, beside)
    graphs.add(made)
    graphs.reopen(made)
    made.call()

    async def planned() -> tuple[float, tuple[list[float], list[float]]]:
        return await _plan(plans, beside, graphs)

    end = time.perf_counter() + 2.0
    idle = await _beats(lambda: time.perf_counter() < end)
    await planned()  # compiles
    gc.collect()
    gc.freeze()  # as the operator does once it has what it needs
    took, late, work = [], [], []
    for number in range(nodes, nodes + repeat):
        cluster.set_node(node(number))
        seconds, beats = await planned()
        took.append(seconds)
        late += beats[0]
        work += beats[1]
    return {
        "plan, median": _ms(statistics.median(took)),
        "plan, longest": _ms(max(took)),
        "plan, processor time": _ms(_processor_time(made, cluster)),
        "copied for the thread in": _ms(_copying(made, cluster)),
        "loop late, idle, median": _ms(statistics.median(idle[0])),
        "loop late, idle, longest": _ms(max(idle[0])),
        "loop late, planning, median": _ms(statistics.median(late)),
        "loop late, planning, longest": _ms(max(late)),
        "work, idle, median": _ms(statistics.median(idle[1])),
        "work, idle, longest": _ms(max(idle[1])),
        "work, planning, median": _ms(statistics.median(work)),
        "work, planning, longest": _ms(max(work)),
    }


async def _plan(plans: GraphPlans, beside: Background, graphs: Register) -> tuple[float, tuple[list[float], list[float]]]:
    """Wait until the next plan is begun, then beat until it is there: seconds that it took, and the beats."""
    while not beside.busy:
        plans.step(Tick(time.time(), graphs))
        await asyncio.sleep(0 if beside.busy else BEAT)
    began = time.perf_counter()
    beats = await _beats(lambda: beside.busy)
    return time.perf_counter() - began, beats


async def _beats(go_on: Callable[[], bool]) -> tuple[list[float], list[float]]:
    """Seconds by which each heartbeat was late, and that a piece of work after it took."""
    late, work = [], []
    while go_on():
        began = time.perf_counter()
        await asyncio.sleep(BEAT)
        between = time.perf_counter()
        sum(number * number for number in range(WORK))
        late.append(between - began - BEAT)
        work.append(time.perf_counter() - between)
    return late, work


def _processor_time(made: GraphRun, cluster: Cluster) -> float:
    """Seconds that the thread computes for a plan, median of some: what other work on the machine does not change."""
    times = []
    for _ in range(11):
        began = time.thread_time()
        make_plan(situation(glimpse(made, cluster, 125e6, time.time())))
        times.append(time.thread_time() - began)
    return statistics.median(times)


def _copying(made: GraphRun, cluster: Cluster) -> float:
    """Seconds, median of some."""
    times = []
    for _ in range(21):
        began = time.perf_counter()
        glimpse(made, cluster, 125e6, time.time())
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def graph(tasks: int) -> GraphRun:
    """Layers of 50 tasks of 30 to 90 s; each waits for three of the layer before. A third of them have succeeded."""
    lots = random.Random(1)
    pod = {"spec": {"containers": [{"image": "i", "resources": {"requests": {"cpu": "4"}}}]}}
    written: list[dict[str, Any]] = []
    for number in range(tasks):
        first = (number // WIDTH - 1) * WIDTH
        after = lots.sample(range(first, first + WIDTH), 3) if first >= 0 else []
        depends = [{"task": f"t{parent}", "data": "1G"} for parent in after]
        written.append({"name": f"t{number}", "dependsOn": depends, "expectedDuration": f"{lots.randint(30, 90)}s"})
    raw = {
        "metadata": {"namespace": "bench", "name": "large", "uid": "large", "creationTimestamp": "2027-01-15T08:00:00Z"},
        "spec": {"template": pod, "tasks": written},
    }
    made = intake.new_graph(raw, time.time(), 60.0)
    made.known.policy = compile_policy({"metadata": {"name": "bench"}, "spec": {"preset": "GraphPlan"}})
    if made.running is None:
        raise RuntimeError(f"the graph is not valid: {made.known.invalid}")
    made.running.run.state[: tasks // 3] = UnitState.SUCCEEDED
    made.running.run.node[: tasks // 3] = [f"n{number}" for number in range(tasks // 3)]
    return made


def node(number: int) -> NodeInfo:
    """One that holds two tasks."""
    return NodeInfo(f"n{number}", {"cpu": 8000, "pods": 110}, node_class=("fast", "slow")[number % 2])


def _ms(seconds: float) -> float:
    return 1000.0 * seconds


if __name__ == "__main__":
    sys.exit(main())
