"""Room that an operator before this one held: from the record of a graph to what the decider is told."""

from collections.abc import Mapping

from bayplan.admission.preemption.state import InVain, PreemptionState
from bayplan.cluster.cluster import Cluster
from bayplan.model.decision import Hold
from bayplan_operator.conductor.placing.wishes import Wishes
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.holds import HeldRoom
from bayplan_operator.translate.hold_record import HeldUnits, node_said, victim_hash
from bayplan_operator.translate.own_pod import PodKey
from bayplan_operator.view import PodStore

_MESSAGE = "pods are being evicted for it, and their room is kept"


class FoundHolds:
    """Takes what is recorded, once the decider knows of all its shards that want a place."""

    def __init__(self, cluster: Cluster, pods: PodStore, wishes: Wishes) -> None:
        self._cluster, self._pods, self._wishes = cluster, pods, wishes

    def take(self, graph: GraphRun, now: float) -> PreemptionState | None:
        """What the decider does not know yet; `None`: nothing, or not before it knows all its requests.

        O(pods of ours + nodes) where there is something.
        """
        running = graph.running
        if running is None or not (running.holds.found or running.holds.found_vain):
            return None
        if not graph.startable or graph.known.queue_stop is not None:
            return None
        wanted, holds, uid = set(running.wants.start), running.holds, graph.ref.uid
        units = {unit for each in holds.found for unit in each.units} | {each.unit for each in holds.found_vain}
        told = self._wishes.told(uid)
        if any((uid, unit) not in told for unit in units & wanted):
            return None  # such as a gang whose pods could not find each other yet
        pods, nodes = self._by_hash()
        found = []
        for each in holds.found:
            hold = _restored(uid, each, wanted, pods, nodes) if each.until > now else None
            if hold is not None:
                found.append(hold)
        vain = tuple(InVain((uid, each.unit), each.times, each.again_at) for each in holds.found_vain if each.unit in wanted)
        holds.take_found()
        for hold in found:
            holds.add(HeldRoom(hold, recorded=True))
        return PreemptionState(tuple(found), vain)

    def _by_hash(self) -> tuple[dict[str, PodKey], dict[str, str]]:
        """The pods that there are, and the nodes as a record has them."""
        pods = {victim_hash(own.key): own.key for uid in self._pods.graphs_with_pods() for own in self._pods.own(uid)}
        return pods, {node_said(name): name for name in self._cluster.names if name}


def _restored(uid: str, each: HeldUnits, wanted: set[int], pods: Mapping[str, PodKey], nodes: Mapping[str, str]) -> Hold | None:
    """Of the units that still want a place, on nodes that are there."""
    rows = [row for row in zip(each.units, each.nodes, each.gpus, strict=True) if row[0] in wanted and row[1] in nodes]
    if not rows:
        return None
    victims = tuple(pods[victim] for victim in each.victims if victim in pods)
    ids, places, gpus = (
        tuple((uid, row[0]) for row in rows),
        tuple(nodes[row[1]] for row in rows),
        tuple(row[2] for row in rows),
    )
    return Hold(ids, places, gpus, victims, each.until, _MESSAGE)
