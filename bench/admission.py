"""Queues under load: what waits how long in cohorts of queues that lend each other their quotas.

    python -m bench.admission [--case baseline] [--mode simulator] [--seed 0] [--preempt] [--json FILE] [--out FILE.csv]

The work is that of Kueue's own performance tests. In the simulator, decisions take no time, and each queue may hold one
reservation. With `--mode testbed`, each piece is a graph with a real pod on simulated nodes. Nothing is evicted. Beside both
stands a reference that needs no queues: priority over each cohort's capacity with EASY backfilling. Quotas are checked at every
event. `--preempt`: beside it, the same in the simulator with pre-emption within queues and for what is nominally a queue's own,
without grace; waits are those until the last start. `--out`: `time,event,workload,queue,class,cpu`, so that all figures can be
made again from it. The other cases are those of KAI's own scale tests, and run on the testbed.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

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
from bench import admission_scale, admission_testbed
from bench.admission_cases import BORROWING, CASES, NOMINAL, Case, Work, work_of
from bench.admission_events import Event, Figure, events_of, figures_of, over_quota, write_events
from bench.admission_reclaim import RECLAIM_CASES
from bench.admission_reference import reference
from bench.admission_scale import SCALE_CASES

_CPU = QuotaKey("cpu")
_ON_NODES = {**SCALE_CASES, **RECLAIM_CASES}
"""Those of KAI's."""


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.admission", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--case", choices=[*CASES, *_ON_NODES], default="baseline")
    parser.add_argument("--mode", choices=["simulator", "testbed"], help="default: simulator; KAI's cases: testbed")
    parser.add_argument("--seed", type=int, default=0, help="0: all queues in phase; others shift each queue")
    parser.add_argument("--scale", type=float, default=1.0, metavar="PART", help="only so large a part of the work")
    parser.add_argument("--limit", type=float, default=1800.0, help="seconds after which a run on the testbed is given up")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write what happened as CSV (not of KAI's cases)")
    parser.add_argument("--reserve", type=int, default=1, help="reservations that each queue may hold on the testbed")
    parser.add_argument("--preempt", action="store_true", help="beside it, the same with pre-emption: evictions and work lost")
    arguments = parser.parse_args()
    if arguments.case in _ON_NODES and (arguments.mode == "simulator" or arguments.out):
        parser.error(f"--case {arguments.case} runs on the testbed only, and writes no CSV")
    mode = "testbed" if arguments.case in _ON_NODES else arguments.mode or "simulator"
    if arguments.preempt and mode == "testbed":
        parser.error("--preempt is of the simulator only")
    if arguments.case in _ON_NODES:
        figures, over = admission_scale.run(_ON_NODES[arguments.case], arguments.scale, arguments.limit), 0
    else:
        figures, over = _queues(arguments, mode)
    rows = [
        {"case": arguments.case, "mode": mode, "metric": name, "value": value, "unit": unit} for name, value, unit in figures
    ]
    for row in rows:
        print(f"{row['metric']:28} {row['value']:12.3f} {row['unit']}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2))
    return 1 if over else 0


def _queues(arguments: argparse.Namespace, mode: str) -> tuple[list[Figure], int]:
    """The figures of one of Kueue's cases, and at how many events more was held than may be."""
    case = CASES[arguments.case].scaled(arguments.scale)
    work = work_of(case, arguments.seed)
    if mode == "simulator":
        events, further = _simulated(case, work)
    else:
        measured = admission_testbed.run(case, work, arguments.limit, arguments.reserve)
        events, further = measured.events, measured.figures
    if arguments.out:
        write_events(arguments.out, events)
    over = over_quota(case, events)
    figures = [*figures_of(case, events), *further, ("over_quota", float(over), "events")]
    figures += figures_of(case, events_of(work, reference(case, work)), "reference_")
    return figures + (_with_preemption(case, work) if arguments.preempt else []), over


def _simulated(case: Case, work: Sequence[Work]) -> tuple[list[Event], list[Figure]]:
    """What happens, and the processor time of it."""
    began = time.process_time()
    trace = simulated(case, work, Preemption())
    seconds = time.process_time() - began
    return events_of(work, starts_of(trace)), [("cpu_s", seconds, "s")]


def _with_preemption(case: Case, work: Sequence[Work]) -> list[Figure]:
    began = time.process_time()
    trace = simulated(case, work, Preemption(WithinQueue.LOWER_PRIORITY, Reclaim.ANY))
    seconds = time.process_time() - began
    return [
        *figures_of(case, events_of(work, starts_of(trace)), "preempting_"),
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


if __name__ == "__main__":
    sys.exit(main())
