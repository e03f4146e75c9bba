"""The part `prediction` of the benchmark of waiting: a trace, tasks that come back, and calibration."""

import argparse
import time
from typing import Any

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bench.calibration import LEAST, calibrate
from bench.philly import POOL, pools, read
from bench.queue_policies import PHILLY, PredictedByTask, fifo
from bench.queueing import Jobs, Policy, Ranked, figures, simulate

_WORTH = 0.15
"""What shortest first must gain on a cluster for it to count."""
_TASKS, _JOBS, _SERVERS, _LOAD, _TYPICAL, _VARIATION = 50, 2000, 8, 0.85, 300.0, 0.5
_COLUMNS = (("recovered", 10), ("mean JCT", 11), ("slowdown", 10), ("p99 wait", 11), ("/ FIFO", 7), ("longest", 11), ("s", 6))


def prediction(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """All three; a row per run. Raises `DataError`."""
    clusters = read(arguments.data)
    rows = philly(pools(clusters), arguments.policy or list(PHILLY))
    rows += returning(arguments.seed, arguments.repeats)
    return rows + calibration(clusters)


def philly(traces: dict[str, Jobs], policies: list[str]) -> list[dict[str, Any]]:
    """Every policy on every cluster; the first two are always run, since the others are measured by them."""
    names = list(dict.fromkeys(["fifo", "oracle", *policies]))
    rows: list[dict[str, Any]] = []
    heads = "".join(f"{head:>{width}}" for head, width in _COLUMNS)
    print(f"{'policy':<14}{'cluster':<10}{heads}")
    for cluster, jobs in traces.items():
        base: dict[str, dict[str, float]] = {}
        for name in names:
            begin = time.perf_counter()
            base[name] = found = figures(jobs, simulate(jobs, POOL, PHILLY[name](jobs)))
            gain = base["fifo"]["mean_jct"] - base["oracle"]["mean_jct"] if "oracle" in base else 0.0
            counts = gain >= _WORTH * base["fifo"]["mean_jct"]
            recovered = (base["fifo"]["mean_jct"] - found["mean_jct"]) / gain if gain > 0 else 0.0
            worse = found["p99_wait"] / base["fifo"]["p99_wait"] if base["fifo"]["p99_wait"] else 1.0
            rows.append(
                {"trace": "philly", "window": cluster, "policy": name, **found, "recovered": recovered, "counts": counts}
            )
            print(
                f"{name:<14}{cluster:<10}{recovered:>10.3f}{found['mean_jct']:>11,.0f}{found['mean_slowdown']:>10.1f}"
                f"{found['p99_wait']:>11,.0f}{worse:>7.2f}{found['max_wait']:>11,.0f}{time.perf_counter() - begin:>6.1f}",
                flush=True,
            )
        for row in rows[-len(names) :]:
            row["counts"] = counts
        if not counts:
            print(f"{cluster} does not count: shortest first gains less than {_WORTH:.0%} there")
    for name in names:
        of_policy = [row["recovered"] for row in rows if row["policy"] == name and row["counts"]]
        if of_policy:
            print(f"{name:<14}mean share recovered over {len(of_policy)} clusters {np.mean(of_policy):.3f}")
    return rows


def returning(seed: int, repeats: int) -> list[dict[str, Any]]:
    """Tasks that come back."""
    rows: list[dict[str, Any]] = []
    for draw in range(seed, seed + repeats):
        jobs, task, means = _tasks_that_come_back(draw)
        policies: dict[str, Policy] = {
            "fifo": fifo(jobs),
            "reference": Ranked(lambda job, of=means[task]: float(of[job])),  # type: ignore[misc]
            "predicted": PredictedByTask(jobs, task),
        }
        for name, policy in policies.items():
            rows.append(
                {"trace": "returning", "window": str(draw), "policy": name, **figures(jobs, simulate(jobs, _SERVERS, policy))}
            )
    mean = {name: float(np.mean([row["mean_jct"] for row in rows if row["policy"] == name])) for name in policies}
    for row in rows:
        row["recovered"] = (mean["fifo"] - mean[row["policy"]]) / (mean["fifo"] - mean["reference"])
    print(f"tasks that come back, {repeats} draws: " + ", ".join(f"{name} {each:.1f} s" for name, each in mean.items()))
    print(f"share of the reference's gain: {rows[-1]['recovered']:.3f}", flush=True)
    return rows


def calibration(clusters: dict[str, Jobs]) -> list[dict[str, Any]]:
    """Coverage and log score of every group."""
    rows: list[dict[str, Any]] = []
    for known in ("all earlier", "ended"):
        found = []
        for cluster, jobs in clusters.items():
            if len(jobs.came) < LEAST:
                continue
            for each in calibrate(jobs, known == "all earlier"):
                found.append(each.coverage)
                rows.append(
                    {
                        "trace": "calibration",
                        "window": f"{cluster}/{each.gpus}",
                        "policy": f"predicted from {known}",
                        **dict.fromkeys(("mean_slowdown", "mean_jct", "p99_wait", "max_wait")),
                        "jobs": each.jobs,
                        "coverage_80": each.coverage,
                        "log_score": each.log_score,
                        "log_score_one_log_normal": each.one_log_normal,
                    }
                )
                print(
                    f"calibration, {known}: {cluster}/{each.gpus} ({each.jobs} jobs) coverage {each.coverage:.3f}, "
                    f"log score {each.log_score:.3f}, of one log-normal {each.one_log_normal:.3f}",
                    flush=True,
                )
        if found:
            print(f"calibration, {known}: mean coverage over {len(found)} groups {np.mean(found):.3f}")
    return rows


def _tasks_that_come_back(seed: int) -> tuple[Jobs, IntArray, FloatArray]:
    generator = np.random.default_rng(seed)
    means = _TYPICAL * np.exp(generator.standard_normal(_TASKS))
    task = generator.integers(_TASKS, size=_JOBS)
    variance = np.log1p(_VARIATION**2)
    seconds = means[task] * np.exp(-variance / 2 + np.sqrt(variance) * generator.standard_normal(_JOBS))
    gaps = generator.exponential(seconds.mean() / _SERVERS / _LOAD, _JOBS)
    return Jobs(np.cumsum(gaps), seconds, np.ones(_JOBS, np.int64)), task, means
