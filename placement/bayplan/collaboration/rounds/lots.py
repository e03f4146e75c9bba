"""Which units take part in a round, drawn by lot; those whose nodes are free are more likely to."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import Fit, Selector
from bayplan.collaboration.rounds.errors import RoundError
from bayplan.collaboration.rounds.sampling import sample_clients
from bayplan.lifecycle import Flow, Round
from bayplan.model.arrays import BoolArray
from bayplan.model.graph import Graph
from bayplan.model.workload import RequestClass


@dataclass(frozen=True, slots=True)
class RoundLots:
    """How many shards take part in each round. Raises `RoundError`."""

    clients: int
    """1 or more, and at most as many as the repeated tasks have shards."""
    floor: float
    """The least probability with which each does, above 0."""

    def __post_init__(self) -> None:
        """Check the figures."""
        if self.clients < 1:
            raise RoundError(f"clients is {self.clients}: it must be 1 or above")
        if not 0 < self.floor <= 1:
            raise RoundError(f"floor is {self.floor}: it must be above 0 and up to 1")


def drawn(graph: Graph, flow: Flow, lots: RoundLots, free: BoolArray, occasion: tuple[str, int]) -> Round:
    """The round with those that were drawn. O(units that are drawn among).

    `free`: per unit of `clients_of`, whether a node that it may use has room for it; `occasion`: the UID of the graph and the
    number of the round, from which the lots follow.
    """
    uid, number = occasion
    seed = int.from_bytes(blake2b(f"{uid}/{number}".encode(), digest_size=16).digest(), "big")
    found = sample_clients(free, lots.clients, lots.floor, np.random.default_rng(seed))
    part = set(found.drawn.tolist())
    left_out: set[int] = set()
    weights: dict[int, float] = {}
    for task in several_of(graph, flow):
        first = int(graph.unit_start[task])
        left_out.update(first + shard for shard in range(len(free)) if shard not in part)
        weights.update({first + shard: float(1 / found.probabilities[shard]) for shard in sorted(part)})
    return Round(number, frozenset(left_out), weights)


def several_of(graph: Graph, flow: Flow) -> list[int]:
    """The repeated tasks that have several shards, of which some may be left out: gangs are none."""
    repeated = [] if flow.repeated is None else flow.repeated.tasks.nonzero()[0].tolist()
    return [task for task in repeated if graph.tasks[task].shards > 1 and not flow.together(int(graph.unit_start[task]))]


def clients_of(graph: Graph, flow: Flow) -> range:
    """The units whose nodes are looked at: those of the first of these tasks."""
    first = several_of(graph, flow)[0]
    return range(int(graph.unit_start[first]), int(graph.unit_start[first]) + graph.tasks[first].shards)


def free_for(cluster: Cluster, asked: Iterable[RequestClass], selector: Selector) -> BoolArray:
    """Per request, whether a node that it may use has room for it now. Requests alike share the answer.

    `selector`: the policy's. O(requests + kinds of requests x nodes).
    """
    known: dict[RequestClass, bool] = {}
    found = []
    for each in asked:
        if each not in known:
            known[each] = _has_room(cluster, each, selector)
        found.append(known[each])
    return np.array(found, bool)


def _has_room(cluster: Cluster, asked: RequestClass, selector: Selector) -> bool:
    fit = Fit(asked, selector)
    fit.refresh(cluster)
    demand = cluster.demand(asked)
    if demand.impossible:
        return False
    rows = fit.rows.nonzero()[0]
    room = (cluster.allocatable[rows][:, demand.columns] - cluster.used[rows][:, demand.columns] >= demand.amounts).all(axis=1)
    return bool(room.any())
