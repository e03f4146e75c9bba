"""Recorded workflows on nodes of three speeds, simulated by several presets, beside the makespan of HEFT's own schedule.

    python -m bench.graphplan --data DIR [--policy GraphPlan,Auto,BestFit] [--noise 0] [--seeds 1] [--instance NAME ...]
        [--steps 30000] [--speeds 4.395,2.619,0.619] [--json FILE]

Folder and nodes are those of bench.heft: wfinstances/ (WfCommons 1.5) and gavel/ (the speeds), four nodes of each speed, one
task at a time per node, 1 Gbit/s between any two nodes. HEFT's schedule is kept to the second, and bytes are sent as soon as
a task has ended; simulated tasks are placed as they become ready, read when they begin, and with --noise run longer or
shorter than expected. A policy that goes by plans is run with plans as they are made, and with plans improved for --steps.
Figures are means over seeds.
"""

import argparse
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import Policy, Setup, Submission, TrueRunTimes, simulate
from bayplan.solvers.schedules.problem import GraphProblem
from bayplan.strategy.presets import PRESETS, compile_preset
from bayplan.warm.presets import warm_up
from bench.heft import BANDWIDTH, EXAMPLE, NODES_PER_SPEED, read, speeds_of
from bench.options import count, planners, seconds_above_zero, write_json
from bench.reading import DataError
from bench.scheduling.heft import heft
from bench.sources import name_sources
from bench.wfcommons import read_speeds

ASKED = RequestClass((("pods", 1),))
SHORTEST = 1e-3
"""Seconds; tasks that were recorded with less take this long."""


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.graphplan", description=(__doc__ or "").split("\n")[0])
    name_sources(parser, "wfinstances", "gavel")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with the data")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    parser.add_argument("--policy", type=planners(set(PRESETS)), default=["GraphPlan", "Auto", "BestFit"], metavar="NAME,...")
    parser.add_argument("--noise", type=_noise, default=0.0, help="coefficient of variation of run times (default: none)")
    parser.add_argument("--seeds", type=count, default=1, help="how many, from --seed on")
    parser.add_argument("--steps", type=count, default=30_000, help="of the search for a better plan (default: %(default)s)")
    parser.add_argument("--speeds", type=speeds_of, metavar="V,V", help="in place of those in gavel/")
    parser.add_argument("--instance", action="append", metavar="NAME", help="only this file; may be given several times")
    arguments = parser.parse_args()
    warm_up()
    try:
        folder = arguments.data
        speeds = arguments.speeds
        if speeds is None:
            speeds = read_speeds(folder / "gavel" / "simulation_throughputs.json")
        problems = read(folder, speeds, arguments.instance)
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    problems.pop(EXAMPLE, None)
    runs = runs_of(arguments.policy)
    print(f"{'instance':<46}{'tasks':>6}{'HEFT':>9}" + "".join(f"{name + ' / HEFT':>28}" for name in runs))
    figures = []
    for name, problem in problems.items():
        figures.append({"instance": name, **measure(problem, speeds / speeds.max(), arguments)})
        print(_line(figures[-1], list(runs)), flush=True)
    for policy in runs:
        mean = math.exp(sum(math.log(each[policy] / each["heft"]) for each in figures) / len(figures))
        print(f"{policy}: geometric mean over HEFT {mean:.3f}")
    write_json(arguments.json, figures)
    return 0


def runs_of(policies: list[str]) -> dict[str, tuple[str, bool]]:
    """Name of a column to a preset, and whether its plans are improved; both ways where it goes by plans."""
    found = {}
    for policy in policies:
        found[policy] = policy, False
        if compile_preset(policy).uses_plans:
            found[f"{policy}, improved"] = policy, True
    return found


def measure(problem: GraphProblem, speeds: FloatArray, arguments: argparse.Namespace) -> dict[str, Any]:
    """Makespans by column, and the seconds of computing that each took."""
    submission = submitted(problem)
    found: dict[str, Any] = {"tasks": problem.tasks, "heft": heft(problem).makespan, "seconds": {}}
    for name, (policy, better) in runs_of(arguments.policy).items():
        begin = time.perf_counter()
        steps = arguments.steps if better else 0
        seeds = range(arguments.seed, arguments.seed + arguments.seeds)
        found[name] = float(np.mean([makespan(submission, speeds, policy, arguments.noise, seed, steps) for seed in seeds]))
        found["seconds"][name] = time.perf_counter() - begin
    return found


def submitted(problem: GraphProblem) -> Submission:
    """The workflow with its times on the fastest nodes."""
    above: list[list[str]] = [[] for _ in problem.names]
    moved: list[list[float]] = [[] for _ in problem.names]
    for edge in np.argsort(problem.children, kind="stable").tolist():
        child = int(problem.children[edge])
        above[child].append(problem.names[problem.parents[edge]])
        moved[child].append(float(problem.seconds[edge]) * BANDWIDTH)
    fastest = np.maximum(problem.durations.min(axis=1), SHORTEST).tolist()
    tasks = [Task(name, tuple(of), duration=took) for name, of, took in zip(problem.names, above, fastest, strict=True)]
    data = np.array([each for of_one in moved for each in of_one], np.float64)
    return Submission("workflow", Graph.build(tasks), (ASKED,) * len(tasks), data=data)


def makespan(submission: Submission, speeds: FloatArray, policy: str, noise: float, seed: int, steps: int) -> float:
    """Of one simulated run. `steps`: of the search for a better plan, 0: none."""
    classes = {f"class-{number}": float(speed) for number, speed in enumerate(speeds)}
    nodes = [
        NodeInfo(f"{name}-{number}", {"pods": 1}, node_class=name) for name in classes for number in range(NODES_PER_SPEED)
    ]
    run_times = TrueRunTimes(classes, noise=noise)
    policies = {"": Policy(compile_preset(policy))}
    setup = Setup(nodes, policies, run_times, bandwidth=BANDWIDTH, seed=seed, plan_steps=steps)
    return float(simulate([submission], setup).graphs.ended_at[0])


def _noise(text: str) -> float:
    return seconds_above_zero(text) if float(text) else 0.0


def _line(figures: dict[str, Any], names: list[str]) -> str:
    ratios = "".join(f"{figures[name] / figures['heft']:>28.3f}" for name in names)
    return f"{figures['instance']:<46}{figures['tasks']:>6}{figures['heft']:>9.0f}{ratios}"


if __name__ == "__main__":
    sys.exit(main())
