"""Run times of tasks that come back: what was learned per task and node class, and what it lets expect of the next run.

The model stands in `levels`; a new task is expected like its family, a new family like everything, and where nothing is
known the answer is `Unknown`. A hint takes the place of the family: it is the prior's location.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayplan.knowledge.run_times.evidence import Evidence, of_run
from bayplan.knowledge.run_times.levels import CELL_RUNS, SHAPE, SLOPE, SLOPE_PRECISION, WITHIN, Cell, Levels, estimate
from bayplan.knowledge.run_times.regression import Moments, Posterior, Prior, posterior
from bayplan.knowledge.run_times.run_time import RunTime
from bayplan.knowledge.run_times.runs import TaskRun, Unknown

HINT_RUNS = 0.5
"""How many runs a hint is worth to a task."""
MERGED = ""
"""The name under which a family keeps the tasks that were let go."""


@dataclass(slots=True)
class _Task:
    cells: dict[str, Evidence]
    last: float


class RunTimes:
    """What was learned of all tasks. Not for several threads at once.

    `limit`: of so many tasks, those that ran most recently, evidence is kept apart; the others are merged into their family,
    and families beyond an eighth of it into the nameless one. `remembered`: how much every earlier run of a task on a node
    class counts after one more, above 0 and up to 1; 1 forgets nothing, 0.98 lives on the last 50 runs.
    """

    def __init__(self, limit: int = 1000, remembered: float = 1.0) -> None:
        if limit < 1:
            raise ValueError(f"limit is {limit}: it must be 1 or above")
        if not 0 < remembered <= 1:
            raise ValueError(f"remembered is {remembered}: it must be above 0 and up to 1")
        self._limit, self._remembered = limit, remembered
        self._tasks: dict[tuple[str, str], _Task] = {}
        self._merged: dict[str, _Task] = {}
        self._levels: Levels | None = None
        self._posteriors: dict[tuple[str, str, float | None], tuple[Posterior, dict[str, int], float]] = {}
        self._stale = False

    def observe(self, run: TaskRun, seconds: float, at: float) -> None:
        """A run ended well after so many seconds, at that time (seconds since the epoch). Raises `ValueError`.

        Its hint says nothing more. Runs that end at the same time may come in any order, if nothing is forgotten.
        """
        _check_task(run.task)
        seen = of_run(seconds, run.size)
        if not math.isfinite(at):
            raise ValueError(f"at is {at}: it must be seconds since the epoch")
        task = self._tasks.setdefault((run.family, run.task), _Task({}, at))
        before = task.cells.get(run.node_class, Evidence())
        task.cells[run.node_class] = before.times(self._remembered).plus(seen)
        task.last = max(task.last, at)
        self._bound()
        self._stale = True

    def predict(self, run: TaskRun) -> RunTime | Unknown:
        """How long the next such run takes; `Unknown` where neither runs nor a hint say anything."""
        levels = self._current()
        if levels is None and run.hint is None:
            return Unknown("no run has ended yet, and there is no hint")
        found, column, size = self._posterior(run, levels)
        offset = 0.0 if levels is None else levels.offsets.get(run.node_class, 0.0)
        columns = np.zeros(len(found.location))
        columns[0] = 1.0
        known = run.node_class in column
        if known:
            columns[column[run.node_class]] = 1.0
        if run.size is not None and math.isfinite(size):
            columns[-1] = math.log(run.size) - size
        predicted = found.predictive(columns, 0.0 if known else 1.0 / CELL_RUNS)
        return RunTime(predicted.weights, predicted.locations + offset, predicted.scales, predicted.freedom)

    def evidence(self, task: str, family: str = "") -> dict[str, Evidence]:
        """Node class to what its runs say; empty where there were none."""
        known = self._tasks.get((family, task))
        return {} if known is None else dict(known.cells)

    @property
    def families(self) -> frozenset[str]:
        """Those of which runs of at least one task were seen. O(tasks)."""
        return frozenset(family for family, _ in self._tasks) | frozenset(self._merged)

    def profile(self, task: str, family: str = "") -> dict[str, Any] | None:
        """What is known of one task, in plain numbers, to be handed to `restore`; none: nothing."""
        known = self._tasks.get((family, task))
        return None if known is None else _as_plain(known)

    def restore(self, task: str, family: str, plain: Mapping[str, Any]) -> None:
        """Take over what `profile` gave, in place of what is known of that task. Raises `ValueError` that names the field."""
        _check_task(task)
        self._tasks[family, task] = _from_plain(plain)
        self._bound()
        self._stale = True

    def copy(self) -> "RunTimes":
        """One of its own that knows the same, for another thread. O(tasks)."""
        made = RunTimes(self._limit, self._remembered)
        made._tasks = {key: _Task(dict(task.cells), task.last) for key, task in self._tasks.items()}
        made._merged = {key: _Task(dict(task.cells), task.last) for key, task in self._merged.items()}
        made._levels, made._stale, made._posteriors = self._levels, self._stale, dict(self._posteriors)
        return made

    def forget(self, task: str, family: str = "") -> None:
        """Let go of what is known of one task, without merging it into its family; of an unknown one, nothing."""
        if self._tasks.pop((family, task), None) is not None:
            self._stale = True

    def as_plain(self) -> dict[str, Any]:
        """All that was learned, in plain numbers and text."""
        return {
            "tasks": [
                {"family": family, "task": task, **_as_plain(each)}
                for (family, task), each in sorted(self._tasks.items(), key=_key)
            ],
            "merged": [{"family": family, **_as_plain(each)} for family, each in sorted(self._merged.items())],
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any], limit: int = 1000, remembered: float = 1.0) -> "RunTimes":
        """One that knows exactly what the other knew. Raises `ValueError` that names the field."""
        made = cls(limit, remembered)
        for kind in ("tasks", "merged"):
            rows = plain.get(kind, [])
            if not isinstance(rows, list):
                raise ValueError(f"{kind} is {rows!r}: it must be a list")
            for number, row in enumerate(rows):
                try:
                    family, values = _text(row, "family"), _from_plain(row)
                    if kind == "tasks":
                        made._tasks[family, _text(row, "task")] = values
                    else:
                        made._merged[family] = values
                except ValueError as error:
                    raise ValueError(f"{kind}[{number}].{error}") from error
        made._bound()
        made._stale = True
        return made

    def _posterior(self, run: TaskRun, levels: Levels | None) -> tuple[Posterior, dict[str, int], float]:
        key = (run.family, run.task, run.hint)
        if key not in self._posteriors:
            known = self._tasks.get((run.family, run.task))
            self._posteriors[key] = _fit(known.cells if known else {}, run, levels)
        return self._posteriors[key]

    def _current(self) -> Levels | None:
        if self._stale:
            # Always in the same order, so that a copy made from the record answers the same to the last bit.
            cells = [
                Cell(family, task, node_class, evidence)
                for (family, task), each in sorted(self._tasks.items(), key=_key)
                for node_class, evidence in sorted(each.cells.items())
            ]
            cells += [
                Cell(family, MERGED, node_class, evidence, merged=True)
                for family, each in sorted(self._merged.items())
                for node_class, evidence in sorted(each.cells.items())
            ]
            self._levels, self._stale = estimate(cells), False
            self._posteriors.clear()
        return self._levels

    def _bound(self) -> None:
        while len(self._tasks) > self._limit:
            family, task = min(self._tasks, key=lambda each: (self._tasks[each].last, each))
            self._merge(family, self._tasks.pop((family, task)))
        while len(self._merged) > max(1, self._limit // 8):
            family = min((each for each in self._merged if each), key=lambda each: (self._merged[each].last, each))
            self._merge("", self._merged.pop(family))

    def _merge(self, family: str, task: _Task) -> None:
        into = self._merged.setdefault(family, _Task({}, task.last))
        for node_class, evidence in task.cells.items():
            into.cells[node_class] = into.cells.get(node_class, Evidence()).plus(evidence)
        into.last = max(into.last, task.last)


def _fit(cells: Mapping[str, Evidence], run: TaskRun, levels: Levels | None) -> tuple[Posterior, dict[str, int], float]:
    """The posterior of one task, the column of each node class, and the mean log size (NaN: no sizes)."""
    if run.hint is not None:
        location, share = math.log(run.hint), 1.0 / HINT_RUNS
    elif levels is not None:
        location, share = levels.location(run.family)
    else:
        raise ValueError("neither runs nor a hint: nothing to fit")
    variance = WITHIN if levels is None else levels.variance
    offsets = {} if levels is None else levels.offsets
    names = sorted(cells)
    size = len(names) + 2
    gram, product, square, count = np.zeros((size, size)), np.zeros(size), 0.0, 0.0
    sized = math.fsum(cells[each].sized for each in names)
    middle = math.fsum(cells[each].z for each in names) / sized if sized > 0 else math.nan
    for number, name in enumerate(names, start=1):
        seen, c = cells[name], offsets.get(name, 0.0)
        y = seen.y - seen.runs * c
        gram[[0, 0, number, number], [0, number, 0, number]] += seen.runs
        product[[0, number]] += y
        square += seen.yy - 2 * c * seen.y + seen.runs * c * c
        count += seen.runs
        if sized > 0:
            z = seen.z - seen.sized * middle
            gram[[0, number, -1, -1], [-1, -1, 0, number]] += z
            gram[-1, -1] += seen.zz - 2 * middle * seen.z + seen.sized * middle * middle
            product[-1] += seen.zy - middle * seen.sized_y - c * z
    prior = Prior(
        np.array([location, *[0.0] * len(names), SLOPE]),
        np.array([1.0 / share, *[CELL_RUNS] * len(names), SLOPE_PRECISION]),
        SHAPE,
        SHAPE * variance,
    )
    columns = {name: number for number, name in enumerate(names, start=1)}
    return posterior(prior, Moments(gram, product, square, count)), columns, middle


def _as_plain(task: _Task) -> dict[str, Any]:
    classes = [{"nodeClass": name, **evidence.as_plain()} for name, evidence in sorted(task.cells.items())]
    return {"last": task.last, "nodeClasses": classes}


def _from_plain(plain: Mapping[str, Any]) -> _Task:
    last, rows = plain.get("last"), plain.get("nodeClasses")
    if isinstance(last, bool) or not isinstance(last, int | float) or not math.isfinite(last):
        raise ValueError(f"last is {last!r}: it must be seconds since the epoch")
    if not isinstance(rows, list):
        raise ValueError(f"nodeClasses is {rows!r}: it must be a list")
    cells = {}
    for number, row in enumerate(rows):
        try:
            name = _text(row, "nodeClass")
            cells[name] = Evidence.from_plain({key: value for key, value in row.items() if key != "nodeClass"})
        except ValueError as error:
            raise ValueError(f"nodeClasses[{number}].{error}") from error
    return _Task(cells, float(last))


def _text(row: object, name: str) -> str:
    value = row.get(name) if isinstance(row, Mapping) else None
    if not isinstance(value, str):
        raise ValueError(f"{name} is {value!r}: it must be text")
    return value


def _check_task(task: str) -> None:
    if not task:
        raise ValueError("task is empty: it must be the name under which runs are learned")


def _key(item: tuple[tuple[str, str], _Task]) -> tuple[str, str]:
    return item[0]
