"""Replays of the benchmarks that place and order: through their own code, on small files of the same form."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from io import StringIO

from bench import load
from bench.deadlines import World, measure
from bench.openb import read_nodes, read_pods
from bench.packing import POLICIES, Placed, run
from bench.packing_batches import Setting
from bench.packing_batches import run as run_batches
from bench.philly import read
from bench.queue_policies import PHILLY, PredictedByTask
from bench.queueing import Jobs, Policy, simulate
from tests.golden.bench_files import folder
from tests.golden.files import Row
from tests.golden.schedules import dag, graphplan, heft, rcpsp

FOREVER = float("inf")
"""No time box: the batches are so small that all solvers come to their own end."""
BATCHES = (
    ("b", "Packing"),
    ("b", "LinearProgram"),
    ("b", "IntegerProgram"),
    ("b", "Auction"),
    ("c", "BestFit"),
    ("c", "Genetic"),
)


def packing() -> Iterator[Row]:
    """Pod after pod."""
    with folder() as data:
        nodes, pods = read_nodes(data / "nodes.csv"), read_pods(data / "pods.csv")
        for policy in POLICIES:
            yield from _placed(f"{policy}, mix learned", run(nodes, pods, policy, "learned", 42)[0])
        yield from _placed("Default, mix known", run(nodes, pods, "Default", "known", 43)[0])
        for regime, policy in BATCHES:
            setting = Setting(policy, regime, 8, "learned", 42, FOREVER)
            yield from _placed(f"{policy}, regime {regime}", run_batches(nodes, pods, setting)[1])


def queue() -> Iterator[Row]:
    """Who waits how long for a pool of processors."""
    with folder() as data:
        (jobs,) = read(data / "jobs.csv").values()
    policies: dict[str, Callable[[Jobs], Policy]] = {
        **PHILLY,
        "predicted by task": lambda jobs: PredictedByTask(jobs, jobs.processors),
    }
    for name, policy in policies.items():
        for job, wait in enumerate(simulate(jobs, 4, policy(jobs)).tolist()):
            yield Row((name, f"job {job}"), (round(wait, 6),))


def deadlines() -> Iterator[Row]:
    """How likely an estimate held ends that then came about; needs compiled kernels, which draw more samples."""
    for name, world in {"steady": World(0.3, 5), "failing": World(0.3, 5, mtbf=600.0)}.items():
        found = measure(3, 2, 1, world, "BestFit", 1)
        for number, (place, met) in enumerate(zip(found.place.tolist(), found.met.tolist(), strict=True)):
            yield Row((name, f"graph {number}"), (round(place, 2), met))


def load_() -> Iterator[Row]:
    """Mean completion on nodes with hidden load."""
    with folder() as data:
        options = ["--nodes", "6", "--tasks", "30", "--burst", "3", "--seeds", "1", "--unmeasured", "1"]
        with _called_with("load", *options, "--json", str(data / "load.json")), redirect_stdout(StringIO()):
            load.main()
        for row in json.loads((data / "load.json").read_text(encoding="utf-8")):
            yield Row(("30 tasks", row["policy"]), (round(row["mean_completion"], 6),))


REPLAYS: Mapping[str, Callable[[], Iterator[Row]]] = {
    "packing": packing,
    "queue": queue,
    "graphplan": graphplan,
    "dag": dag,
    "rcpsp": rcpsp,
    "heft": heft,
    "deadlines": deadlines,
    "load": load_,
}


@contextmanager
def _called_with(*arguments: str) -> Iterator[None]:
    """As from the command line."""
    before, sys.argv = sys.argv, list(arguments)
    try:
        yield
    finally:
        sys.argv = before


def _placed(case: str, placed: list[Placed]) -> Iterator[Row]:
    for number, each in enumerate(placed):
        yield Row((case, f"arrival {number}, {each.pod.name}"), (each.node, list(each.gpus)))
