"""Tasks that never ran before, in recorded workflows: how well their run times are foreseen.

    python -m bench.unseen --data DIR [--nodes 12] [--json FILE]

Folder wfinstances/ as of bench.heft. Every workflow runs on nodes alike, its tasks as they become ready, each with one node to
itself; nothing is known before it begins. Before the first run of a task's name, once three runs of others have ended, two
models say how long it takes: `RunTimes`, for which a new task is like its family (the workflow), and `Lookalikes`, for which it
is like what came just before it or new. The higher the log score, the better; 80 % should lie inside.
"""

import argparse
import heapq
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bayplan.knowledge.run_times import RunTime, RunTimes, TaskRun
from bayplan.solvers.schedules.problem import GraphProblem
from bench.lookalikes.model import Lookalikes
from bench.options import count, own_folder, write_json
from bench.reading import DataError, files_of
from bench.sources import name_sources
from bench.wfcommons import read_instance

FAMILY = "workflow"
KNOWN = 3
"""Runs that have ended before anything is asked."""
SHORTEST = 1e-3
_NUMBER = re.compile(r"_(ID)?\d+.*$")


def main() -> int:
    """Run the benchmark; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.unseen", description=(__doc__ or "").split("\n")[0])
    name_sources(parser, "wfinstances")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with the data")
    parser.add_argument("--nodes", type=count, default=12)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    arguments = parser.parse_args()
    try:
        paths = files_of(own_folder(arguments.data, "wfinstances"), ".json")
        found = [each for path in paths for each in foreseen(read_instance(path, np.ones(1), 1e9), arguments.nodes)]
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    figures = []
    for model, rows in (("RunTimes", [own for own, _ in found]), ("Lookalikes", [other for _, other in found])):
        score, inside, off = np.mean(rows, axis=0).tolist()
        figures.append({"model": model, "tasks": len(rows), "log_score": score, "inside": inside, "off": off})
        print(f"{model:<12}{len(rows):>5} tasks   log score {score:.2f}   inside {100 * inside:.0f} %   off by e^{off:.2f}")
    gain = np.array([other[0] - own[0] for own, other in found])
    print(f"Lookalikes less RunTimes: {gain.mean():.2f}, standard error {gain.std(ddof=1) / len(gain) ** 0.5:.2f}")
    write_json(arguments.json, figures)
    return 0


Score = tuple[float, float, float]
"""Log score; 1 inside the 80 % interval, 0 outside; how far the log of the seconds is off."""


def foreseen(problem: GraphProblem, nodes: int) -> Iterator[tuple[Score, Score]]:
    """Per name of a task, before its first run, how well both models foresee it."""
    seconds = np.maximum(problem.durations[:, 0], SHORTEST).tolist()
    names = [_NUMBER.sub("", name) for name in problem.names]
    missing = np.diff(problem.topology.parents.indptr).tolist()
    ready = [task for task in problem.topology.order.tolist() if not missing[task]]
    running: list[tuple[float, int]] = []
    begun, own, other = Counter[str](), RunTimes(), Lookalikes()
    now, ended = 0.0, 0
    for task in ready:
        other.come(task, now)
    while ready or running:
        while ready and len(running) < nodes:
            task = ready.pop(0)
            other.start(task, now)
            if ended >= KNOWN and not begun[names[task]]:
                both = own.predict(TaskRun(names[task], family=FAMILY)), other.predict(task, now)
                yield _score(both[0], seconds[task]), _score(both[1], seconds[task])
            begun[names[task]] += 1
            heapq.heappush(running, (now + seconds[task], task))
        now, task = heapq.heappop(running)
        own.observe(TaskRun(names[task], family=FAMILY), seconds[task], now)
        other.end(task, seconds[task])
        ended += 1
        for child in problem.topology.children.of(task).tolist():
            missing[child] -= 1
            if not missing[child]:
                ready.append(child)
                other.come(child, now)


def _score(found: object, seconds: float) -> Score:
    assert isinstance(found, RunTime)
    inside = 0.1 <= found.probability_by(seconds) <= 0.9
    return found.log_score(seconds), float(inside), abs(found.log_mean - float(np.log(seconds)))


if __name__ == "__main__":
    sys.exit(main())
