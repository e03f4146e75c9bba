"""What the benchmarks of scheduling have in common: options, the time box, and how schedules are written."""

import argparse
import csv
import json
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from bayplan.solvers.schedules.budget import Budget
from bayplan.solvers.schedules.problem import GraphProblem, Schedule
from bench.reading import DataError
from bench.scheduling import ResourceProblem, ScheduleSolution, violations
from bench.sources import name_sources


def add_common(parser: argparse.ArgumentParser, *sources: str) -> None:
    """`--data --seed --json --out`, and where the data come from (`bench.sources`)."""
    name_sources(parser, *sources)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with the data")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures, one flat object per run")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the schedule as CSV; for a single run only")


def within(seconds: float) -> Budget:
    """A budget that ends so many seconds from now."""
    end = time.monotonic() + seconds
    return Budget(None, lambda: time.monotonic() >= end)


def seconds_above_zero(text: str) -> float:
    """An option's number of seconds."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f'"{text}" must be a number above 0')
    return value


def count(text: str) -> int:
    """An option's whole number above 0."""
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f'"{text}" must be a whole number above 0')
    return int(text)


def counts(text: str) -> list[int]:
    """An option's whole numbers above 0, with commas between them."""
    return [count(part) for part in text.split(",")]


def planners(known: Iterable[str]) -> Callable[[str], list[str]]:
    """An option's names of planners, with commas between them; capitals, hyphens and underscores do not matter."""
    spelled = {name.lower(): name for name in known}

    def read(text: str) -> list[str]:
        names = []
        for part in text.split(","):
            name = spelled.get(part.strip().lower().replace("-", "").replace("_", ""))
            if name is None:
                raise argparse.ArgumentTypeError(
                    f'"{part}" is no planner: it must be one of {", ".join(sorted(spelled.values()))}'
                )
            names.append(name)
        return names

    return read


def own_folder(data: Path, name: str) -> Path:
    """The folder of that name inside the one that was given, or that one itself."""
    return data / name if (data / name).is_dir() else data


def checked(problem: GraphProblem | ResourceProblem, outcome: ScheduleSolution, what: str) -> ScheduleSolution:
    """The outcome, if its schedule is a valid one. Raises `DataError`."""
    wrong = violations(problem, outcome.schedule)
    if wrong:
        raise DataError(f"{what}: the schedule is not valid: {wrong[0]}")
    return outcome


def write_json(path: Path | None, figures: Sequence[dict[str, Any]]) -> None:
    """The figures as JSON, if a file was named. Raises `DataError`."""
    if path is not None:
        _written(path, lambda: path.write_text(json.dumps(list(figures), indent=2) + "\n", encoding="utf-8"))


def write_schedule(path: Path, schedule: Schedule, names: Sequence[str]) -> None:
    """`task,processor,start,finish`; the processor is empty where there are only resources. Raises `DataError`."""

    def write() -> None:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("task", "processor", "start", "finish"))
            columns = (schedule.processor.tolist(), schedule.start.tolist(), schedule.finish.tolist())
            for name, processor, start, finish in zip(names, *columns, strict=True):
                writer.writerow((name, processor if processor >= 0 else "", start, finish))

    _written(path, write)


def _written(path: Path, write: Callable[[], object]) -> None:
    try:
        write()
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error}") from error
