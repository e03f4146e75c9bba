"""The decider on a copy of a cluster: what would start, and what would be evicted for it."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from bayplan.admission.preemption.victim import Victim, Victims, part_of
from bayplan.core.decider import Decider
from bayplan.model.decision import Decision, Hold
from bayplan.model.gpu import GpuUse
from bayplan.model.occupant import Tenant
from bayplan.model.workload import Request
from bayplan_operator.cli.work.cluster_copy.copy import Copy
from bayplan_operator.conductor.placing.wishes import Wishes

_MOST = 1000
"""Decisions, each of which plans at most once per queue."""
_SOON = 1.0
"""Seconds after which the next decision counts as one of the same instant."""


@dataclass(slots=True)
class Made:
    """What was decided, by ids of requests."""

    requests: dict[Hashable, Request] = field(default_factory=dict)
    """Of the graphs of the files, those that could start now."""
    placed: dict[Hashable, Decision] = field(default_factory=dict)
    held: dict[Hashable, "HeldFor"] = field(default_factory=dict)
    """By the first request of each unit."""
    waiting: dict[Hashable, str] = field(default_factory=dict)
    cut_short: bool = False
    """There would have been more to decide."""


@dataclass(frozen=True, slots=True)
class HeldFor:
    """A hold, and what was weighed when it began."""

    hold: Hold
    victims: tuple[Victim, ...]
    """In the order in which the decider prefers them."""
    keys: tuple[tuple[Hashable, ...], ...]
    """Per victim, the pods."""
    asked: float
    """The part of the cluster that is asked for."""


def decided(copy: Copy, now: float) -> Made:
    """All that would be decided now, one decision after the other."""
    decider, made = Decider(copy.cluster), Made()
    queueing, changes = copy.queueing(), Wishes().changes(copy.graphs.values())
    decider.update(queueing)
    decider.update(changes)
    asked = {each.request.id: each.request for each in (*queueing.wanted, *changes.wanted)}
    mine = set(copy.mine)
    made.requests = {id_: each for id_, each in asked.items() if each.graph in mine}
    at = now
    for _ in range(_MOST):
        outcome = decider.decide(at)
        decider.whole.charged()  # that it is charged needs no record here
        for hold in outcome.holds:
            if hold.request_ids[0] in made.requests:
                made.held[hold.request_ids[0]] = _held(copy, decider, hold, made, now)
        for each in outcome.waiting:
            if each.request_id in made.requests:
                made.waiting[each.request_id] = each.message
        for each in outcome.placements:
            _occupy(copy, asked[each.request_id], each)
            if each.request_id in made.requests:
                made.placed[each.request_id] = each
        if not (outcome.placements or outcome.holds):
            return made
        at = max(at, decider.again_at if decider.again_at <= at + _SOON else at)
    made.cut_short = True
    return made


def _occupy(copy: Copy, request: Request, decision: Decision) -> None:
    asked = request.request_class
    gpus = None if asked.gpus is None else GpuUse(asked.gpus, decision.gpus)
    tenant = Tenant(request.graph, namespace=request.namespace, queue=request.queue, neighbour=request.neighbour, bound=False)
    copy.cluster.occupy(("planned", request.id), decision.node or "", dict(asked.resources), gpus, tenant)


def _held(copy: Copy, decider: Decider, hold: Hold, made: Made, now: float) -> HeldFor:
    running = decider.promises.running
    rules = [each.preemption for each in copy.queues.tree.queues.values()]
    victims = Victims(copy.cluster, running, rules, now)
    unit = [made.requests[each] for each in hold.request_ids]
    slots = [slot for key in hold.victims if (slot := running.slot(key)) >= 0]
    found = sorted(
        victims.of(slots, max(each.duration for each in unit)), key=lambda each: (not each.spare, each.priority, each.lost)
    )
    sums: dict[str, int] = {}
    for name, amount in _asks(unit):
        sums[name] = sums.get(name, 0) + amount
    keys = tuple(tuple(running.keys[slot] for slot in each.slots) for each in found)
    return HeldFor(hold, tuple(found), keys, part_of(tuple(sums.items()), victims.totals))


def _asks(unit: list[Request]) -> Iterator[tuple[str, int]]:
    for each in unit:
        yield from each.request_class.resources
