"""Auto: looks at what is asked and picks who goes first and how it is assigned."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bayplan.cluster import Cluster
from bayplan.context import Context
from bayplan.decision import Decision
from bayplan.ordering import ORDERS
from bayplan.planning.greedy import Greedy
from bayplan.planning.integer import IntegerProgram
from bayplan.protocols import Planner, Strategy
from bayplan.workload import Request

SMALL = 64
"""Requests up to which a batch that does not fit as a whole is solved as an integer program."""


@dataclass(frozen=True, slots=True)
class _Pick:
    what: str
    order: tuple[str, ...]
    how: str


ONE = _Pick("one pod", (), "greedy")
DEADLINES = _Pick("deadlines", ("Priority", "LeastSlack", "CriticalPath", "Age"), "greedy by least slack")
GANGS = _Pick("gangs", ("Priority", "Age", "CriticalPath"), "greedy, whole gangs only")
GRAPH = _Pick("a graph", ("Priority", "CriticalPath", "Age"), "greedy by critical path")
BATCH = _Pick("a batch", ("Priority", "Age"), "greedy, largest first")
SHORTAGE = "an integer program, since greedy had no place for all"


@dataclass(frozen=True, slots=True)
class Auto:
    """The first rule that holds: one request; a deadline among them; a gang; different critical paths; anything else.

    The policy's scorers decide where to; its order does not count. Where a batch of at most `SMALL` requests of one
    priority, without gangs, does not fit as greedy places it, an integer program places as many as it can.
    The cost is that of `Greedy`, and of `IntegerProgram` in that case. Every decision says what was picked.
    """

    def __call__(self, requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
        """One decision per request."""
        pick = _pick(requests)
        order = tuple(ORDERS[name] for name in pick.order)
        decisions = Greedy()(requests, cluster, replace(strategy, order=order), context)
        how = pick.how
        if pick is BATCH and _short(requests, decisions):
            better: Planner = IntegerProgram(objective="Priority")
            decisions, how = better(requests, cluster, replace(strategy, order=order), context), SHORTAGE
        return [_told(each, f"auto: {pick.what}, {how}; ") for each in decisions]


def _pick(requests: Sequence[Request]) -> _Pick:
    if len(requests) == 1:
        return ONE
    if any(each.deadline is not None for each in requests):
        return DEADLINES
    if any(each.gang is not None for each in requests):
        return GANGS
    if len({each.critical_path for each in requests}) > 1:
        return GRAPH
    return BATCH


def _short(requests: Sequence[Request], decisions: Sequence[Decision]) -> bool:
    if len(requests) > SMALL or len({each.priority for each in requests}) > 1:
        return False
    placed = sum(each.node is not None for each in decisions)
    return 0 < placed < len(requests)


def _told(decision: Decision, what: str) -> Decision:
    """With what was picked before the words of a place; why there is none stays as it is."""
    if decision.node is None:
        return decision
    return replace(decision, message=(what + decision.message)[:255])
