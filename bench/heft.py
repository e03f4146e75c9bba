"""Makespans on processors that differ: the ten-task example of HEFT's paper, and workflow runs on three speeds of nodes.

    python -m bench.heft --data DIR [--planner Auto] [--budget 10] [--instance NAME ...]
        [--speeds 4.395,2.619,0.619] [--seed 1] [--json FILE] [--out FILE]

The folder holds heft/ (exec_time.csv, edges.csv: the example), wfinstances/ (*.json: WfCommons 1.5) and gavel/
(simulation_throughputs.json: the speeds); the first or the other two may be missing. It may also be the folder of the workflows
itself, with --speeds. Four nodes of each speed, one task at a time per node, 1 Gbit/s between any two nodes. HEFT runs beside
the planner. Every schedule is checked.
"""

import argparse
import csv
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.solvers.schedules.problem import GraphProblem
from bayplan.solvers.schedules.ranks import tails
from bench.options import add_common, checked, own_folder, planners, seconds_above_zero, within, write_json, write_schedule
from bench.reading import DataError, files_of, number, text_of
from bench.scheduling import GRAPH_PLANNERS
from bench.scheduling.warm import warm_up
from bench.wfcommons import read_instance, read_speeds

NODES_PER_SPEED = 4
BANDWIDTH = 1e9 / 8
FAR = 1.05
"""HEFT above the lower bound by more than this counts as far."""
EXAMPLE = "ten-task example"


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.heft", description=(__doc__ or "").split("\n")[0])
    add_common(parser, "heft", "wfinstances", "gavel")
    known = planners(set(GRAPH_PLANNERS) - {"BranchAndBound"})
    parser.add_argument("--planner", type=known, default=["Auto"], metavar="NAME", help="what is compared with HEFT")
    parser.add_argument("--budget", type=seconds_above_zero, default=10.0, metavar="S", help="seconds per instance")
    parser.add_argument("--speeds", type=speeds_of, metavar="V,V", help="in place of those in gavel/")
    parser.add_argument("--instance", action="append", metavar="NAME", help="only this file; may be given several times")
    arguments = parser.parse_args()
    if len(arguments.planner) != 1:
        parser.error("--planner takes one name")
    (arguments.planner,) = arguments.planner
    try:
        instances = read(arguments.data, arguments.speeds, arguments.instance)
        if arguments.out and (len(instances) != 1 or EXAMPLE in instances):
            raise DataError("--out is for one run: choose with --instance NAME")
        warm_up()
        figures = []
        for name, problem in instances.items():
            names = ["Heft", "Cpop"] if name == EXAMPLE else list(dict.fromkeys(["Heft", arguments.planner]))
            for planner in names:
                figures.append(solve(name, problem, planner, arguments))
        write_json(arguments.json, figures)
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    print(table(figures, arguments.planner))
    return 0


def read(folder: Path, speeds: FloatArray | None, only: list[str] | None) -> dict[str, GraphProblem]:
    """All instances by name. Raises `DataError`."""
    found: dict[str, GraphProblem] = {}
    example = own_folder(folder, "heft")
    if (example / "exec_time.csv").exists() and not only:
        found[EXAMPLE] = read_example(example)
    workflows = own_folder(folder, "wfinstances")
    if workflows == folder and found:
        return found
    paths = files_of(workflows, ".json")
    missing = sorted(set(only or ()) - {path.name for path in paths})
    if missing:
        raise DataError(f"{workflows} holds no instance {missing[0]}")
    each = read_speeds(folder / "gavel" / "simulation_throughputs.json") if speeds is None else speeds
    for path in paths:
        if not only or path.name in only:
            found[path.name] = read_instance(path, np.repeat(each, NODES_PER_SPEED), BANDWIDTH)
    return found


def read_example(folder: Path) -> GraphProblem:
    """exec_time.csv: task and one column per processor; edges.csv: src, dst, comm (seconds). Raises `DataError`."""
    rows = _table(folder / "exec_time.csv", ("task",))
    processors = [column for column in rows[0][0] if column != "task"]
    durations = [[number(row[column], column, where) for column in processors] for row, where in rows]
    index = {row["task"]: place for place, (row, _) in enumerate(rows)}
    parents: list[int] = []
    children: list[int] = []
    seconds = []
    for row, where in _table(folder / "edges.csv", ("src", "dst", "comm")):
        for column, ends in (("src", parents), ("dst", children)):
            if row[column] not in index:
                raise DataError(f'{where}: {column} is "{row[column]}", which exec_time.csv does not have')
            ends.append(index[row[column]])
        seconds.append(number(row["comm"], "comm", where))
    try:
        return GraphProblem(
            np.array(durations), np.array(parents), np.array(children), np.array(seconds), 1.0, names=tuple(index)
        )
    except ValueError as error:
        raise DataError(f"{folder}: {error}") from error


def simple_bound(problem: GraphProblem) -> float:
    """The longest chain on the fastest without transfers, or the work over the sum of speeds: what HEFT is held against."""
    fastest = problem.durations.min(axis=1)
    with np.errstate(invalid="ignore"):
        speeds = np.nanmean(fastest[:, None] / problem.durations, axis=0)
    return max(float(tails(problem, fastest).max()), float(fastest.sum() / speeds.sum()))


def solve(name: str, problem: GraphProblem, planner: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """One run. Raises `DataError` for a schedule that is not valid."""
    begin = time.monotonic()
    outcome = GRAPH_PLANNERS[planner](problem, within(arguments.budget), arguments.seed)
    seconds = time.monotonic() - begin
    checked(problem, outcome, f"{name} by {planner}")
    if arguments.out and planner == arguments.planner:
        write_schedule(arguments.out, outcome.schedule, problem.names)
    return {
        "instance": name, "planner": planner, "makespan": outcome.makespan, "lower_bound": simple_bound(problem),
        "best_lower_bound": outcome.lower_bound, "proved": outcome.proved, "tasks": problem.tasks, "seconds": seconds,
        "budget_s": arguments.budget, "seed": arguments.seed,
    }  # fmt: skip


def table(figures: list[dict[str, Any]], planner: str) -> str:
    """The figures as a table of text."""
    lines = [f"{each['planner']} on the {EXAMPLE}: {each['makespan']:g}" for each in figures if each["instance"] == EXAMPLE]
    ours = {each["instance"]: each for each in figures if each["planner"] == planner and each["instance"] != EXAMPLE}
    heft = {each["instance"]: each for each in figures if each["planner"] == "Heft" and each["instance"] in ours}
    if ours:
        lines.append(
            f"{'instance':<48}{'tasks':>6}{'HEFT / bound':>14}{planner + ' / HEFT':>20}{'HEFT / best bound':>19}{'s':>8}"
        )
    for name, each in ours.items():
        beside = heft[name]
        lines.append(
            f"{name:<48}{each['tasks']:>6}{_ratio(beside['makespan'], each['lower_bound']):>14.3f}"
            f"{_ratio(each['makespan'], beside['makespan']):>20.4f}"
            f"{_ratio(beside['makespan'], each['best_lower_bound']):>19.3f}{each['seconds']:>8.2f}"
        )
    far = [name for name, each in heft.items() if _ratio(each["makespan"], each["lower_bound"]) > FAR]
    if far:
        ratios = [_ratio(ours[name]["makespan"], heft[name]["makespan"]) for name in far]
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        worse = sum(ours[name]["makespan"] > heft[name]["makespan"] for name in ours)
        lines.append(
            f"{len(far)} instances with HEFT more than 5 % above the bound: geometric mean of {planner} / HEFT {mean:.4f}"
        )
        lines.append(f"instances where {planner} is worse than HEFT: {worse}")
    return "\n".join(lines)


def speeds_of(text: str) -> FloatArray:
    """An option's speeds, with commas between them."""
    return np.array([seconds_above_zero(part) for part in text.split(",")])


def _ratio(value: float, of: float) -> float:
    return value / of if of > 0 else 1.0


def _table(path: Path, columns: tuple[str, ...]) -> list[tuple[dict[str, str], str]]:
    reader = csv.DictReader(text_of(path).splitlines())
    for column in columns:
        if column not in (reader.fieldnames or ()):
            raise DataError(f"{path}: column {column} is missing: the first line must name it")
    rows = [({key: value or "" for key, value in row.items() if key}, f"{path}, line {reader.line_num}") for row in reader]
    if not rows:
        raise DataError(f"{path} has no rows below its first line")
    return rows


if __name__ == "__main__":
    sys.exit(main())
