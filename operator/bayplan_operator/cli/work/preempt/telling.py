"""From what was decided to what is shown."""

import math
from collections.abc import Hashable, Iterable, Sequence
from typing import cast

from bayplan.admission.preemption.loss import since_checkpoint
from bayplan.admission.preemption.victim import Victim
from bayplan.model.stake import Stake
from bayplan_operator.cli.work.cluster_copy.copy import Copy
from bayplan_operator.cli.work.preempt.deciding import HeldFor, Made
from bayplan_operator.translate.own_pod import PodKey
from bayplan_operator.views.model.preemption import EvictedPod, EvictedUnit, PlannedStart, PreemptionPlan, Weighed

STARTS, EVICTS, WAITS = "Starts", "Evicts", "Waits"
_CHEAPER = "waiting is cheaper than evicting"
_NOTHING = "nothing may be evicted for it that would make room"


def told(copy: Copy, made: Made, without_ends: Made, now: float) -> PreemptionPlan:
    """``without_ends``: the same as if it were not known when anything ends by itself."""
    starts = []
    for ids in _units(copy, made):
        held = made.held.get(ids[0])
        if held is not None:
            starts.append(
                _start(copy, held.hold.request_ids, EVICTS, held.hold.nodes, _evicts(copy, held, now), _weighed(held, now))
            )
        elif all(each in made.placed for each in ids):
            nodes = tuple(made.placed[each].node or "" for each in ids)
            starts.append(_start(copy, ids, STARTS, nodes))
        else:
            instead = without_ends.held.get(ids[0])
            why = f"{made.waiting.get(ids[0], 'it waits')}; {_NOTHING if instead is None else _CHEAPER}"
            weighed = None if instead is None else _weighed(instead, now)
            starts.append(_start(copy, ids, WAITS, (), (), weighed, why))
    cut = ["there is more to decide than is looked at"] if made.cut_short else []
    return PreemptionPlan(tuple(starts), (*copy.unread, *copy.left_out, *copy.held_back, *cut))


def _units(copy: Copy, made: Made) -> Iterable[Sequence[Hashable]]:
    """Requests that get their places together: gangs, and those alike of a task that fare the same."""
    found: dict[object, list[Hashable]] = {}
    first = {id_: held.hold.request_ids[0] for held in made.held.values() for id_ in held.hold.request_ids}
    for id_, request in made.requests.items():
        gang = None if request.gang is None else request.gang.id
        fate = first.get(id_) or (id_ in made.placed, made.waiting.get(id_))
        found.setdefault((request.graph, request.task, gang, fate) if gang is None else gang, []).append(id_)
    return found.values()


def _start(
    copy: Copy,
    ids: Sequence[Hashable],
    verdict: str,
    nodes: tuple[str, ...],
    evicts: tuple[EvictedUnit, ...] = (),
    weighed: Weighed | None = None,
    why: str = "",
) -> PlannedStart:
    uid, unit = cast(tuple[str, int], ids[0])
    graph = copy.graphs[uid]
    assert graph.running is not None, "only what runs wants a place"
    library = graph.running.prepared.graph
    task = int(library.unit_task[unit])
    shards = tuple(cast(tuple[str, int], each)[1] - int(library.unit_start[task]) for each in ids)
    name = f"{graph.ref.namespace}/{graph.ref.name}"
    return PlannedStart(name, library.tasks[task].name, shards, verdict, nodes, evicts, weighed, why)


def _evicts(copy: Copy, held: HeldFor, now: float) -> tuple[EvictedUnit, ...]:
    uid, _ = cast(tuple[str, int], held.hold.request_ids[0])
    graph = copy.graphs[uid]
    assert graph.known.prepared is not None, "only what runs wants a place"
    spec = graph.known.prepared.spec
    names = list(copy.queues.tree.queues)
    found = []
    for victim, keys in zip(held.victims, held.keys, strict=True):
        queue = names[victim.queue]
        if queue == spec.queue_name:
            why = f"its priority {victim.priority} is below {spec.priority}"
        else:
            why = f"queue {queue} holds more than is guaranteed to it, and queue {spec.queue_name} takes back what is its own"
        pods = tuple(_pod(copy, cast(PodKey, key), queue, victim.grace) for key in keys)
        stakes = [stake for key in keys if (stake := _stake(copy, cast(PodKey, key))) is not None]
        work = max((since_checkpoint(*each, now) for each in stakes), default=math.inf)
        restart = max((stake.restart for stake, _ in stakes), default=0.0)
        known = work if math.isfinite(work) else None
        found.append(EvictedUnit(pods, victim.priority, why, victim.evictions, known, restart, victim.lost))
    return tuple(found)


def _pod(copy: Copy, key: PodKey, queue: str, grace: float) -> EvictedPod:
    own = copy.pods.own_pod(key)
    assert own is not None, "only pods of graphs are evicted"
    graph = copy.graphs[own.graph_uid].ref.name
    node = own.pod.spec.node_name
    return EvictedPod(key[0], key[1], graph, own.identity.task, own.identity.shard, node, queue, grace)


def _stake(copy: Copy, key: PodKey) -> tuple[Stake, float] | None:
    """And since when it has its place; 0: that is not known."""
    own = copy.pods.own_pod(key)
    place = None if own is None else copy.cluster.occupants(own.pod.spec.node_name).get(key)
    if place is None or place.tenant is None or place.tenant.stake is None:
        return None
    return place.tenant.stake, place.tenant.since or 0.0


def _weighed(held: HeldFor, now: float) -> Weighed:
    end = max(map(_end, held.victims), default=math.inf)
    evicting = sum(each.lost for each in held.victims)
    if not math.isfinite(end):
        return Weighed(evicting, None, None)
    grace = max(each.grace for each in held.victims)
    return Weighed(evicting, end - now, max(0.0, end - now - grace) * held.asked)


def _end(victim: Victim) -> float:
    return victim.end
