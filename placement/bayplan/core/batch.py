"""A batch of requests of one strategy: the planner's answers, held to the cluster."""

from collections.abc import Sequence
from dataclasses import replace

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.neighbours.domains import domains
from bayplan.cluster.trial import Trial
from bayplan.core.budget import PlacingBudget, unlimited
from bayplan.core.by_policy import by_policy
from bayplan.core.engine import place
from bayplan.core.exhausting import exhausting
from bayplan.core.replay import Replay
from bayplan.model.decision import Decision
from bayplan.model.workload import Request
from bayplan.strategy.assigning.gangs import common, gangs_of
from bayplan.strategy.assigning.greedy import Greedy
from bayplan.strategy.assigning.one_by_one import in_order
from bayplan.strategy.context import Context
from bayplan.strategy.ordering.priority import priority
from bayplan.strategy.protocols import Strategy
from bayplan.strategy.wish import Wish


def in_groups(
    batch: list[Wish], cluster: Cluster, context: Context, trial: Trial, budget: PlacingBudget
) -> list[tuple[Wish, Decision]]:
    """Ask about a batch policy by policy, each beside what those before got."""
    found: list[tuple[Wish, Decision]] = []
    turn = context.turn
    for group in by_policy(batch):
        if turn != context.turn or budget is not unlimited:
            context = replace(context, turn=turn, stop=budget())
        decisions = answered(group, cluster, context, trial)
        turn += sum([each.node is not None for each in decisions])
        found += zip(group, decisions, strict=True)
    return found


def alone(wish: Wish, cluster: Cluster, context: Context, trial: Trial, last: bool) -> Decision:
    """The decision about one wish. Its place is taken on the trial, unless it is the `last`, beside which nothing is asked."""
    strategy, request = wish.strategy, wish.request
    near = request.gang is not None and request.gang.topology is not None
    if near and not strategy.planner.minds_neighbours:
        return answered((wish,), cluster, context, trial)[0]
    (decision,) = place((request,), cluster, strategy, context)
    if decision.node is None:
        return decision
    replay = Replay(cluster, strategy, context, trial)
    if not (near and scattered((request,), (decision,), cluster)) and (
        replay.holds(request, decision) if last else not replay.take(request, decision)
    ):
        return decision
    return answered((wish,), cluster, context, trial)[0]


def answered(batch: Sequence[Wish], cluster: Cluster, context: Context, trial: Trial) -> list[Decision]:
    """One decision per wish, in their order; places are taken on the trial. All wishes have one strategy.

    What the planner answers is replayed in line order. A request whose place does not hold is decided one by one, beside
    those that hold: of a gang, all requests are. So is a gang of which too few have a place, or which is not in one domain
    though it must be.
    """
    if not batch[0].strategy.planner.minds_neighbours and (concerned := _concerned(batch, cluster)):
        return _apart(batch, concerned, cluster, context, trial)
    strategy, requests = batch[0].strategy, [each.request for each in batch]
    decisions = place(requests, cluster, strategy, context)
    mark = trial.mark()
    failed = _replayed(range(len(requests)), requests, decisions, Replay(cluster, strategy, context, trial))
    if not failed and not incomplete(requests, decisions) and not scattered(requests, decisions, cluster):
        return decisions
    trial.undo(mark)
    order = in_order(requests, cluster, strategy, context).tolist()
    return _mended(order, requests, decisions, (strategy, context, cluster, trial))


def _concerned(batch: Sequence[Wish], cluster: Cluster) -> set[int]:
    """Numbers of the wishes for which pods nearby matter, or others of their gang by a topology, or a quota row that the batch
    could exhaust; of a gang, all of them."""
    found = {n for n, each in enumerate(batch) if _near(each.request, cluster)}
    found |= exhausting([each.request for each in batch], cluster)
    if found:
        for members in gangs_of([each.request for each in batch]).values():
            if not found.isdisjoint(members):
                found.update(members)
    return found


def _near(request: Request, cluster: Cluster) -> bool:
    gang = request.gang
    return (gang is not None and gang.topology is not None) or cluster.neighbours.concern(request.neighbour)


def _apart(batch: Sequence[Wish], concerned: set[int], cluster: Cluster, context: Context, trial: Trial) -> list[Decision]:
    """Where the planner knows nothing of pods nearby and of domains: those for which they matter go before the others of their
    priority, one by one. They have fewer places, which the planner would give to others unawares. Where the strategy's order
    leaves priority aside, that is before all others."""
    priorities = [each.request.priority if priority in each.strategy.order else 0 for each in batch]
    for members in gangs_of([each.request for each in batch]).values():
        highest = max(priorities[n] for n in members)
        for n in members:
            priorities[n] = highest
    parts: dict[tuple[int, bool], list[int]] = {}
    for number, each in enumerate(priorities):
        parts.setdefault((-each, number not in concerned), []).append(number)
    greedy = replace(batch[0].strategy, planner=Greedy())
    found: dict[int, Decision] = {}
    for (_, others), numbers in sorted(parts.items()):
        part = [batch[n] if others else replace(batch[n], strategy=greedy) for n in numbers]
        found.update(zip(numbers, answered(part, cluster, context, trial), strict=True))
    return [found[number] for number in range(len(batch))]


def incomplete(requests: Sequence[Request], decisions: Sequence[Decision]) -> set[int]:
    """Numbers of the requests of gangs of which some have a place, but too few: not all of the batch, nor the minimum."""
    found: set[int] = set()
    for members in gangs_of(requests).values():
        placed = sum(decisions[number].node is not None for number in members)
        if 0 < placed < common([requests[number] for number in members]).least(len(members)):
            found.update(members)
    return found


def scattered(requests: Sequence[Request], decisions: Sequence[Decision], cluster: Cluster) -> set[int]:
    """Numbers of the requests of gangs that must be in one domain, and are not: with each other, or with members that run."""
    found: set[int] = set()
    for members in gangs_of(requests).values():
        gang = common([requests[number] for number in members])
        if gang.topology is None or not gang.topology.required:
            continue
        of = domains(cluster, gang.topology.label).of
        nodes = {node for number in members if (node := decisions[number].node) is not None}
        rows = [cluster.row(node) for node in nodes]
        chosen = {-1 if row is None else int(of[row]) for row in rows}
        there = {int(of[row]) for node in gang.beside if (row := cluster.row(node)) is not None} - {-1}
        if chosen and (len(chosen) > 1 or -1 in chosen or (there and not chosen <= there)):
            found.update(members)
    return found


def _mended(
    order: Sequence[int],
    requests: Sequence[Request],
    decisions: Sequence[Decision],
    given: tuple[Strategy, Context, Cluster, Trial],
) -> list[Decision]:
    """What holds in line order stays; the rest is decided one by one, beside it."""
    strategy, context, cluster, trial = given
    mark = trial.mark()
    failed = {*_replayed(order, requests, decisions, Replay(cluster, strategy, context, trial))}
    failed |= incomplete(requests, decisions) | scattered(requests, decisions, cluster)
    trial.undo(mark)
    for members in gangs_of(requests).values():
        if not failed.isdisjoint(members):
            failed.update(members)
    replay = Replay(cluster, strategy, context, trial)
    _replayed([n for n in order if n not in failed], requests, decisions, replay)  # with less beside them, all of these hold
    again = [n for n in order if n in failed]
    one_by_one = replace(strategy, planner=Greedy())
    answers = dict(zip(again, place([requests[n] for n in again], cluster, one_by_one, context), strict=True))
    _replayed(again, requests, [answers.get(n, each) for n, each in enumerate(decisions)], replay)
    return [answers.get(n, each) for n, each in enumerate(decisions)]


def _replayed(order: Sequence[int], requests: Sequence[Request], decisions: Sequence[Decision], replay: Replay) -> list[int]:
    """Take the places in an order; the numbers of those that do not hold."""
    return [n for n in order if decisions[n].node is not None and replay.take(requests[n], decisions[n])]
