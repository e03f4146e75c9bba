"""How long it takes to plan a graph: the slots of the cluster, what they expect, and the plan.

    python -m bench.replan [--tasks 1000] [--nodes 1000] [--parents 3] [--repeat 5] [--seed 1] [--json FILE]

Each task waits for three of the 200 before it, and reads 1 GB of each, on nodes of three speeds with links of 1 Gbit/s. Planned
whole, and when a third of the tasks are done and 50 run. Compiling the kernels is not counted. CPU: of the
median run, in processor time, which other work on the machine does not lengthen.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.graph_plans import Situation, make_plan, slots
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bench.options import count, write_json

BANDWIDTH = 1e9 / 8
SPEEDS = {"fast": 4.0, "middle": 2.0, "slow": 0.5}
ASKED = RequestClass((("cpu", 4000), ("pods", 1)))
RUNNING = 50


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.replan", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tasks", type=count, default=1000)
    parser.add_argument("--nodes", type=count, default=1000)
    parser.add_argument("--parents", type=count, default=3, help="per task (default: %(default)s)")
    parser.add_argument("--repeat", type=count, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    figures = measure(arguments.tasks, arguments.nodes, arguments.parents, arguments.repeat, arguments.seed)
    for each in figures:
        print(
            f"{each['what']:<18}{each['tasks']:>6} tasks {each['nodes']:>6} nodes   median {each['median']:.3f} s"
            f"   longest {each['longest']:.3f} s   CPU {each['cpu']:.3f} s   completion {each['completion']:,.0f} s"
        )
    write_json(arguments.json, figures)
    return 0


def measure(tasks: int, nodes: int, parents: int = 3, repeat: int = 5, seed: int = 1) -> list[dict[str, Any]]:
    """Seconds to plan the whole graph, and one that is a third done."""
    on = cluster(nodes)
    whole = _Case("the whole graph", graph(tasks, parents, seed), 0, 0)
    rest = _Case("a third is done", whole.graph, tasks // 3, min(RUNNING, tasks - tasks // 3))
    whole.plan(on)  # compiles
    return [each.figures(on, repeat) for each in (whole, rest)]


class _Case:
    def __init__(self, what: str, graph: Graph, done: int, running: int) -> None:
        self.what, self.graph, self._done, self._running = what, graph, done, running

    def figures(self, on: Cluster, repeat: int) -> dict[str, Any]:
        times = [self.plan(on) for _ in range(repeat)]
        seconds = sorted(each[0] for each in times)
        return {
            "what": self.what, "tasks": self.graph.units, "nodes": len(on), "median": seconds[len(seconds) // 2],
            "longest": seconds[-1], "cpu": sorted(each[1] for each in times)[len(times) // 2], "completion": times[0][2],
        }  # fmt: skip

    def plan(self, on: Cluster) -> tuple[float, float, float]:
        """Seconds by the clock and of the processor, and the completion of the plan."""
        begin, begin_cpu = time.perf_counter(), time.process_time()
        units = self.graph.units
        found = slots(on, {ASKED: units - self._done}, units - self._done)
        first = self.graph.topological[: self._done + self._running]
        done, place, left = np.zeros(units, bool), np.full(units, -1), np.full(units, np.nan)
        done[first[: self._done]] = True
        place[first] = first % len(found.names)
        left[first[self._done :]] = 30.0
        base = np.array([task.duration for task in self.graph.tasks])
        seconds = base[:, None] / np.array([SPEEDS[name] for name in found.classes])
        data = np.full(len(self.graph.parents.indices), 1e9)
        plan = make_plan(Situation(self.graph, seconds, data, BANDWIDTH, found, 0.0, done, place, left))
        return time.perf_counter() - begin, time.process_time() - begin_cpu, plan.completion


def graph(tasks: int, parents: int, seed: int) -> Graph:
    """Each task waits for up to so many of the 200 before it."""
    lots = np.random.default_rng(seed)
    made = []
    for number in range(tasks):
        above = lots.choice(np.arange(max(0, number - 200), number), min(parents, number), replace=False) if number else []
        made.append(Task(f"t{number}", tuple(f"t{each}" for each in above), duration=float(lots.uniform(10, 600))))
    return Graph.build(made)


def cluster(nodes: int) -> Cluster:
    """Nodes of three speeds, each of which holds two tasks."""
    made = Cluster()
    names = tuple(SPEEDS)
    for number in range(nodes):
        kind = names[number % len(names)]
        made.set_node(NodeInfo(f"{kind}-{number:05}", {"cpu": 8000, "pods": 110}, node_class=kind))
    return made


if __name__ == "__main__":
    sys.exit(main())
