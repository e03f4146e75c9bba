"""Small problems for tests of scheduling, and what is best for them by trying everything."""

import itertools
from collections.abc import Iterator

import numpy as np
from hypothesis import strategies as st

from bayplan.solvers.schedules.problem import GraphProblem
from bench.scheduling import ResourceProblem
from tests.unit.placement.drawing import among, whole

# The example of Topcuoglu, Hariri & Wu 2002, figure 2 and table 1; transfers in seconds.
TEN_DURATIONS = [
    [14, 16, 9], [13, 19, 18], [11, 13, 19], [13, 8, 17], [12, 13, 10],
    [13, 16, 9], [7, 15, 11], [5, 11, 14], [18, 12, 20], [21, 7, 16],
]  # fmt: skip
TEN_EDGES = [
    (0, 1, 18), (0, 2, 12), (0, 3, 9), (0, 4, 11), (0, 5, 14), (1, 7, 19), (1, 8, 16), (2, 6, 23),
    (3, 7, 27), (3, 8, 23), (4, 8, 13), (5, 7, 15), (6, 9, 17), (7, 9, 11), (8, 9, 13),
]  # fmt: skip


def ten_tasks() -> GraphProblem:
    parents, children, seconds = (np.array(column) for column in zip(*TEN_EDGES, strict=True))
    return GraphProblem(np.array(TEN_DURATIONS, float), parents, children, seconds.astype(float), 1.0)


@st.composite
def edges(draw: st.DrawFn, tasks: int) -> tuple[np.ndarray, np.ndarray]:
    """Edges of an acyclic graph whose numbers are not in topological order."""
    name = draw(st.permutations(range(tasks)))
    pairs = [(a, b) for a in range(tasks) for b in range(a + 1, tasks)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=10)) if pairs else []
    return np.array([name[a] for a, _ in chosen], np.int64), np.array([name[b] for _, b in chosen], np.int64)


@st.composite
def identical(draw: st.DrawFn, most: int = 7) -> GraphProblem:
    tasks, processors = draw(whole(1, most)), draw(whole(1, 3))
    unit = draw(among(1.0, 0.7))
    durations = np.array(draw(st.lists(st.integers(0, 9), min_size=tasks, max_size=tasks))) * unit
    available = np.array(draw(st.lists(st.sampled_from([0, 0, 2, 5]), min_size=processors, max_size=processors))) * unit
    parents, children = draw(edges(tasks))
    return GraphProblem(np.repeat(durations[:, None], processors, axis=1), parents, children, available=available)


@st.composite
def different(draw: st.DrawFn, most: int = 7) -> GraphProblem:
    tasks, processors = draw(whole(1, most)), draw(whole(1, 3))
    value = st.sampled_from([0.0, 1.0, 2.5, 4.0, 7.3, 9.0])
    durations = np.array([[draw(value) for _ in range(processors)] for _ in range(tasks)])
    if processors > 1:
        for task in draw(st.lists(st.integers(0, tasks - 1), max_size=3)):
            durations[task, draw(whole(1, processors - 1))] = np.inf
    parents, children = draw(edges(tasks))
    moved = np.array([draw(among(0.0, 3.0, 20.0)) for _ in parents])
    available = np.array([draw(among(0.0, 1.5, 6.0)) for _ in range(processors)])
    site = np.array([draw(whole(0, processors - 1)) for _ in range(processors)])
    return GraphProblem(durations, parents, children, moved, 2.0, available, site, draw(st.booleans()))


@st.composite
def shared(draw: st.DrawFn) -> ResourceProblem:
    tasks, kinds = draw(whole(1, 7)), draw(whole(1, 3))
    durations = np.array(draw(st.lists(st.integers(0, 9), min_size=tasks, max_size=tasks)), float)
    demands = np.array([[draw(whole(0, 4)) for _ in range(kinds)] for _ in range(tasks)])
    parents, children = draw(edges(tasks))
    return ResourceProblem(durations, demands, np.full(kinds, 4), parents, children)


def every_list(problem: GraphProblem | ResourceProblem) -> Iterator[tuple[int, ...]]:
    """All lists with parents before children."""
    pairs = set(zip(problem.parents.tolist(), problem.children.tolist(), strict=True))
    for order in itertools.permutations(range(problem.tasks)):
        place = {task: number for number, task in enumerate(order)}
        if all(place[parent] < place[child] for parent, child in pairs):
            yield order


def shortest(problem: GraphProblem) -> float:
    """The optimal makespan: every list, every choice of processors, each task after the last one on its processor.

    What takes no time needs no processor to be free.
    """
    best = np.inf
    edges_to: dict[int, list[tuple[int, float]]] = {task: [] for task in range(problem.tasks)}
    for parent, child, seconds in zip(problem.parents.tolist(), problem.children.tolist(), problem.seconds, strict=True):
        edges_to[child].append((parent, float(seconds)))
    for order in every_list(problem):
        for chosen in itertools.product(range(problem.processors), repeat=problem.tasks):
            free, finish = problem.free_from.tolist(), [0.0] * problem.tasks
            for task in order:
                on = chosen[task]
                site = problem.site_of
                moves = [(finish[p], s if site[chosen[p]] != site[on] else 0.0) for p, s in edges_to[task]]
                duration = float(problem.durations[task, on])
                if problem.fetched:
                    duration += max((s for _, s in moves), default=0.0)
                    moves = [(end, 0.0) for end, _ in moves]
                ready = [end + s for end, s in moves]
                finish[task] = max([free[on] if duration else 0.0, *ready]) + duration
                free[on] = finish[task] if duration else free[on]
                if finish[task] >= best:
                    break
            else:
                best = max(finish)
    return best


def shortest_shared(problem: ResourceProblem) -> float:
    """The optimal makespan: every list, each task at the first end of another, or 0, at which it fits until its end."""
    best = np.inf
    for order in every_list(problem):
        start: dict[int, float] = {}
        for task in order:
            ends = [start[other] + problem.durations[other] for other in start]
            parents = problem.parents[problem.children == task].tolist()
            ready = max([0.0, *(start[parent] + problem.durations[parent] for parent in parents)])
            for at in sorted({ready, *(end for end in ends if end > ready)}):
                if _fits(problem, start, task, at):
                    start[task] = at
                    break
        best = min(best, max(start[task] + problem.durations[task] for task in start))
    return float(best)


def _fits(problem: ResourceProblem, start: dict[int, float], task: int, at: float) -> bool:
    until = at + problem.durations[task]
    for instant in {at, *(begin for begin in start.values() if at < begin < until)}:
        running = [other for other in start if start[other] <= instant < start[other] + problem.durations[other]]
        if problem.durations[task] and (problem.demands[[*running, task]].sum(axis=0) > problem.capacities).any():
            return False
    return True
