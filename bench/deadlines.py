"""How far the estimates of a graph's end can be trusted: estimated before it runs, then run in the simulator.

    python -m bench.deadlines [--graphs 100] [--runs 2] [--noise 0.3] [--seen 20] [--mtbf SECONDS [--blind]]
                              [--policy BestFit] [--seed 1] [--json FILE]

Random graphs of 10 to 60 tasks with up to three parents and up to 4 shards, on 3, 6, 12 and 24 equal nodes of one shard each.
Each task has run `--seen` times before, log-normal with the coefficient of variation `--noise`; the posterior of that is all
that the estimate knows. With `--mtbf`, nodes crash, each once in so many seconds on average, and are back after a minute; the
estimate has seen 1,000 such crashes, or, with `--blind`, none. Printed is how often the true end lay in the interval that
should hold it in four of five cases, how often a probability of meeting a deadline came true, and what an estimate costs.
"""

import argparse
import json
import math
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.estimates import Estimate, durations, estimate
from bayplan.foresight.graph_plans import Situation, expected_seconds, make_plan, slots
from bayplan.knowledge.node_states import NodeState, NodeStates, Reruns, Survival
from bayplan.knowledge.run_times import RunTimes, TaskRun
from bayplan.model.arrays import BoolArray, FloatArray
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import Delays, Failures, Policy, Setup, Submission, TrueRunTimes, simulate
from bayplan.strategy.presets import PRESETS, compile_preset
from bench.options import count

NODES = (3, 6, 12, 24)
_CRASHES, _REPAIR, _NOTICING, _GRACE = 1000, 60.0, 10.0, 10.0
"""Crashes seen before; seconds until a node is back, until a crash is noticed, and from then until its pods are given up."""
_ASKED = RequestClass((("cpu", 1000), ("pods", 1)))
_LOW, _HIGH = 0.1, 0.9
_SHARES = (0.5, 0.7, 0.8, 0.9, 0.95)
"""Probabilities whose deadlines are tried."""


@dataclass(frozen=True, slots=True)
class World:
    """How run times vary and nodes fail, and what is known of it."""

    noise: float
    """Coefficient of variation."""
    seen: int
    """Runs of each task before."""
    mtbf: float = math.inf
    """Mean seconds between two crashes of a node."""
    blind: bool = False
    """No crash was seen before."""

    @property
    def reruns(self) -> Reruns | None:
        """What is known of crashes."""
        if self.blind or math.isinf(self.mtbf):
            return None
        states = NodeStates()
        for _ in range(_CRASHES):
            states.observe(NodeState.BUSY, self.mtbf, NodeState.FAILING)
            states.observe(NodeState.FAILING, _REPAIR, NodeState.BUSY)
        return Survival({"cpu": states}, {}).reruns(("cpu",), _NOTICING + _GRACE)


@dataclass(frozen=True, slots=True)
class Case:
    """Estimates and what came of them, over many graphs and runs."""

    nodes: int
    place: FloatArray
    """Per run, the probability that the estimate gave to an end before the true one."""
    met: BoolArray
    """Shape (runs, shares): the deadline that the estimate gave that probability was met."""
    seconds: float
    """Mean duration of plan and estimate."""

    @property
    def covered(self) -> float:
        """The share of runs that ended between the 10th and the 90th percentile."""
        return float(((self.place > _LOW) & (self.place <= _HIGH)).mean())


def random_graph(lots: np.random.Generator) -> Graph:
    """10 to 60 tasks of seconds to minutes."""
    tasks = []
    for number in range(int(lots.integers(10, 61))):
        parents: list[int] = (
            lots.choice(number, min(number, int(lots.integers(0, 4))), replace=False).tolist() if number else []
        )
        seconds = float(np.exp(lots.normal(4.0, 0.7)))
        names = tuple(f"t{parent}" for parent in sorted(parents))
        tasks.append(Task(f"t{number}", names, int(lots.integers(1, 5)), seconds))
    return Graph.build(tasks)


def learned(graph: Graph, noise: float, seen: int, lots: np.random.Generator) -> RunTimes:
    """What is known of the tasks after so many runs of each."""
    found, sigma = RunTimes(), float(np.sqrt(np.log1p(noise**2)))
    for task in graph.tasks:
        for number, factor in enumerate(np.exp(sigma * lots.standard_normal(seen) - sigma**2 / 2).tolist()):
            found.observe(TaskRun(task.name, node_class="cpu"), task.duration * factor, float(number))
    return found


def foreseen(graph: Graph, run_times: RunTimes, machines: list[NodeInfo], seed: int, reruns: Reruns | None = None) -> Estimate:
    """The estimate before anything runs."""
    cluster = Cluster()
    for machine in machines:
        cluster.set_node(machine)
    runs = [TaskRun(task.name) for task in graph.tasks]
    nodes = slots(cluster, {_ASKED: graph.units}, len(machines))
    seconds = expected_seconds(graph, runs, nodes.classes, run_times)
    none = np.full(graph.units, np.nan)
    idle = (np.zeros(graph.units, bool), np.full(graph.units, -1), none)
    situation = Situation(graph, seconds, np.zeros(len(graph.parents.indices)), 1e9, nodes, 0.0, *idle)
    known = replace(durations(graph, runs, nodes.classes, seconds, run_times), reruns=reruns)
    return estimate(make_plan(situation), known, none, seed)


def measure(nodes: int, graphs: int, runs: int, world: World, policy: str, seed: int) -> Case:
    """Estimate and run."""
    machines = [NodeInfo(f"n{number}", {"cpu": 1000, "pods": 110}, node_class="cpu") for number in range(nodes)]
    place, met, took = [], [], 0.0
    for number in range(graphs):
        lots = np.random.default_rng([seed, nodes, number])
        graph = random_graph(lots)
        run_times = learned(graph, world.noise, world.seen, lots)
        begun = time.perf_counter()
        found = foreseen(graph, run_times, machines, number, world.reruns)
        took += time.perf_counter() - begun
        for run in range(runs):
            submission = Submission("graph", graph, (_ASKED,) * len(graph.tasks), policy="p")
            luck = int(lots.integers(2**31)) + run
            setup = Setup(
                machines,
                {"p": Policy(compile_preset(policy), node_loss_grace=_GRACE)},
                TrueRunTimes(noise=world.noise),
                Failures(mtbf=world.mtbf, repair=_REPAIR),
                Delays(noticing=_NOTICING),
                seed=luck,
            )
            ended = float(simulate([submission], setup).graphs.ended_at[0])
            place.append(found.probability_by(ended))
            met.append([ended <= found.quantile(share) for share in _SHARES])
    return Case(nodes, np.array(place), np.array(met), took / graphs)


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.deadlines", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--graphs", type=count, default=100, help="per number of nodes (default: %(default)s)")
    parser.add_argument("--runs", type=count, default=2, help="of each graph (default: %(default)s)")
    parser.add_argument("--noise", type=float, default=0.3, help="coefficient of variation of run times (default: %(default)s)")
    parser.add_argument("--seen", type=count, default=20, help="runs of each task before (default: %(default)s)")
    parser.add_argument("--mtbf", type=float, default=math.inf, help="seconds between two crashes of a node (default: none)")
    parser.add_argument("--blind", action="store_true", help="crashes come unforeseen")
    parser.add_argument("--policy", choices=sorted(PRESETS), default="BestFit")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    arguments = parser.parse_args()
    world = World(arguments.noise, arguments.seen, arguments.mtbf, arguments.blind)
    options = (arguments.graphs, arguments.runs, world, arguments.policy, arguments.seed)
    rows = []
    print(
        "nodes  in the 80 % interval  met a deadline of " + "  ".join(f"{share:4.0%}" for share in _SHARES) + "  seconds each"
    )
    for nodes in NODES:
        case = measure(nodes, *options)
        shares = case.met.mean(axis=0).tolist()
        told = "  ".join(f"{share:4.0%}" for share in shares)
        print(f"{nodes:5}  {case.covered:20.1%}  {'':17} {told}  {case.seconds:.3f}", flush=True)
        rows.append({"nodes": nodes, "covered": case.covered, "met": dict(zip(map(str, _SHARES), shares, strict=True))})
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
