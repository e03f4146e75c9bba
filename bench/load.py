"""What measured load is worth: mean completion time with it, and by requests alone.

    python -m bench.load [--nodes 30] [--tasks 600] [--burst 1] [--busy 0.5] [--seeds 20] [--seed 1]
        [--unmeasured 0] [--json FILE]

60 % of the CPU of a third of the nodes goes to something that no request shows, and tasks there run at 40 % of their
speed. Tasks of one to four cores and one to five minutes arrive, `--burst` at a time as the shards of a task do, by a
Poisson process that would keep `--busy` of the CPU requested if nothing were hidden. `LeastLoaded` (requests alone) and
`LoadAware` (the same rule on measured load) place the same tasks on the same nodes, and are compared in pairs over
seeds. Load is scraped every 15 s, known 5 s later, and of a task it shows p (1 - exp(-t / 30 s)); of `--unmeasured`
nodes by lot, nothing is.

    python -m bench.load --testbed --seeds 1 --tasks 200 --policies LoadAware [--speed 10]

does the same on the testbed with a real Prometheus, see `bench.load_testbed`.
"""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import HiddenLoad, Policy, Scrapes, Setup, Steps, Submission, simulate
from bayplan.strategy.presets import PRESETS, compile_preset
from bench.load_jobs import CORES, SECONDS, Job, loaded, unmeasured, workload
from bench.options import count

HIDDEN = 0.6
"""Share of the CPU."""
NODE_CORES = 16
BASE = "LeastLoaded"
TARGET = 0.8
_LEVEL = 0.95


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--nodes", type=count, default=30, help="of 16 cores (default: %(default)s)")
    parser.add_argument("--tasks", type=count, default=600, help="default: %(default)s")
    parser.add_argument("--burst", type=count, default=1, help="tasks that arrive together (default: %(default)s)")
    parser.add_argument("--busy", type=_share, default=0.5, help="share of the CPU that is requested (default: %(default)s)")
    parser.add_argument("--unmeasured", type=int, default=0, metavar="NODES",
                        help="without an exporter, by lot (default: none; not on the testbed)")  # fmt: skip
    parser.add_argument("--policies", type=_policies, default=["LoadAware", "TargetUtilization", "LoadRisk"],
                        help="presets to compare with LeastLoaded (default: the three that look at load)")  # fmt: skip
    parser.add_argument("--seeds", type=count, default=20, help="how many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the first (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    parser.add_argument("--testbed", action="store_true", help="on the testbed with a real Prometheus; starts one per seed")
    parser.add_argument("--speed", type=count, default=10, help="of the testbed's time (default: %(default)s)")
    arguments = parser.parse_args()
    if not 0 <= arguments.unmeasured <= (0 if arguments.testbed else arguments.nodes):
        parser.error(f"--unmeasured {arguments.unmeasured}: it must be from 0 to --nodes, and 0 with --testbed")
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    policies = (BASE, *arguments.policies)
    if arguments.testbed:
        runs = _on_testbed(policies, arguments, seeds)
    else:
        runs = {name: [_mean(name, arguments, seed) for seed in seeds] for name in policies}
    rows = [_row(name, runs[name], runs[BASE]) for name in runs]
    for row in rows:
        print(_line(row))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    return 0


def _on_testbed(policies: Sequence[str], arguments: argparse.Namespace, seeds: range) -> dict[str, list[float]]:
    from bench.load_testbed import Trial, compare  # not needed, nor what it needs, by the simulator

    runs: dict[str, list[float]] = {name: [] for name in policies}
    for seed in seeds:
        slow = [int(name) for name in loaded([str(number) for number in range(arguments.nodes)], seed)]
        jobs = _jobs(arguments, seed)
        for name, mean in compare(Trial(jobs, arguments.nodes, NODE_CORES, slow, HIDDEN, arguments.speed), policies).items():
            runs[name].append(mean)
    return runs


def _jobs(arguments: argparse.Namespace, seed: int) -> list[Job]:
    rate = arguments.busy * arguments.nodes * NODE_CORES / (float(np.mean(CORES)) * float(np.mean(SECONDS)))
    return workload(arguments.tasks, arguments.burst, rate, seed)


def _mean(policy: str, arguments: argparse.Namespace, seed: int) -> float:
    """Mean seconds from a task's arrival to its end."""
    allocatable = {"cpu": NODE_CORES * 1000, "memory": 64 * 2**30, "pods": 110}
    nodes = [NodeInfo(f"node-{number:04}", allocatable) for number in range(arguments.nodes)]
    jobs = _jobs(arguments, seed)
    classes = {
        cores: RequestClass((("cpu", cores * 1000), ("memory", 2**30), ("pods", 1))) for cores in {job.cores for job in jobs}
    }
    submissions = [
        Submission(job.name, Graph.build([Task("task", duration=job.seconds)]), (classes[job.cores],), at=job.at)
        for job in jobs
    ]
    names = [node.name for node in nodes]
    hidden = {name: {"cpu": Steps.constant(HIDDEN)} for name in loaded(names, seed)}
    scrapes = Scrapes(unmeasured=unmeasured(names, arguments.unmeasured, seed))
    setup = Setup(nodes, {"": Policy(compile_preset(policy))}, load=HiddenLoad(hidden, scrapes), seed=seed)
    graphs = simulate(submissions, setup).graphs
    return float((graphs.ended_at - graphs.submitted_at).mean())


def _row(name: str, means: list[float], base: list[float]) -> dict[str, Any]:
    ratios = np.array(means) / np.array(base)
    half = 0.0
    if len(ratios) > 1:
        half = float(stats.t.ppf((1 + _LEVEL) / 2, len(ratios) - 1) * ratios.std(ddof=1) / math.sqrt(len(ratios)))
    return {
        "policy": name, "mean_completion": float(np.mean(means)), "ratio": float(ratios.mean()), "half_width": half,
        "best": float(ratios.min()), "worst": float(ratios.max()), "seeds": len(ratios),
    }  # fmt: skip


def _line(row: dict[str, Any]) -> str:
    text = f"{row['policy']:<20} mean completion {row['mean_completion']:>7.1f} s"
    if row["policy"] == BASE:
        return f"{text}   (requests alone, {row['seeds']} seeds)"
    met = "met" if row["ratio"] + row["half_width"] <= TARGET else "not met"
    interval = f"{row['ratio']:.3f} ± {row['half_width']:.3f}"
    return f"{text}   {interval} of {BASE}'s, from {row['best']:.3f} to {row['worst']:.3f}; at most {TARGET}: {met}"


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f'"{text}" must be a share above 0, at most 1')
    return value


def _policies(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in PRESETS or name == BASE:
            known = ", ".join(sorted(set(PRESETS) - {BASE}))
            raise argparse.ArgumentTypeError(f'"{name}" cannot be compared: it must be one of {known}')
    return names


if __name__ == "__main__":
    sys.exit(main())
