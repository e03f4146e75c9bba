"""Makespans of task graphs on identical processors, against optima known for the Standard Task Graph Set.

    python -m bench.dag --data DIR [--budget 10] [--procs 2,4,8] [--planner Auto] [--graph NAME ...] [--seed 1]
        [--json FILE] [--out FILE]

The folder holds graphs (*.stg) and, per number of processors M, optimal_M.csv with lines graph,processors,optimum; where the
optimum is not known, a lower bound and the best known makespan stand there instead. A graph is solved if its makespan is that
optimum, or has been proved to be optimal here. Every schedule is checked.
"""

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bayplan.solvers.schedules.problem import GraphProblem
from bench.options import (
    add_common,
    checked,
    counts,
    own_folder,
    planners,
    seconds_above_zero,
    within,
    write_json,
    write_schedule,
)
from bench.reading import DataError, files_of
from bench.scheduling import GRAPH_PLANNERS
from bench.scheduling.warm import warm_up
from bench.stg import read_graph, read_optima


@dataclass(frozen=True, slots=True)
class Run:
    """A graph on a number of processors, and what is known of its optimum."""

    name: str
    processors: int
    problem: GraphProblem
    known: tuple[int, int]
    """A lower bound and the best makespan; equal: the optimum."""


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.dag", description=(__doc__ or "").split("\n")[0])
    add_common(parser, "stg")
    parser.add_argument("--budget", type=seconds_above_zero, default=10.0, metavar="S", help="seconds per graph")
    parser.add_argument("--procs", type=counts, default=[2, 4, 8], metavar="M,M", help="numbers of processors")
    parser.add_argument("--planner", type=planners(GRAPH_PLANNERS), default=["Auto"], metavar="NAME,NAME")
    parser.add_argument("--graph", action="append", metavar="NAME", help="only this file; may be given several times")
    arguments = parser.parse_args()
    try:
        runs = read(own_folder(arguments.data, "stg50"), arguments.procs, arguments.graph)
        if arguments.out and len(runs) * len(arguments.planner) != 1:
            raise DataError(f"--out is for one run and there are {len(runs)}: choose with --graph NAME --procs M")
        warm_up()
        figures = []
        for planner in arguments.planner:
            found = [solve(run, planner, arguments) for run in runs]
            print(f"{planner}, {arguments.budget:g} s per graph\n{table(found)}", flush=True)
            figures += found
        write_json(arguments.json, figures)
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def read(folder: Path, processors: list[int], only: list[str] | None) -> list[Run]:
    """All runs. Raises `DataError`."""
    paths = files_of(folder, ".stg")
    missing = sorted(set(only or ()) - {path.name for path in paths})
    if missing:
        raise DataError(f"{folder} holds no graph {missing[0]}")
    runs = []
    for count in processors:
        table_path = folder / f"optimal_{count}.csv"
        optima = read_optima(table_path)
        for path in paths:
            if only and path.name not in only:
                continue
            if path.name not in optima:
                raise DataError(f"{table_path}: there is no line for {path.name}: its optimum is needed")
            runs.append(Run(path.name, count, read_graph(path, count), optima[path.name]))
    return runs


def solve(run: Run, planner: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """One run within its budget. Raises `DataError` for a schedule that is not valid."""
    begin = time.monotonic()
    outcome = GRAPH_PLANNERS[planner](run.problem, within(arguments.budget), arguments.seed)
    seconds = time.monotonic() - begin
    checked(run.problem, outcome, f"{run.name} on {run.processors} processors")
    if arguments.out:
        write_schedule(arguments.out, outcome.schedule, [str(task) for task in range(run.problem.tasks)])
    return {
        "graph": run.name, "processors": run.processors, "budget_s": arguments.budget, "makespan": outcome.makespan,
        "lower_bound": outcome.lower_bound, "proved": outcome.proved, "seconds": seconds, "planner": planner,
        "schedules": outcome.schedules, "known_lower_bound": run.known[0], "known_best": run.known[1],
    }  # fmt: skip


def solved(figure: dict[str, Any]) -> bool:
    """To the optimum: one that was known, or one that is proved now."""
    known = figure["known_lower_bound"] == figure["known_best"]
    return bool(figure["proved"] or (known and figure["makespan"] <= figure["known_best"]))


def table(figures: list[dict[str, Any]]) -> str:
    """The figures as a table of text."""
    lines = [
        f"{'processors':>10} {'graphs':>7} {'solved':>8} {'proved':>8} {'<= best known':>14} {'mean over best known':>21} "
        f"{'mean s':>7} {'max s':>7}"
    ]
    groups = {str(count): [each for each in figures if each["processors"] == count] for count in _processors(figures)}
    if len(groups) > 1:
        groups["all"] = figures
    for name, group in groups.items():
        at_best = sum(each["makespan"] <= each["known_best"] for each in group) / len(group)
        over = sum(_over(each) for each in group) / len(group)
        proved = sum(each["proved"] for each in group) / len(group)
        seconds = [each["seconds"] for each in group]
        lines.append(
            f"{name:>10} {len(group):>7} {sum(map(solved, group)) / len(group):>8.2%} {proved:>8.2%} {at_best:>14.2%} "
            f"{over:>21.4%} {sum(seconds) / len(group):>7.2f} {max(seconds):>7.2f}"
        )
    better = [each for each in figures if each["makespan"] < each["known_best"]]
    if better:
        lines.append(
            f"shorter than the best known: {len(better)}, of these proved to be optimal: {sum(e['proved'] for e in better)}"
        )
    return "\n".join(lines)


def _processors(figures: list[dict[str, Any]]) -> list[int]:
    return sorted({each["processors"] for each in figures})


def _over(figure: dict[str, Any]) -> float:
    """How far above the best known; 0 where that was nothing."""
    return figure["makespan"] / figure["known_best"] - 1 if figure["known_best"] else 0.0


if __name__ == "__main__":
    sys.exit(main())
