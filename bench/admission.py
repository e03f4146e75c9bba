"""Queues under load: what waits how long in cohorts of queues that lend each other their quotas.

    python -m bench.admission [--case baseline] [--mode simulator] [--seed 0] [--preempt] [--json FILE] [--out FILE.csv]

The work is that of Kueue's own performance tests. In the simulator, decisions take no time; beside it stands a reference that
needs no queues: priority over each cohort's capacity with EASY backfilling. Each queue may hold one reservation, and nothing is
evicted. Quotas are checked at every start. `--preempt`: beside it, the same with pre-emption within queues and for what is
nominally a queue's own, without grace; waits are those until the last start. `--out`: `time,event,workload,queue,class,cpu`, so
that all figures can be made again from it.
"""

import argparse
import csv
import json
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bayplan.admission.preemption.rules import Preemption, Reclaim, WithinQueue
from bayplan.admission.queue import Queue, QuotaRow
from bayplan.admission.tree import QueueTree, tree_of
from bayplan.cluster.quotas import QuotaKey
from bayplan.model.graph import Graph, Task
from bayplan.model.run_law import RunLaw
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import Policy, Setup, Submission, Trace, simulate
from bayplan.simulation import figures as figures_of_trace
from bayplan.strategy.presets import compile_preset
from bench.admission_cases import BORROWING, CASES, NOMINAL, Case, Work, work_of
from bench.admission_reference import reference

_CPU = QuotaKey("cpu")


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.admission", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--case", choices=list(CASES), default="baseline")
    parser.add_argument("--mode", choices=["simulator"], default="simulator")
    parser.add_argument("--seed", type=int, default=0, help="0: all queues in phase; others shift each queue")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write what happened as CSV")
    parser.add_argument("--preempt", action="store_true", help="beside it, the same with pre-emption: evictions and work lost")
    arguments = parser.parse_args()
    case = CASES[arguments.case]
    work = work_of(case, arguments.seed)
    began = time.process_time()
    starts = starts_of(simulated(case, work, Preemption()))
    seconds = time.process_time() - began
    over = over_quota(case, work, starts)
    figures = [*figures_of(work, starts, "")]
    figures += [("cpu_s", seconds, "s"), ("over_quota", float(over), "events")]
    figures += figures_of(work, reference(case, work), "reference_")
    if arguments.preempt:
        figures += _with_preemption(case, work)
    rows = [
        {"case": arguments.case, "mode": arguments.mode, "metric": name, "value": value, "unit": unit}
        for name, value, unit in figures
    ]
    for row in rows:
        print(f"{row['metric']:28} {row['value']:12.3f} {row['unit']}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2))
    if arguments.out:
        write_events(arguments.out, work, starts)
    return 1 if over else 0


def _with_preemption(case: Case, work: Sequence[Work]) -> list[tuple[str, float, str]]:
    began = time.process_time()
    trace = simulated(case, work, Preemption(WithinQueue.LOWER_PRIORITY, Reclaim.ANY))
    seconds = time.process_time() - began
    return [
        *figures_of(work, starts_of(trace), "preempting_"),
        ("preempting_cpu_s", seconds, "s"),
        ("evictions", float(figures_of_trace.evictions(trace)), "pods"),
        ("work_lost_s", figures_of_trace.work_lost(trace), "s"),
        ("evicted_in_vain", float(trace.in_vain), "plans"),
    ]


def simulated(case: Case, work: Sequence[Work], rules: Preemption) -> Trace:
    """The work in its queues. `rules`: of all queues."""
    policy = Policy(compile_preset("BestFit"))
    node = NodeInfo("pool", {"cpu": 1000 * NOMINAL * case.cohorts * case.queues, "pods": 1_000_000})
    return simulate([_submission(each) for each in work], Setup([node], {"p": policy}, queues=queues_of(case, rules)))


def starts_of(trace: Trace) -> dict[str, float]:
    """By name, when each starts for the last time."""
    names = [each.name for each in trace.submissions]
    rows = zip(trace.attempts.graph.tolist(), trace.attempts.placed_at.tolist(), strict=True)
    return {names[graph]: at for graph, at in rows}


def queues_of(case: Case, rules: Preemption) -> QueueTree:
    """Cohorts are parents without a quota of their own."""
    made = [Queue(f"cohort{number}") for number in range(case.cohorts)]
    for cohort in range(case.cohorts):
        for queue in range(case.queues):
            row = QuotaRow(_CPU, 1000 * NOMINAL, 1000 * BORROWING)
            made.append(Queue(f"cohort{cohort}/queue{queue}", f"cohort{cohort}", (row,), reserve=1, preemption=rules))
    return tree_of(made)


def _submission(work: Work) -> Submission:
    kind = work.kind
    return Submission(
        work.name,
        Graph.build([Task("t", duration=kind.seconds)]),
        (RequestClass((("cpu", 1000 * kind.cpu), ("pods", 1))),),
        at=work.at,
        priority=kind.priority,
        policy="p",
        queue=work.queue_name,
        laws=(RunLaw(kind.seconds),),
        grace=0.0,
    )


def figures_of(work: Sequence[Work], starts: Mapping[str, float], prefix: str) -> list[tuple[str, float, str]]:
    """Mean waits per class, and when all has ended."""
    waits: dict[str, list[float]] = defaultdict(list)
    for each in work:
        waits[each.kind.name].append(starts[each.name] - each.at)
    end = max(starts[each.name] + each.kind.seconds for each in work)
    found = [(f"{prefix}wait_{name}_s", float(np.mean(waits[name])), "s") for name in ("small", "medium", "large")]
    return [(f"{prefix}wall_s", end, "s"), *found]


def over_quota(case: Case, work: Sequence[Work], starts: Mapping[str, float]) -> int:
    """At how many starts a queue or a cohort holds more than it may, by plain sums."""
    events = [(starts[each.name], 1, each) for each in work]
    events += [(starts[each.name] + each.kind.seconds, 0, each) for each in work]
    held: dict[object, int] = defaultdict(int)
    over = 0
    for _, starting, each in sorted(events, key=lambda event: (event[0], event[1])):
        for holder, most in ((each.queue_name, NOMINAL + BORROWING), (each.cohort, NOMINAL * case.queues)):
            held[holder] += each.kind.cpu if starting else -each.kind.cpu
            over += starting and held[holder] > most
    return over


def write_events(path: Path, work: Sequence[Work], starts: Mapping[str, float]) -> None:
    """`submit`, `start` and `end` of each, in the order of time."""
    events: list[tuple[Any, ...]] = []
    for each in work:
        start = starts[each.name]
        for at, event in ((each.at, "submit"), (start, "start"), (start + each.kind.seconds, "end")):
            events.append((at, event, each.name, each.queue_name, each.kind.name, each.kind.cpu))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("time", "event", "workload", "queue", "class", "cpu"))
        writer.writerows(sorted(events, key=lambda event: event[0]))


if __name__ == "__main__":
    sys.exit(main())
