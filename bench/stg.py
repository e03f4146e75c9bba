"""Files of the Standard Task Graph Set: graphs, and tables of optimal makespans."""

from pathlib import Path

import numpy as np

from bayplan.solvers.schedules.problem import GraphProblem
from bench.reading import DataError, text_of, whole


def read_graph(path: Path, processors: int) -> GraphProblem:
    """A graph on so many identical processors. The two dummy tasks are tasks of no duration. Raises `DataError`.

    First line: the number of tasks without the dummies. Then per task: its number, its processing time, how many
    predecessors it has, and their numbers. Lines that begin with # are comments.
    """
    lines = [(number, line.split()) for number, line in enumerate(text_of(path).splitlines(), 1) if _counts(line)]
    if not lines:
        raise DataError(f"{path} is empty: its first line must be the number of tasks")
    first, fields = lines[0]
    tasks = whole(fields[0], "the number of tasks", f"{path}, line {first}") + 2
    if len(lines) - 1 != tasks:
        raise DataError(f"{path}: it must have {tasks} lines of tasks, two dummies included, and has {len(lines) - 1}")
    durations, parents, children = [], [], []
    for task, (line, fields) in enumerate(lines[1:]):
        where = f"{path}, line {line}"
        values = [whole(each, "a field", where) for each in fields]
        if len(values) < 3 or len(values) != 3 + values[2]:
            raise DataError(f"{where}: a task is its number, its time, a count, and so many numbers of predecessors")
        if values[0] != task:
            raise DataError(f"{where}: the task's number is {values[0]}: it must be {task}, one above that of the line before")
        for parent in values[3:]:
            if parent >= tasks or parent == task:
                raise DataError(f"{where}: predecessor {parent} is no other task: it must be from 0 to {tasks - 1}")
        durations.append(values[1])
        parents += values[3:]
        children += [task] * values[2]
    table = np.repeat(np.array(durations, np.float64)[:, None], processors, axis=1)
    try:
        return GraphProblem(table, np.array(parents, np.int64), np.array(children, np.int64))
    except ValueError as error:
        raise DataError(f"{path}: {error}") from error


def read_optima(path: Path) -> dict[str, tuple[int, int]]:
    """Per file name, without its folder, a lower bound and the best makespan known; equal: the optimum. Raises `DataError`.

    Lines without a header: folder and file name, number of processors, optimum; where the optimum is not known,
    a lower bound and the best that is known instead of it.
    """
    optima = {}
    for number, line in enumerate(text_of(path).splitlines(), 1):
        fields = line.split(",")
        where = f"{path}, line {number}"
        if len(fields) not in (3, 4):
            raise DataError(f"{where}: it has {len(fields)} fields: it must have graph, processors, optimum (or two bounds)")
        optima[Path(fields[0]).name] = (whole(fields[2], "the optimum", where), whole(fields[-1], "the optimum", where))
    return optima


def _counts(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")
