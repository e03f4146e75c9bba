"""What is seen of a graph's attempts: its pods, those being created, and those that could not be."""

from collections.abc import Iterable, Sequence

from bayplan.lifecycle import Attempt, News, Refusal
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.translate.attempt import attempt, pending_attempt
from bayplan_operator.translate.own_pod import PodKey, unit_of
from bayplan_operator.view import NodeStore, PodStore


def observe(
    running: Running, graph_uid: str, pods: PodStore, nodes: NodeStore, lost_nodes: frozenset[str], refusals: Sequence[Refusal]
) -> News:
    """What is seen otherwise than before, by ``running.seen``; all there is where the lifecycle is new. O(changed pods).

    Pods that are no attempt of any task become ``running.seen.strays``; nodes that are not there any more count as lost.
    """
    keys: Iterable[PodKey]
    if running.seen.changed is None:
        keys, running.seen.absent = pods.keys(graph_uid), None
        running.seen.strays.clear()
    else:
        keys = running.seen.changed
    running.seen.changed = {}
    attempts, gone = [], []
    for key in keys:
        found = _attempt(running, graph_uid, pods, key)
        if found is None:
            gone.append(key)
        else:
            attempts.append(found)
    absent = _absent(running, nodes, attempts)
    return News(attempts, gone, refusals, lost_nodes | absent if absent else lost_nodes)


def _attempt(running: Running, graph_uid: str, pods: PodStore, key: PodKey) -> Attempt | None:
    running.seen.strays.pop(key, None)
    own = pods.own_pod(key)
    if own is not None and own.graph_uid == graph_uid:
        unit = unit_of(running.prepared.graph, own.identity)
        if unit is None:
            running.seen.strays[key] = None
            return None
        needed = running.prepared.relations.needed.get(int(running.prepared.graph.unit_task[unit]), {})
        return attempt(own, unit, needed)
    pending = pods.pending(graph_uid, key)
    unit = None if pending is None else unit_of(running.prepared.graph, pending.identity)
    return None if pending is None or unit is None else pending_attempt(key, pending, unit)


def _absent(running: Running, nodes: NodeStore, attempts: Sequence[Attempt]) -> frozenset[str]:
    """Nodes that had attempts and are not there any more. O(changed attempts), unless nodes have come or gone."""
    if running.seen.absent is None or running.seen.absent[0] != nodes.turn:
        missing = {node for node in running.lifecycle.nodes if not nodes.known(node)}
    else:
        missing = set(running.seen.absent[1])
    missing.update(each.node for each in attempts if each.bound and not nodes.known(each.node))
    running.seen.absent = nodes.turn, frozenset(missing)
    return running.seen.absent[1]
