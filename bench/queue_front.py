"""The part `front` of the benchmark of waiting: two points of slowdown against longest wait, beside FCFS and F1 with EASY."""

import argparse
import csv
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bayplan.admission.queue import Queue
from bayplan.admission.tree import tree_of
from bayplan.model.arrays import FloatArray
from bayplan.model.graph import Graph, Task
from bayplan.model.run_law import RunLaw
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import Policy, Setup, Submission, simulate
from bayplan.strategy.compile import Named, compile_strategy
from bayplan_operator.workflows.documents import InputError
from bayplan_operator.workflows.traces import TraceJobs, read_trace
from bench.easy import easy
from bench.queueing import Jobs, figures
from bench.reading import DataError

WINDOW = 1024
"""Jobs of one window."""
_BEGIN = 1.0
"""The first job of a window comes at this second, since F1 takes the log of it."""
_QUEUE = "queue"

Waits = Callable[[Jobs, int], FloatArray]
"""The seconds that each job waits, on so many processors."""


def fcfs(jobs: Jobs, processors: int) -> FloatArray:
    """First come, first served, with EASY."""
    return easy(jobs, processors, jobs.came)


def f1(jobs: Jobs, processors: int) -> FloatArray:
    """F1 of Carastan-Santos & de Camargo, "Obtaining dynamic scheduling policies with simulation and machine learning" (SC'17,
    table 3), with EASY."""
    return easy(jobs, processors, np.log10(jobs.seconds) * jobs.processors + 870 * np.log10(jobs.came))


def by_order(order: str) -> Waits:
    """The decider with a queue that holds one reservation, and this order of a policy."""

    def waits(jobs: Jobs, processors: int) -> FloatArray:
        strategy = compile_strategy((order, "Age"), [Named("BestFit")], Named("Greedy"))
        node = NodeInfo("pool", {"cpu": 1000 * processors, "pods": 1_000_000})
        rows = zip(jobs.came.tolist(), jobs.seconds.tolist(), jobs.processors.tolist(), strict=True)
        work = [_submission(number, *row) for number, row in enumerate(rows)]
        queues = tree_of([Queue(_QUEUE, reserve=1)])
        trace = simulate(work, Setup([node], {"p": Policy(strategy)}, queues=queues))
        found = np.zeros(len(work))
        found[[int(each.name) for each in trace.submissions]] = trace.graphs.started_at - trace.graphs.submitted_at
        return found

    return waits


def _submission(number: int, at: float, seconds: float, processors: int) -> Submission:
    return Submission(
        str(number),
        Graph.build([Task("job", duration=seconds)]),
        (RequestClass((("cpu", 1000 * processors), ("pods", 1))),),
        at=at,
        policy="p",
        queue=_QUEUE,
        laws=(RunLaw(seconds, most=seconds),),
    )


FRONT: dict[str, Waits] = {
    "fcfs-easy": fcfs,
    "f1-easy": f1,
    "smallest-area": by_order("SmallestArea"),
    "aged-area": by_order("AgedArea"),
}
_SLOWDOWN, _LONGEST = "mean_slowdown", "max_wait"
_HEADS = ("slowdown", "longest", "p99", "JCT", "/ F1", "longest", "/ FCFS", "longest", "s")


def front(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """All policies on the same windows; a row per run. Raises `DataError`."""
    trace = _trace(arguments.data)
    chosen = list(dict.fromkeys(["fcfs-easy", "f1-easy", *(arguments.policy or FRONT)]))
    rows: list[dict[str, Any]] = []
    for number, first in enumerate(_firsts(len(trace), arguments)):
        jobs = _window(trace, first)
        for policy in chosen:
            began = time.perf_counter()
            waits = FRONT[policy](jobs, arguments.processors)
            seconds = time.perf_counter() - began
            rows.append(
                {"trace": trace.path.stem, "window": first, "policy": policy, **figures(jobs, waits), "wall_s": seconds}
            )
            if arguments.out and number == 0 and policy == chosen[-1]:
                write_jobs(arguments.out, jobs, waits)
    _tell(rows, chosen)
    return rows


def write_jobs(path: Path, jobs: Jobs, waits: FloatArray) -> None:
    """A line for each job, so that any program can make the figures again."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("job", "submit", "start", "finish", "processors"))
        starts = jobs.came + waits
        columns = (jobs.came, starts, starts + jobs.seconds, jobs.processors)
        writer.writerows((number, *row) for number, row in enumerate(zip(*(each.tolist() for each in columns), strict=True)))


def _trace(path: Path) -> TraceJobs:
    try:
        found = read_trace(path)
    except (InputError, KeyError) as error:
        raise DataError(f"{path} is no trace in the Standard Workload Format: {error}") from error
    if len(found) < WINDOW:
        raise DataError(f"{path} has {len(found)} jobs: a window has {WINDOW}")
    return found


def _firsts(jobs: int, arguments: argparse.Namespace) -> list[int]:
    """The first job of each window."""
    drawn = random.Random(arguments.seed)
    return [drawn.randrange(jobs - WINDOW + 1) for _ in range(arguments.windows)]


def _window(trace: TraceJobs, first: int) -> Jobs:
    part = slice(first, first + WINDOW)
    came = trace.submitted[part]
    return Jobs(came - came[0] + _BEGIN, trace.seconds[part], trace.parts[part])


def _tell(rows: list[dict[str, Any]], chosen: list[str]) -> None:
    means = {
        policy: {
            figure: float(np.mean([row[figure] for row in rows if row["policy"] == policy]))
            for figure in (_SLOWDOWN, _LONGEST, "p99_wait", "mean_jct", "wall_s")
        }
        for policy in chosen
    }
    print(f"{len(rows) // len(chosen)} windows of {WINDOW} jobs; means, and parts of those of F1 and FCFS on the same windows")
    print(f"{'policy':<16}{''.join(f'{head:>11}' for head in _HEADS)}")
    for policy, found in means.items():
        parts = [found[figure] / means[base][figure] for base in ("f1-easy", "fcfs-easy") for figure in (_SLOWDOWN, _LONGEST)]
        print(
            f"{policy:<16}{found[_SLOWDOWN]:>11.1f}{found[_LONGEST]:>11,.0f}{found['p99_wait']:>11,.0f}{found['mean_jct']:>11,.0f}"
            f"{''.join(f'{part:>11.3f}' for part in parts)}{found['wall_s']:>11.2f}"
        )
