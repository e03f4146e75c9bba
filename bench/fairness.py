"""Fair shares over time: two queues of equal weight on one node, in the simulator.

    python -m bench.fairness [--case alternate] [--half-life 3600] [--reserve 1] [--seed 0] [--json FILE] [--out FILE.csv]

`alternate`: 100 jobs of 16 GPUs in each queue, on a node with 16 GPUs. `minutes` and `tenths` are mixes of many small jobs in
one queue beside two large ones in the other, on a node of 32 processors and 1 TiB: 64 of 1 processor, 32 GiB and 60 min, to
which an exponential time of 6 min is added, beside 2 of 32 processors, 1 TiB and 30 min; 640 of 6 min and 36 s beside 2 of 60
min. (Mixes of Armada's simulator: https://github.com/armadaproject/armada.) Each queue may hold `--reserve` reservations.

`--out`: `job,queue,submit,start,end,part`, where `part` is what a job takes of the node's scarcest resource.
"""

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from bayplan.admission.queue import Queue
from bayplan.admission.tree import tree_of
from bayplan.model.graph import Graph, Task
from bayplan.model.run_law import RunLaw
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import Policy, Setup, Submission, Trace, simulate
from bayplan.strategy.presets import compile_preset
from bench.options import seconds_above_zero

QUEUES = ("many", "few")
_MINUTE, _GIB = 60.0, 2**30


@dataclass(frozen=True, slots=True)
class Jobs:
    """Jobs of one queue that are alike, but for an exponential part of their run time."""

    count: int
    asks: tuple[tuple[str, int], ...]
    seconds: float
    tail: float = 0.0
    """The mean of the exponential part, in seconds."""


@dataclass(frozen=True, slots=True)
class Case:
    """A node, and the jobs of both queues."""

    node: tuple[tuple[str, int], ...]
    jobs: tuple[Jobs, Jobs]


def _cpu_and_memory(cpu: int, gib: int) -> tuple[tuple[str, int], ...]:
    return (("cpu", 1000 * cpu), ("memory", gib * _GIB), ("pods", 1))


_WHOLE = Jobs(100, (("nvidia.com/gpu", 16), ("pods", 1)), 10 * _MINUTE)
_SERVER = (*_cpu_and_memory(32, 1024)[:2], ("pods", 1000))
CASES = {
    "alternate": Case((("nvidia.com/gpu", 16), ("pods", 100)), (_WHOLE, _WHOLE)),
    "minutes": Case(
        _SERVER,
        (Jobs(64, _cpu_and_memory(1, 32), 60 * _MINUTE, 6 * _MINUTE), Jobs(2, _cpu_and_memory(32, 1024), 30 * _MINUTE)),
    ),
    "tenths": Case(
        _SERVER, (Jobs(640, _cpu_and_memory(1, 32), 6 * _MINUTE, 36.0), Jobs(2, _cpu_and_memory(32, 1024), 60 * _MINUTE))
    ),
}


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.fairness", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--case", choices=list(CASES), default="alternate")
    parser.add_argument("--half-life", type=seconds_above_zero, default=3600.0, metavar="SECONDS")
    parser.add_argument("--reserve", type=int, choices=range(33), default=1, metavar="N", help="reservations of each queue")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the jobs as CSV")
    arguments = parser.parse_args()
    case = CASES[arguments.case]
    runs = runs_of(simulated(case, arguments.half_life, arguments.reserve, arguments.seed), case)
    rows = [{"case": arguments.case, "metric": name, "value": value, "unit": unit} for name, value, unit in figures(runs)]
    for row in rows:
        print(f"{row['metric']:28} {row['value']:12.3f} {row['unit']}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")
    if arguments.out:
        with arguments.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("job", "queue", "submit", "start", "end", "part"))
            writer.writerows((each.name, QUEUES[each.queue], 0.0, each.start, each.end, each.part) for each in runs)
    return 0


@dataclass(frozen=True, slots=True)
class Run:
    """One job's."""

    name: str
    queue: int
    start: float
    end: float
    part: float
    """Of the node's scarcest resource."""


def simulated(case: Case, half_life: float, reserve: int, seed: int) -> Trace:
    """All jobs are there from the start; their run times are drawn."""
    rng = np.random.default_rng(seed)
    submissions = []
    for name, jobs in zip(QUEUES, case.jobs, strict=True):
        for number in range(jobs.count):
            seconds = jobs.seconds + float(rng.exponential(jobs.tail)) if jobs.tail else jobs.seconds
            graph = Graph.build([Task("t", duration=seconds)])
            asks = RequestClass(tuple(sorted(jobs.asks)))
            law = RunLaw(jobs.seconds + jobs.tail)
            submissions.append(Submission(f"{name}{number}", graph, (asks,), policy="p", queue=name, laws=(law,)))
    queues = [Queue("all", half_life=half_life), *(Queue(name, "all", reserve=reserve) for name in QUEUES)]
    setup = Setup([NodeInfo("node", dict(case.node))], {"p": Policy(compile_preset("BestFit"))}, queues=tree_of(queues))
    return simulate(submissions, setup)


def runs_of(trace: Trace, case: Case) -> list[Run]:
    """In the order of their starts."""
    capacity, found = dict(case.node), []
    rows = zip(trace.attempts.graph.tolist(), trace.attempts.placed_at.tolist(), trace.attempts.ended_at.tolist(), strict=True)
    for graph, start, end in rows:
        submission = trace.submissions[graph]
        queue = QUEUES.index(submission.queue or "")
        part = max(amount / capacity[name] for name, amount in case.jobs[queue].asks)
        found.append(Run(submission.name, queue, start, end, part))
    return sorted(found, key=lambda each: (each.start, each.name))


def figures(runs: Sequence[Run]) -> list[tuple[str, float, str]]:
    """What both queues got while both had something that waited or ran, and how long their jobs waited."""
    both = min(max(each.end for each in runs if each.queue == queue) for queue in (0, 1))
    got = [
        sum((min(each.end, both) - each.start) * each.part for each in runs if each.queue == q and each.start < both)
        for q in (0, 1)
    ]
    order = [each.queue for each in runs]
    changes = sum(a != b for a, b in pairwise(order))
    waits = [float(np.mean([each.start for each in runs if each.queue == queue])) for queue in (0, 1)]
    return [
        ("both_have_work_s", both, "s"),
        *((f"node_seconds_{name}", amount, "s") for name, amount in zip(QUEUES, got, strict=True)),
        ("jain", sum(got) ** 2 / (2 * sum(each * each for each in got)), ""),
        ("starts_after_the_other", changes / max(1, len(order) - 1), "of all"),
        *((f"mean_wait_{name}_s", wait, "s") for name, wait in zip(QUEUES, waits, strict=True)),
        ("all_ended_s", max(each.end for each in runs), "s"),
    ]


if __name__ == "__main__":
    sys.exit(main())
