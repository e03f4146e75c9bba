"""What is seen of a graph's attempts: its pods, those being created, and those that could not be."""

from collections.abc import Sequence

from bayplan.lifecycle import Attempt, Observations, Refusal
from bayplan_operator.conductor.graph_run import Running
from bayplan_operator.translate.attempt import attempt, pending_attempt
from bayplan_operator.translate.own_pod import Identity, PodKey
from bayplan_operator.view import NodeStore, PodStore


def observe(
    running: Running,
    graph_uid: str,
    pods: PodStore,
    nodes: NodeStore,
    lost_nodes: frozenset[str],
    refusals: Sequence[Refusal],
) -> Observations:
    """Everything the state machine may know now. Pods that are no attempt of any task become ``running.strays``."""
    known = running.attempts
    attempts: list[Attempt] = []
    fresh: dict[PodKey, tuple[int, Attempt]] = {}
    strays: list[PodKey] = []
    for own in pods.own(graph_uid):
        cached = known.get(own.key)
        if cached is None or cached[0] != own.version:
            unit = unit_of(running, own.identity)
            if unit is None:
                strays.append(own.key)
                continue
            cached = (own.version, attempt(own, unit))
        fresh[own.key] = cached
        attempts.append(cached[1])
    running.attempts, running.strays = fresh, strays
    attempts += [pending for pending in _pending(running, graph_uid, pods) if pending.key not in fresh]
    absent = {a.node for a in attempts if a.bound and not nodes.known(a.node)}
    return Observations(attempts, refusals, lost_nodes | absent if absent else lost_nodes)


def unit_of(running: Running, identity: Identity) -> int | None:
    """The unit that a pod says it is; ``None`` if there is no such one."""
    graph = running.prepared.graph
    task = graph.index.get(identity.task)
    if task is None or not 0 <= identity.shard < graph.tasks[task].shards or identity.incarnation < 1:
        return None
    return int(graph.unit_start[task]) + identity.shard


def _pending(running: Running, graph_uid: str, pods: PodStore) -> list[Attempt]:
    found = []
    for key, pending in pods.pending(graph_uid):
        unit = unit_of(running, pending.identity)
        if unit is not None:
            found.append(pending_attempt(key, pending, unit))
    return found
