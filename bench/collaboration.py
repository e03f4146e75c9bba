"""Models that work together, on the digits that scikit-learn brings: federated rounds, ensembles, distillation, consensus.

    python -m bench.collaboration [--experiment NAME ...] [--seeds 0-4] [--jobs 2] [--out FILE.csv] [--json FILE]

1,347 images to train on, 450 to test on; pixels from 0 to 1. Plain gradient descent, learning rate 0.1, batches of 16. Five
clients hold two digits each, and run 50 rounds of 5 epochs. Where one of them attacks, they hold a fifth of the images each.
The figure is the share of right answers on the test images after the last round. Training is that of the examples, and fusion
is that of the operator, so that a run in a cluster gives the same numbers. Everything follows from the seed.

Without `--seeds`, each experiment has its own: 0 to 4, 0 to 9 for equal ensembles, and 0 to 19 for unequal ones.
"""

import argparse
import csv
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, astuple, fields
from pathlib import Path

import numpy as np

from bench.collaborating import ensembles, federation
from bench.collaborating.row import Row
from bench.options import count

Experiment = Callable[[int], Iterator[Row]]
EXPERIMENTS: dict[str, tuple[Experiment, int]] = {
    "central": (federation.central, 5),
    "federated": (federation.federated, 5),
    "killed": (federation.killed, 5),
    "attacked": (federation.attacked, 5),
    "equal": (ensembles.equal, 10),
    "unequal": (ensembles.unequal, 20),
    "distillation": (ensembles.distilled, 5),
}
"""What each runs for a seed, and how many seeds it has unless some are named."""


def main() -> int:
    """Run the benchmark; answers the exit code."""
    arguments = _arguments()
    jobs = [
        (name, seed)
        for name in dict.fromkeys(arguments.experiment or EXPERIMENTS)
        for seed in arguments.seeds or range(EXPERIMENTS[name][1])
    ]
    rows = [row for found in _run(jobs, arguments.jobs) for row in found]
    figures = _figures(rows)
    taken = {f"{alpha:g}": ensembles.steps(alpha) for alpha in ensembles.STEPS}
    _print(figures, taken)
    try:
        if arguments.out:
            with arguments.out.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow([each.name for each in fields(Row)])
                writer.writerows(astuple(row) for row in rows)
        if arguments.json:
            found = [asdict(row) for row in rows] + [
                {"experiment": "consensus", "alpha": a, "steps": n} for a, n in taken.items()
            ]
            arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        print(f"the figures cannot be written: {error}", file=sys.stderr)
        return 2
    return 0


def one(job: tuple[str, int]) -> list[Row]:
    """All rows of an experiment with a seed."""
    name, seed = job
    return list(EXPERIMENTS[name][0](seed))


def _run(jobs: Sequence[tuple[str, int]], processes: int) -> Iterator[list[Row]]:
    if processes == 1:
        yield from map(one, jobs)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(one, jobs)


def _figures(rows: Sequence[Row]) -> dict[tuple[str, str, str], list[float]]:
    """Accuracies over seeds, by experiment, method and model, in the order in which they came."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for row in rows:
        found.setdefault((row.experiment, row.method, row.model), []).append(row.accuracy)
    return found


def _print(figures: dict[tuple[str, str, str], list[float]], taken: dict[str, int]) -> None:
    print(f"{'experiment':<32}{'method':<18}{'model':<12}{'seeds':>5}{'mean %':>9}{'± std':>8}{'worst':>8}")
    for (experiment, method, model), values in figures.items():
        percent = 100 * np.array(values)
        print(
            f"{experiment:<32}{method:<18}{model:<12}{len(values):>5}{percent.mean():>9.2f}{percent.std():>8.2f}"
            f"{percent.min():>8.2f}"
        )
    print("consensus of two models, steps to 1e-9: " + ", ".join(f"α {alpha}: {steps}" for alpha, steps in taken.items()))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiment", action="append", choices=EXPERIMENTS, help="may be named several times; default: all")
    parser.add_argument("--seeds", type=seeds, metavar="A-B", help="a seed, or the first and the last of several")
    parser.add_argument("--jobs", type=count, default=os.cpu_count() or 1, help="processes (default: %(default)s)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write all figures as CSV")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures as JSON")
    return parser.parse_args()


def seeds(text: str) -> range:
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", text, re.ASCII)
    seeds = range(int(found[1]), int(found[2] or found[1]) + 1) if found else range(0)
    if not seeds:
        raise argparse.ArgumentTypeError(f'"{text}" must be a seed such as 3, or seeds such as 0-9')
    return seeds


if __name__ == "__main__":
    sys.exit(main())
