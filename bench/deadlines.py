"""How far the estimates of a graph's end can be trusted: estimated before it runs, then run in the simulator.

    python -m bench.deadlines [--graphs 100] [--runs 2] [--noise 0.3] [--seen 20] [--mtbf SECONDS [--blind]]
                              [--on equal|speeds|data|sizes] [--policy Auto] [--seed 1] [--json FILE]

Random graphs of 10 to 60 tasks with up to three parents and up to 4 shards, on 3, 6, 12 and 24 nodes. `--on` says which:

- equal: of one shard each
- speeds: the same, of which a third is half and a third twice as fast
- data: equal ones, and over half of the edges 1 or 5 GB are read, at 1 Gbit/s
- sizes: of 4 cores each, for shards that ask for 0.5, 1, 2 or 3 by task

Each task has run `--seen` times before on each class of nodes, log-normal with the coefficient of variation `--noise`; the
posterior of that is all that the estimate knows. With `--mtbf`, nodes crash, each once in so many seconds on average, and are
back after a minute; the estimate has seen 1,000 such crashes, or, with `--blind`, none. Printed is how often the true end lay
in the interval that should hold it in four of five cases, how often a probability of meeting a deadline came true, and what
an estimate costs.
"""

import argparse
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.estimates import Estimate, Luck, Scenario, durations, samples
from bayplan.foresight.graph_plans import Situation, expected_seconds, slots
from bayplan.knowledge.node_states import NodeState, NodeStates, Reruns, Survival
from bayplan.knowledge.run_times import RunTimes, TaskRun
from bayplan.model.arrays import BoolArray, FloatArray
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import Delays, Failures, Policy, Setup, Submission, TrueRunTimes, simulate
from bayplan.strategy.presets import PRESETS, compile_preset
from bayplan.strategy.protocols import Strategy
from bayplan.strategy.turns import capacity_for
from bench.options import count

NODES = (3, 6, 12, 24)
_CRASHES, _REPAIR, _NOTICING, _GRACE = 1000, 60.0, 10.0, 10.0
"""Crashes seen before; seconds until a node is back, until a crash is noticed, and from then until its pods are given up."""
_CORES = (500, 1000, 2000, 3000)
"""Thousandths that shards ask for where sizes differ."""
_BYTES = (0.0, 0.0, 1e9, 5e9)
_BANDWIDTH = 125e6
_SPEEDS = {"slow": 0.5, "cpu": 1.0, "fast": 2.0}
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


class On(StrEnum):
    """What makes it matter where a task runs."""

    EQUAL = "equal"
    SPEEDS = "speeds"
    DATA = "data"
    SIZES = "sizes"

    def machines(self, nodes: int) -> list[NodeInfo]:
        """So many nodes."""
        kinds, cores = list(_SPEEDS) if self is On.SPEEDS else ["cpu"], 4000 if self is On.SIZES else 1000
        return [
            NodeInfo(f"n{number}", {"cpu": cores, "pods": 110}, node_class=kinds[number % len(kinds)])
            for number in range(nodes)
        ]

    def submission(self, graph: Graph, lots: np.random.Generator) -> Submission:
        """What the tasks ask for, and what they read of each other."""
        cores = lots.choice(_CORES if self is On.SIZES else (1000,), len(graph.tasks)).tolist()
        data = lots.choice(_BYTES if self is On.DATA else (0.0,), len(graph.parents.indices))
        classes = tuple(RequestClass((("cpu", each), ("pods", 1))) for each in cores)
        return Submission("graph", graph, classes, policy="p", data=data)


def learned(graph: Graph, classes: Iterable[str], world: World, lots: np.random.Generator) -> RunTimes:
    """What is known of the tasks after so many runs of each on each class of nodes."""
    found, sigma = RunTimes(), float(np.sqrt(np.log1p(world.noise**2)))
    for task in graph.tasks:
        for node_class in classes:
            factors = np.exp(sigma * lots.standard_normal(world.seen) - sigma**2 / 2) / _SPEEDS[node_class]
            for number, factor in enumerate(factors.tolist()):
                found.observe(TaskRun(task.name, node_class=node_class), task.duration * factor, float(number))
    return found


def foreseen(
    work: Submission, run_times: RunTimes, machines: list[NodeInfo], strategy: Strategy, seed: int, reruns: Reruns | None = None
) -> Estimate:
    """The estimate before anything runs."""
    cluster, graph = Cluster(), work.graph
    for machine in machines:
        cluster.set_node(machine)
    runs = [TaskRun(task.name) for task in graph.tasks]
    asks = Counter(work.classes[task] for task in graph.unit_task.tolist())
    nodes = slots(cluster, asks, graph.units)
    seconds = expected_seconds(graph, runs, nodes.classes, run_times)
    none = np.full(graph.units, np.nan)
    idle = (np.zeros(graph.units, bool), np.full(graph.units, -1), none)
    assert work.data is not None
    situation = Situation(graph, seconds, work.data, _BANDWIDTH, nodes, 0.0, *idle)
    known = replace(durations(graph, runs, nodes.classes, seconds, run_times), reruns=reruns)
    luck = Luck.draw(graph, samples(graph.units), seed)
    return Scenario.on(situation, known, none, luck, capacity_for(strategy, cluster, situation, work.classes)).estimate()


def measure(nodes: int, graphs: int, runs: int, world: World, policy: str, seed: int, on: On = On.EQUAL) -> Case:
    """Estimate and run."""
    machines, strategy = on.machines(nodes), compile_preset(policy)
    speeds = {each.node_class: _SPEEDS[each.node_class] for each in machines}
    place, met, took = [], [], 0.0
    for number in range(graphs):
        lots = np.random.default_rng([seed, nodes, number])
        graph = random_graph(lots)
        run_times = learned(graph, speeds, world, lots)
        work = on.submission(graph, lots)
        begun = time.perf_counter()
        found = foreseen(work, run_times, machines, strategy, number, world.reruns)
        took += time.perf_counter() - begun
        for run in range(runs):
            luck = int(lots.integers(2**31)) + run
            setup = Setup(
                machines,
                {"p": Policy(strategy, node_loss_grace=_GRACE)},
                TrueRunTimes(speeds, noise=world.noise),
                Failures(mtbf=world.mtbf, repair=_REPAIR),
                Delays(noticing=_NOTICING),
                bandwidth=_BANDWIDTH,
                seed=luck,
            )
            ended = float(simulate([work], setup).graphs.ended_at[0])
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
    parser.add_argument("--on", choices=[each.value for each in On], default="equal", help="which nodes (default: %(default)s)")
    parser.add_argument("--policy", choices=sorted(PRESETS), default="Auto", help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    arguments = parser.parse_args()
    world = World(arguments.noise, arguments.seen, arguments.mtbf, arguments.blind)
    options = (arguments.graphs, arguments.runs, world, arguments.policy, arguments.seed, On(arguments.on))
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
