"""What all planners have in common that assign a batch at once: from greedy's answer to a solver's, and back to decisions."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import rejections_in_words
from bayplan.cluster.trial import Trial
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.model.workload import Request, RequestClass
from bayplan.solvers.assignment.packing_state import StartError
from bayplan.solvers.assignment.problem import NONE, Problem, Solution, SolverBudget
from bayplan.strategy.assigning.batch import Batch, batch
from bayplan.strategy.assigning.candidates import candidates, refused_rows
from bayplan.strategy.assigning.gang_words import called
from bayplan.strategy.assigning.gangs import gangs_of
from bayplan.strategy.assigning.greedy import Greedy
from bayplan.strategy.context import Context
from bayplan.strategy.needs import Need
from bayplan.strategy.objectives import objective
from bayplan.strategy.protocols import Planner, Strategy

Solve = Callable[[Problem, IntArray, SolverBudget, int], Solution]
"""Problem, start, budget and seed to an answer."""
Devices = tuple[int, ...]
_UNITS = {"cpu": (1000, " per core"), "memory": (2**30, " per GiB"), "ephemeral-storage": (2**30, " per GiB")}


class ForObjective(Planner):
    """A planner for an objective: it goes by what the objective goes by."""

    __slots__ = ()
    objective: str
    """A name of `OBJECTIVES`."""

    @property
    def needs(self) -> frozenset[Need]:
        """Those of the objective."""
        return objective(self.objective).needs


def assigned(
    requests: Sequence[Request],
    cluster: Cluster,
    strategy: Strategy,
    context: Context,
    aim: str,
    solve: tuple[str, Solve, int | None],
) -> list[Decision]:
    """One decision per request. O(requests x nodes) beside the solver.

    `aim`: an objective's name. `solve`: the solver's name in words, the solver, and how many steps it may make. A request
    that has no node with room, alone or because of its gang, keeps what greedy says; so does a gang of which greedy places a
    part, its minimum: to a solver, a gang is all or nothing.
    """
    decisions = Greedy()(requests, cluster, strategy, context)
    kept = _placed_in_part(requests, decisions)
    if kept:
        rest = [number for number in range(len(requests)) if number not in kept]
        with cluster.trial() as trial:
            for number in kept:
                row = cluster.row(decisions[number].node or "")
                if row is not None:
                    trial.take(row, cluster.demand(requests[number].request_class), decisions[number].gpus)
            beside = assigned([requests[number] for number in rest], cluster, strategy, context, aim, solve)
        for number, decision in zip(rest, beside, strict=True):
            decisions[number] = decision
        return decisions
    made = batch(requests, cluster, strategy, context, objective(aim))
    if made.problem is None:
        return decisions
    name, solver, steps = solve
    node_of = {cluster.names[row]: node for node, row in enumerate(made.rows.tolist())}
    begun = [decisions[number].node for number in made.numbers]
    start = np.array([NONE if each is None else node_of[each] for each in begun], np.int64)
    try:
        solution = solver(made.problem, start, SolverBudget(steps, context.stop), context.seed + context.turn)
    except StartError as error:
        # Greedy's answer does fit: that its GPUs are not found again is rare, since few nodes are that full.
        return [replace(each, message=f"{each.message}; {name}: {error}"[:255]) if each.node else each for each in decisions]
    as_begun = np.array_equal(solution.assignment, start)
    said = f"{name}: {aim} {_total(made, solution):.6g}, {_quality(solution)}"
    with cluster.trial() as trial:
        greedy = [decisions[number].gpus for number in made.numbers]
        devices = _taken(made, cluster, solution, trial, greedy if as_begun else None)
        why = _Waiting(requests, cluster, strategy, context)
        for place, (number, node) in enumerate(zip(made.numbers, solution.assignment.tolist(), strict=True)):
            request = made.requests[place]
            if node == NONE:
                decisions[number] = why.decision(request, decisions[number])
                continue
            message = said + _shadow_price(made, cluster, solution, node)
            decisions[number] = Decision(request.id, cluster.names[made.rows[node]], None, message[:255], devices[place])
    return decisions


def _placed_in_part(requests: Sequence[Request], decisions: Sequence[Decision]) -> set[int]:
    """Numbers of the requests of gangs of which some have a place and some have none."""
    in_part = [each for each in gangs_of(requests).values() if len({decisions[number].node is None for number in each}) > 1]
    return {number for each in in_part for number in each}


def _total(made: Batch, solution: Solution) -> float:
    """The objective's sum, in its own unit."""
    placed = np.flatnonzero(solution.assignment >= 0)
    return float(made.figures[placed, solution.assignment[placed]].sum())


def _quality(solution: Solution) -> str:
    if solution.gap is None:
        proved = "no bound"
    elif solution.gap <= 1e-9 * max(abs(solution.value), 1.0):
        proved = "the best there is"
    else:
        proved = f"at most {solution.gap:.3g} from the best"
    cut = "" if solution.finished else " (cut short)"
    return proved + cut + (f" ({solution.note})" if solution.note else "")


def _taken(made: Batch, cluster: Cluster, solution: Solution, trial: Trial, known: list[Devices] | None) -> list[Devices]:
    """Take all places on trial, and answer the GPUs: fractions from where the answer says, whole ones from what is left."""
    devices: list[Devices] = known or [() if each < 0 else (each,) for each in solution.devices.tolist()]
    whole = []
    for place, node in enumerate(solution.assignment.tolist()):
        ask = made.requests[place].request_class.gpus
        if node == NONE:
            continue
        if known is None and ask is not None and not ask.fraction:
            whole.append(place)
        else:
            trial.take(int(made.rows[node]), cluster.demand(made.requests[place].request_class), devices[place])
    for place in whole:
        row, cls = int(made.rows[solution.assignment[place]]), made.requests[place].request_class
        if cls.gpus is not None:
            devices[place] = cluster.choose_gpus(row, cls.gpus)
        trial.take(row, cluster.demand(cls), devices[place])
    return devices


def _shadow_price(made: Batch, cluster: Cluster, solution: Solution, node: int) -> str:
    """What one more of the node's scarcest resource would be worth: of that of which all that is free is worth most."""
    if solution.shadow_prices is None:
        return ""
    prices: FloatArray = solution.shadow_prices[node]
    worth = prices * made.free[node]
    if not len(worth) or worth.max() <= 0:
        return "; nothing is scarce there"
    scarcest = int(worth.argmax())
    name = cluster.resources[int(made.columns[scarcest])]
    unit, per = _UNITS.get(name, (1, ""))
    return f"; shadow price of {name} {prices[scarcest] * unit:.3g}{per}"


class _Waiting:
    """Why requests wait, once all else is placed. Requests of one class share the words."""

    def __init__(self, requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> None:
        self._cluster, self._strategy, self._context = cluster, strategy, context
        self._members = Counter(each.gang.id for each in requests if each.gang is not None)
        self._words: dict[RequestClass, str] = {}

    def decision(self, request: Request, before: Decision) -> Decision:
        """`before`: greedy's."""
        gang = request.gang
        members = 0 if gang is None else self._members[gang.id]
        if gang is not None and members > 1:
            if gang.name and before.node is None:
                return before  # it says how many places are missing
            message = f"no place for all {members} of {called(gang)} beside what is worth more"
            return Decision(request.id, None, Reason.GANG_INCOMPLETE, message)
        cls = request.request_class
        if cls not in self._words:
            self._words[cls] = self._lacking(request)[:255]
        return Decision(request.id, None, Reason.NO_CAPACITY, self._words[cls])

    def _lacking(self, request: Request) -> str:
        fitting = candidates(request, self._cluster, self._strategy, self._strategy.scoring)
        fitting.refresh(request, self._cluster, self._context)
        refused = refused_rows(self._cluster, request.request_class, self._context)
        if fitting.open(refused).any():
            return "not placed before time was up"
        return rejections_in_words(self._cluster, fitting.fit, refused if len(refused) else None, fitting.hot)
