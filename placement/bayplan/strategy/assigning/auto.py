"""Auto: looks at what is asked, and picks the order of the requests and how they are assigned."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import ClassVar

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.graph_plans.finish import plan_of
from bayplan.foresight.graph_plans.matters import matters
from bayplan.foresight.graph_plans.plan import Plan
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.model.workload import Request
from bayplan.strategy.assigning.greedy import Greedy
from bayplan.strategy.assigning.integer import IntegerProgram
from bayplan.strategy.assigning.planned import Planned
from bayplan.strategy.context import Context
from bayplan.strategy.needs import Need
from bayplan.strategy.ordering import ORDERS
from bayplan.strategy.protocols import Planner, Scoring, Strategy, WeightedScorer
from bayplan.strategy.scoring.earliest_finish import EarliestFinish

FINISH = 99.0
"""Weight of the earliest finish of planned graphs beside that of all scorers of the policy."""
SMALL = 64
"""Requests up to which a batch that does not fit as a whole is solved as an integer program."""


@dataclass(frozen=True, slots=True)
class _Pick:
    what: str
    order: tuple[str, ...]
    how: str


PLANNED = _Pick("a planned graph", ("Priority", "UpwardRank", "Age"), "as planned by upward rank")
PLANNED_DEADLINES = _Pick(
    "a planned graph with a deadline", ("Priority", "LeastSlack", "UpwardRank", "Age"), "as planned by least slack"
)
ONE = _Pick("one pod", (), "greedy")
DEADLINES = _Pick("deadlines", ("Priority", "LeastSlack", "CriticalPath", "Age"), "greedy by least slack")
GANGS = _Pick("gangs", ("Priority", "Age", "CriticalPath"), "greedy, whole gangs only")
GRAPH = _Pick("a graph", ("Priority", "CriticalPath", "Age"), "greedy by critical path")
BATCH = _Pick("a batch", ("Priority", "Age"), "greedy, largest first")
BY_PLAN = (PLANNED, PLANNED_DEADLINES)
SHORTAGE = "an integer program, since greedy had no place for all"


@dataclass(frozen=True, slots=True)
class AutoPlanner(Planner):
    """The first rule that holds: a plan that matters; one request; a deadline; a gang; different critical paths; the rest.

    The policy's scorers decide where to; its order does not count. Where a batch of at most `SMALL` requests of one
    priority, without gangs, does not fit as greedy places it, an integer program is asked whether more of it can be placed.
    A plan matters where nodes are unequally fast for a task of the graph, or tasks hand bytes to each other; without any of
    that, tasks are placed as if there were none. Where it does, the earliest finish counts `FINISH` times as much as the
    policy's scorers together, see `Planned`.
    The cost is that of `Greedy`, and of `IntegerProgram` in that case. Every decision says what was picked.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.PLANS_IF_THEY_MATTER})
    minds_neighbours: ClassVar[bool] = True

    def __call__(self, requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
        """One decision per request."""
        pick = _pick(requests, context)
        strategy = replace(strategy, order=tuple(ORDERS[name] for name in pick.order))
        if pick in BY_PLAN:
            strategy = replace(strategy, scoring=_by_finish(strategy.scoring))
            return [_told(each, f"auto: {pick.what}, {pick.how}; ") for each in Planned()(requests, cluster, strategy, context)]
        decisions = Greedy()(requests, cluster, strategy, context)
        how = pick.how
        if pick is BATCH and _short(requests, decisions) and not _beside_others(requests, cluster):
            program: Planner = IntegerProgram(objective="Priority")
            found = program(requests, cluster, strategy, context)
            if _placed(found) > _placed(decisions):  # otherwise greedy's packing is the better of two that place as many
                decisions, how = found, SHORTAGE
        return [_told(each, f"auto: {pick.what}, {how}; ") for each in decisions]


def _pick(requests: Sequence[Request], context: Context) -> _Pick:
    if context.plans and any(matters(plan.situation) for plan in _plans(requests, context)):
        return PLANNED if all(each.deadline is None for each in requests) else PLANNED_DEADLINES
    if len(requests) == 1:
        return ONE
    if any(each.deadline is not None for each in requests):
        return DEADLINES
    if any(each.gang is not None for each in requests):
        return GANGS
    if len({each.critical_path for each in requests}) > 1:
        return GRAPH
    return BATCH


def _plans(requests: Sequence[Request], context: Context) -> list[Plan]:
    """Of the requests' graphs, each once."""
    found = (plan_of(each, context.plans) for each in requests)
    return list({id(each[0]): each[0] for each in found if each is not None}.values())


@cache
def _by_finish(scoring: Scoring) -> Scoring:
    weight = FINISH * sum(each.weight for each in scoring.scorers) or 1.0
    return Scoring((WeightedScorer("EarliestFinish", EarliestFinish(), weight), *scoring.scorers))


def _short(requests: Sequence[Request], decisions: Sequence[Decision]) -> bool:
    if len(requests) > SMALL or len({each.priority for each in requests}) > 1:
        return False
    hopeless = sum(each.reason is Reason.NO_SUCH_NODE for each in decisions)  # whatever else is placed where
    return 0 < _placed(decisions) < len(requests) - hopeless


def _beside_others(requests: Sequence[Request], cluster: Cluster) -> bool:
    """Other pods matter for one of them, of which an integer program knows nothing."""
    return any(cluster.neighbours.concern(each.neighbour) for each in requests)


def _placed(decisions: Sequence[Decision]) -> int:
    return sum(each.node is not None for each in decisions)


def _told(decision: Decision, what: str) -> Decision:
    """With what was picked before the words of a place; why there is none stays as it is."""
    if decision.node is None:
        return decision
    return replace(decision, message=(what + decision.message)[:255])
