"""Small batches as arrays, drawn at random; what is right for them, found by trying everything."""

from itertools import count

import numpy as np
from hypothesis import strategies as st

from bayplan.model.arrays import IntArray
from bayplan.solvers.assignment import (
    FORBIDDEN,
    Problem,
    Solution,
    SolverBudget,
    ant_colony,
    auction,
    genetic,
    hungarian,
    integer,
    linear,
)
from bayplan.solvers.assignment.local_search import by_density, filled
from bayplan.solvers.assignment.packing_state import PackingState

SOLVERS = {
    "linear": linear.solve,
    "integer": integer.solve,
    "hungarian": hungarian.solve,
    "auction": auction.solve,
    "genetic": lambda *arguments: genetic.solve(*arguments, genetic.GeneticSettings(population=20, generations=30)),
    "ant colony": lambda *arguments: ant_colony.solve(*arguments, ant_colony.AntColonySettings(ants=10, iterations=30)),
}
PARTS = (200, 300, 500, 600)


def problem(
    value: object, demand: object, free: object, gpus: object = None, gpu_free: object = None, gang: object = None
) -> Problem:
    """A problem from lists; `gpus`: count and thousandths per request."""
    values = np.array(value, np.float64)
    requests, nodes = values.shape
    asked = np.array([(0, 1000)] * requests if gpus is None else gpus, np.int64)
    slots = np.zeros((nodes, 0), np.int64) if gpu_free is None else np.array(gpu_free, np.int64)
    gangs = np.full(requests, -1) if gang is None else np.array(gang, np.int64)
    return Problem(values, np.array(demand, np.int64), np.array(free, np.int64), asked[:, 0], asked[:, 1], slots, gangs)


@st.composite
def problems(draw: st.DrawFn, most: int = 5, gangs: bool = True, gpus: bool = True) -> Problem:
    """Up to 5 requests on up to 3 nodes."""
    requests, nodes, resources = draw(st.integers(1, most)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    slots = draw(st.integers(0, 2)) if gpus else 0
    one = st.one_of(st.just(FORBIDDEN), st.integers(0, 9).map(float))
    ask = st.sampled_from([(0, 1000), (1, 1000), (2, 1000), *((1, part) for part in PARTS)])
    asks = draw(rows(ask, requests)) if slots else [(0, 1000)] * requests
    return problem(
        draw(table(one, requests, nodes)),
        draw(table(st.integers(0, 4), requests, resources)),
        draw(table(st.integers(1, 8), nodes, resources)),
        asks,
        draw(table(st.sampled_from([0, 500, 700, 1000]), nodes, slots)) if slots else None,
        draw(rows(st.sampled_from([-1, -1, 0, 3]), requests)) if gangs else None,
    )


@st.composite
def assignments(draw: st.DrawFn) -> Problem:
    """Requests that all ask for the same."""
    requests, nodes = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    one = st.one_of(st.just(FORBIDDEN), st.integers(0, 20).map(float))
    free = draw(table(st.integers(1, 5), nodes, 1))
    return problem(draw(table(one, requests, nodes)), [[draw(st.integers(1, 3))]] * requests, free)


def rows(one: st.SearchStrategy[object], many: int) -> st.SearchStrategy[list[object]]:
    return st.lists(one, min_size=many, max_size=many)


def table(one: st.SearchStrategy[object], many: int, wide: int) -> st.SearchStrategy[list[list[object]]]:
    return rows(rows(one, wide), many)  # type: ignore[arg-type]


def nowhere(of: Problem) -> IntArray:
    """The start at which everything waits."""
    return np.full(of.requests, -1, np.int64)


def greedy(of: Problem) -> IntArray:
    """A start that fits."""
    state = PackingState(of)
    filled(state, by_density(of), lambda: False)
    return state.assignment


def solved(name: str, of: Problem, start: IntArray | None = None, steps: int | None = None, seed: int = 0) -> Solution:
    return SOLVERS[name](of, nowhere(of) if start is None else start, SolverBudget(steps), seed)


def random_problem(requests: int, nodes: int, seed: int) -> Problem:
    """Larger: several resources, GPUs whole and in part."""
    draw = np.random.default_rng(seed)
    whole = draw.integers(0, 3, requests)
    part = np.where(draw.random(requests) < 0.3, draw.choice(PARTS, requests), 1000)
    gpus = np.column_stack((np.where(part < 1000, 1, whole), part))
    demand = np.column_stack((draw.integers(1, 16, requests) * 1000, draw.integers(1, 64, requests) * 2**30))
    free = np.column_stack((draw.integers(8, 32, nodes) * 1000, draw.integers(16, 128, nodes) * 2**30))
    gpu_free = np.where(np.arange(4) < draw.integers(0, 5, nodes)[:, None], 1000, 0)
    return problem(draw.integers(1, 100, (requests, nodes)), demand, free, gpus, gpu_free)


def check(of: Problem, answer: Solution) -> None:
    """Plain arithmetic: allowed, nothing over-committed, no gang split, the value as stated, fractions on their GPUs."""
    free, gpus, value = of.free.copy(), of.gpu_free.copy(), 0.0
    for request, node in enumerate(answer.assignment.tolist()):
        if node < 0:
            assert answer.devices[request] == -1
            continue
        assert of.value[request, node] > FORBIDDEN
        value += of.value[request, node]
        free[node] -= of.demand[request]
        if of.gpu_count[request] and of.gpu_thousandths[request] < 1000:
            gpus[node, answer.devices[request]] -= of.gpu_thousandths[request]
    assert (free >= 0).all()
    assert (gpus >= 0).all()
    for node in range(of.nodes):
        whole = (answer.assignment == node) & (of.gpu_thousandths == 1000)
        assert of.gpu_count[whole].sum() <= (gpus[node] == 1000).sum()
    for gang in set(of.gang.tolist()) - {-1}:
        assert len(set((answer.assignment[of.gang == gang] >= 0).tolist())) == 1
    assert answer.value == np.float64(value) or abs(answer.value - value) < 1e-9 * abs(value)
    if answer.bound is not None:
        assert answer.bound >= answer.value


def best_value(of: Problem) -> float:
    """By trying everything."""
    return _best(of, 0, of.free.copy(), of.gpu_free.copy(), {})


def _best(of: Problem, request: int, free: IntArray, gpus: IntArray, gangs: dict[int, bool]) -> float:
    if request == of.requests:
        return 0.0
    gang = int(of.gang[request])
    best = -np.inf
    if not gangs.get(gang, False):
        best = _best(of, request + 1, free, gpus, gangs | ({gang: False} if gang >= 0 else {}))
    if gangs.get(gang, True):
        joined = gangs | ({gang: True} if gang >= 0 else {})
        for node in range(of.nodes):
            if of.value[request, node] == FORBIDDEN or (free[node] < of.demand[request]).any():
                continue
            free[node] -= of.demand[request]
            for devices in _devices(of, request, gpus[node]):
                gpus[node, devices] -= of.gpu_thousandths[request]
                best = max(best, of.value[request, node] + _best(of, request + 1, free, gpus, joined))
                gpus[node, devices] += of.gpu_thousandths[request]
            free[node] += of.demand[request]
    return best


def _devices(of: Problem, request: int, free: IntArray) -> list[list[int]]:
    needed, part = int(of.gpu_count[request]), int(of.gpu_thousandths[request])
    if not needed:
        return [[]]
    fitting = np.flatnonzero(free >= part).tolist()
    if part < 1000:
        return [[device] for device in fitting]
    return [fitting[:needed]] if len(fitting) >= needed else []


class StopsAfter:
    """A stop function that says yes from its so many-th call on."""

    def __init__(self, calls: int) -> None:
        self._calls = count()
        self._most = calls

    def __call__(self) -> bool:
        return next(self._calls) >= self._most
