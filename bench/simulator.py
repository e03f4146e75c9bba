"""How fast the simulator is: events a second (an arrival, a start or an end), on recorded jobs.

    python -m bench.simulator --data philly/jobs.csv [--jobs 10000] [--policy BestFit] [--nodes 1] [--seed 0] [--json FILE]

Each cluster of the trace with at least 1,000 jobs gets a pool of 64 GPUs; requests above that are cut to it; submissions are
stretched or squeezed so that the load is 85 %. At every event the whole queue may start; nothing is reserved. The jobs
are taken from the largest cluster first. `--nodes N` splits each pool into N equal nodes, and cuts requests to one of them.
"""

import argparse
import csv
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.gpu import GpuAsk, Gpus
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import Policy, Setup, Submission, Trace, figures, simulate
from bayplan.strategy.presets import PRESETS, compile_preset
from bayplan.warm.presets import warm_up
from bench.sources import name_sources

GPU = "nvidia.com/gpu"
POOL, LOAD, LEAST_JOBS = 64, 0.85, 1_000
_COLUMNS = ("timestamp", "duration", "num_gpus", "cluster")


class TraceError(ValueError):
    """The file is missing, or something in it is wrong; the message names file, line and column."""


@dataclass(frozen=True, slots=True)
class Jobs:
    """Of one cluster, in the order of submission."""

    cluster: str
    at: FloatArray
    """Seconds after the first."""
    seconds: FloatArray
    gpus: IntArray


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.simulator", description=(__doc__ or "").split("\n")[0])
    name_sources(parser, "philly")
    parser.add_argument("--data", type=Path, required=True, help="jobs.csv: timestamp, duration, num_gpus, cluster")
    parser.add_argument("--jobs", type=_count, default=10_000, help="how many (default: %(default)s)")
    parser.add_argument("--policy", choices=sorted(PRESETS), default="BestFit")
    parser.add_argument(
        "--nodes", type=_count, default=1, help="how many nodes share the 64 GPUs of a pool (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    begin = time.perf_counter()
    warm_up()
    print(f"kernels ready after {time.perf_counter() - begin:.1f} s")
    try:
        clusters = read(arguments.data, arguments.jobs)
    except TraceError as error:
        print(error, file=sys.stderr)
        return 2
    runs = [measure(jobs, arguments.policy, arguments.nodes, arguments.seed) for jobs in clusters]
    runs.append(_together(runs))
    for run in runs:
        print(_line(run))
    if arguments.json:
        arguments.json.write_text(json.dumps(runs, indent=2))
    return 0


def read(path: Path, count: int) -> list[Jobs]:
    """The first `count` jobs, from the largest cluster first. Raises `TraceError`."""
    by_cluster: dict[str, list[tuple[float, float, int]]] = {}
    for row, where in _rows(path):
        by_cluster.setdefault(row["cluster"], []).append(_job(row, where))
    found = []
    for name, jobs in sorted(by_cluster.items(), key=lambda item: (-len(item[1]), item[0])):
        if count <= 0 or len(jobs) < LEAST_JOBS:
            break
        taken = sorted(jobs, key=lambda job: job[0])[:count]
        count -= len(taken)
        found.append(_jobs(name, taken))
    if not found:
        raise TraceError(f"{path} has no cluster with at least {LEAST_JOBS} jobs")
    return found


def measure(jobs: Jobs, policy: str, nodes: int, seed: int) -> dict[str, Any]:
    """Simulate one cluster's jobs."""
    size = POOL // nodes
    if size < 1:
        raise SystemExit(f"--nodes is {nodes}: it must be at most {POOL}, one GPU each")
    gpus = np.minimum(jobs.gpus, size)
    classes = {each: RequestClass(((GPU, each),), gpus=GpuAsk(each)) for each in sorted(set(gpus.tolist()))}
    work = float((jobs.seconds * gpus).sum())
    at = jobs.at * (work / (LOAD * nodes * size)) / max(float(jobs.at[-1]), 1.0)
    graph = Graph.build([Task("job")])
    unknown = np.zeros(1)
    submissions = [
        Submission(f"job-{number}", graph, (classes[asked],), at=begin, expected=unknown, actual=np.array([seconds]))
        for number, (begin, asked, seconds) in enumerate(zip(at.tolist(), gpus.tolist(), jobs.seconds.tolist(), strict=True))
    ]
    pool = [NodeInfo(f"pool-{number:02}", {GPU: size}, gpus=Gpus(size)) for number in range(nodes)]
    setup = Setup(pool, {"": Policy(compile_preset(policy))}, seed=seed)
    begin_wall, begin_cpu = time.perf_counter(), time.process_time()
    trace = simulate(submissions, setup)
    wall, cpu = time.perf_counter() - begin_wall, time.process_time() - begin_cpu
    return {"cluster": jobs.cluster, "policy": policy, "nodes": nodes, "jobs": len(submissions), **_figures(trace, wall, cpu)}


def _figures(trace: Trace, wall: float, cpu: float) -> dict[str, Any]:
    waits = figures.waits(trace)
    return {
        "events": trace.events, "seconds": wall, "cpu_seconds": cpu, "per_second": trace.events / wall,
        "per_cpu_second": trace.events / cpu, "mean_jct": figures.completion(trace),
        "mean_wait": float(waits.mean()), "max_wait": float(waits.max()), "utilisation": figures.utilisation(trace, GPU),
    }  # fmt: skip


def _together(runs: list[dict[str, Any]]) -> dict[str, Any]:
    total = {key: sum(run[key] for run in runs) for key in ("jobs", "events", "seconds", "cpu_seconds")}
    rates = {"per_second": total["events"] / total["seconds"], "per_cpu_second": total["events"] / total["cpu_seconds"]}
    return {"cluster": "all", "policy": runs[0]["policy"], "nodes": runs[0]["nodes"], **total, **rates}


def _line(run: Mapping[str, Any]) -> str:
    text = (
        f"{run['cluster']:<8}{run['policy']:<16}{run['jobs']:>7} jobs {run['events']:>8} events {run['seconds']:>7.2f} s"
        f" {run['per_second']:>9,.0f} events/s ({run['per_cpu_second']:,.0f} a CPU second)"
    )
    return text + (f"   mean wait {run['mean_wait']:,.0f} s" if "mean_wait" in run else "")


def _rows(path: Path) -> list[tuple[dict[str, str], str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [each for each in _COLUMNS if each not in (reader.fieldnames or ())]
            if missing:
                raise TraceError(f"{path}: column {missing[0]} is missing: the first line must name {', '.join(_COLUMNS)}")
            return [
                ({key: value or "" for key, value in row.items() if key}, f"{path}, line {reader.line_num}") for row in reader
            ]
    except (OSError, UnicodeDecodeError) as error:
        raise TraceError(f"{path} cannot be read: {error}") from error


def _job(row: Mapping[str, str], where: str) -> tuple[float, float, int]:
    try:
        at = datetime.fromisoformat(row["timestamp"]).timestamp()
        seconds, gpus = float(row["duration"]), int(row["num_gpus"])
    except ValueError as error:
        raise TraceError(f"{where}: {error}") from error
    if not (seconds > 0 and gpus > 0):
        raise TraceError(f"{where}: duration is {seconds} and num_gpus {gpus}: both must be above 0")
    return at, seconds, gpus


def _jobs(name: str, taken: list[tuple[float, float, int]]) -> Jobs:
    at, seconds, gpus = zip(*taken, strict=True)
    return Jobs(name, np.array(at) - at[0], np.array(seconds), np.array(gpus, np.int64))


def _count(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f'"{text}" must be a whole number above 0')
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
