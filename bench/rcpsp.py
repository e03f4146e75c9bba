"""Makespans of projects under several shared resources, against the best known of PSPLIB, after so many schedules.

    python -m bench.rcpsp --data DIR [--planner Genetic,AntColony] [--schedules 5000] [--budget S] [--every N] [--seed 1]
        [--instance NAME ...] [--json FILE] [--out FILE]

The folder holds best_known.csv (instance, best_makespan, ...) and projects (*.sm), in itself or in folders of its own. Every
pass of a schedule generation scheme counts as one schedule, forward and backward passes too. Every schedule is checked.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from bayplan.solvers.schedules.budget import Budget
from bench.options import (
    add_common,
    checked,
    count,
    counts,
    own_folder,
    planners,
    seconds_above_zero,
    write_json,
    write_schedule,
)
from bench.psplib import read_best_known, read_project
from bench.reading import DataError
from bench.scheduling import AntColony, Genetic, ListScheduling, ResourceProblem
from bench.scheduling.warm import warm_up

PLANNERS: dict[str, AntColony | Genetic | ListScheduling] = {
    "AntColony": AntColony(),
    "Genetic": Genetic(),
    "ListScheduling": ListScheduling(),
}


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.rcpsp", description=(__doc__ or "").split("\n")[0])
    add_common(parser, "psplib")
    parser.add_argument(
        "--planner", type=planners(PLANNERS), default=["Genetic", "AntColony"], metavar="NAME,NAME", help=", ".join(PLANNERS)
    )
    parser.add_argument("--schedules", type=counts, default=[5000], metavar="N,N", help="schedules that may be generated")
    parser.add_argument("--budget", type=seconds_above_zero, metavar="S", help="seconds per instance, if that is over first")
    parser.add_argument("--every", type=count, default=1, metavar="N", help="only every so manieth instance")
    parser.add_argument("--instance", action="append", metavar="NAME", help="only this file; may be given several times")
    arguments = parser.parse_args()
    try:
        projects = read(own_folder(arguments.data, "psplib"), arguments.instance)[:: arguments.every]
        runs = [(*each, planner, limit) for planner in arguments.planner for limit in arguments.schedules for each in projects]
        if arguments.out and len(runs) != 1:
            raise DataError(f"--out is for one run and there are {len(runs)}: choose with --instance NAME --planner NAME")
        warm_up()
        figures = [solve(*run, arguments) for run in runs]
        write_json(arguments.json, figures)
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    print(table(figures))
    return 0


def read(folder: Path, only: list[str] | None) -> list[tuple[str, ResourceProblem, int]]:
    """Name, project and best known makespan. Raises `DataError`."""
    known = read_best_known(folder / "best_known.csv")
    paths = sorted(folder.rglob("*.sm"))
    if not paths:
        raise DataError(f"{folder} holds no file whose name ends with .sm")
    missing = sorted(set(only or ()) - {path.name for path in paths})
    if missing:
        raise DataError(f"{folder} holds no instance {missing[0]}")
    projects = []
    for path in paths:
        if only and path.name not in only:
            continue
        if path.name not in known:
            raise DataError(f"{folder / 'best_known.csv'}: there is no line for {path.name}: its best makespan is needed")
        projects.append((path.name, read_project(path), known[path.name]))
    return projects


def solve(
    name: str, project: ResourceProblem, known: int, planner: str, schedules: int, arguments: argparse.Namespace
) -> dict[str, Any]:
    """One run. Raises `DataError` for a schedule that is not valid."""
    begin = time.monotonic()
    end = begin + (arguments.budget or float("inf"))
    outcome = PLANNERS[planner](project, Budget(schedules, lambda: time.monotonic() >= end), arguments.seed)
    seconds = time.monotonic() - begin
    checked(project, outcome, f"{name} by {planner}")
    if arguments.out:
        write_schedule(arguments.out, outcome.schedule, [str(job) for job in range(1, project.tasks + 1)])
    return {
        "instance": name, "planner": planner, "schedules": outcome.schedules, "makespan": outcome.makespan, "budget": schedules,
        "seed": arguments.seed, "lower_bound": outcome.lower_bound, "known_best": known, "seconds": seconds,
    }  # fmt: skip


def table(figures: list[dict[str, Any]]) -> str:
    """The figures as a table of text."""
    lines = [f"{'planner':<16}{'schedules':>10}{'instances':>11}{'mean over best known':>22}{'at best known':>15}{'mean s':>9}"]
    for planner, schedules in dict.fromkeys((each["planner"], each["budget"]) for each in figures):
        group = [each for each in figures if (each["planner"], each["budget"]) == (planner, schedules)]
        over = sum(each["makespan"] / each["known_best"] - 1 if each["known_best"] else 0.0 for each in group) / len(group)
        at_best = sum(each["makespan"] <= each["known_best"] for each in group) / len(group)
        seconds = sum(each["seconds"] for each in group) / len(group)
        lines.append(f"{planner:<16}{schedules:>10}{len(group):>11}{over:>22.3%}{at_best:>15.2%}{seconds:>9.3f}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
