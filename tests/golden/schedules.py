"""Replays of the benchmarks of scheduling: one row a schedule, `[[processor, start], ...]`."""

from __future__ import annotations

import csv
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bayplan.solvers.schedules.budget import Budget
from bayplan.solvers.schedules.problem import GraphProblem
from bench.dag import read as read_graphs
from bench.graphplan import measure, runs_of
from bench.heft import BANDWIDTH, NODES_PER_SPEED, read_example
from bench.rcpsp import PLANNERS as PROJECT_PLANNERS
from bench.rcpsp import read as read_projects
from bench.rcpsp import solve as solve_project
from bench.scheduling import GRAPH_PLANNERS, ScheduleSolution
from bench.wfcommons import read_instance
from tests.golden.bench_files import SPEEDS, folder
from tests.golden.files import Row

STEPS = 300
"""Schedules that a planner may generate."""
POLICIES = ("GraphPlan", "Auto", "BestFit")


def dag() -> Iterator[Row]:
    """Identical processors."""
    with folder() as data:
        for run in read_graphs(data / "stg50", [2, 3], None):
            yield from _planned(f"{run.name} on {run.processors}", run.problem, list(GRAPH_PLANNERS))


def heft() -> Iterator[Row]:
    """Processors that differ, with transfers."""
    unlike = [name for name in GRAPH_PLANNERS if name != "BranchAndBound"]
    with folder() as data:
        yield from _planned("the example", read_example(data / "heft"), unlike)
        yield from _planned("a workflow", _workflow(data), unlike)


def rcpsp() -> Iterator[Row]:
    """Projects under several resources."""
    with folder() as data:
        out = data / "out.csv"
        for name, project, known in read_projects(data / "psplib", None):
            for planner in PROJECT_PLANNERS:
                found = solve_project(name, project, known, planner, STEPS, Namespace(budget=None, seed=1, out=out))
                starts = [float(row["start"]) for row in csv.DictReader(out.open(encoding="utf-8"))]
                yield Row((name, planner), (found["makespan"], found["lower_bound"], starts))


def graphplan() -> Iterator[Row]:
    """A recorded workflow, simulated."""
    with folder() as data:
        speeds = np.array(SPEEDS)
        for noise in (0.0, 0.3):
            arguments = Namespace(policy=POLICIES, seed=1, seeds=2, noise=noise, steps=3_000)
            found = measure(_workflow(data), speeds / speeds.max(), arguments)
            yield from (Row((f"noise {noise}", name), (round(found[name], 6),)) for name in ("heft", *runs_of(list(POLICIES))))


def _workflow(data: Path) -> GraphProblem:
    return read_instance(data / "wfinstances" / "w.json", np.repeat(SPEEDS, NODES_PER_SPEED), BANDWIDTH)


def _planned(case: str, problem: GraphProblem, planners: list[str]) -> Iterator[Row]:
    for planner in planners:
        found: ScheduleSolution = GRAPH_PLANNERS[planner](problem, Budget(STEPS), 1)
        schedule = found.schedule
        places = [[n, round(at, 6)] for n, at in zip(schedule.processor.tolist(), schedule.start.tolist(), strict=True)]
        yield Row((case, planner), (round(found.makespan, 6), found.proved, places))
