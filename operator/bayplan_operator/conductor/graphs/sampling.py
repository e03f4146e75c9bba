"""Which shards take part in a round, drawn by lot; those whose nodes are free are more likely to."""

from hashlib import blake2b

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import Fit, Selector
from bayplan.collaboration.rounds import sample_clients
from bayplan.lifecycle import Round
from bayplan.model.arrays import BoolArray
from bayplan.model.workload import RequestClass
from bayplan_operator.api.v1alpha1 import Sampling
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running


def drawn(graph: GraphRun, running: Running, cluster: Cluster, sampling: Sampling, number: int) -> Round:
    """The round with those that were drawn. The lots follow from the graph and the round. O(shards x nodes)."""
    tasks = several_of(running)
    library = running.prepared.graph
    start, count = int(library.unit_start[tasks[0]]), library.tasks[tasks[0]].shards
    selector = () if graph.known.policy is None else graph.known.policy.strategy.node_selector
    free = _free(running, cluster, selector, range(start, start + count))
    seed = int.from_bytes(blake2b(f"{graph.ref.uid}/{number}".encode(), digest_size=16).digest(), "big")
    found = sample_clients(free, sampling.clients, sampling.floor, np.random.default_rng(seed))
    part = set(found.drawn.tolist())
    left_out: set[int] = set()
    weights: dict[int, float] = {}
    for task in tasks:
        first = int(library.unit_start[task])
        left_out.update(first + shard for shard in range(count) if shard not in part)
        weights.update({first + shard: float(1 / found.probabilities[shard]) for shard in sorted(part)})
    return Round(number, frozenset(left_out), weights)


def several_of(running: Running) -> list[int]:
    """The repeated tasks that have several shards, of which some may be left out: gangs are none."""
    flow, graph = running.prepared.relations.flow, running.prepared.graph
    assert flow is not None
    assert flow.repeated is not None
    repeated = flow.repeated.tasks.nonzero()[0].tolist()
    return [task for task in repeated if graph.tasks[task].shards > 1 and not flow.together(int(graph.unit_start[task]))]


def _free(running: Running, cluster: Cluster, selector: Selector, units: range) -> BoolArray:
    """Per unit, whether a node that it may use has room for it now. Units that ask for the same share the answer."""
    known: dict[RequestClass, bool] = {}
    found = np.zeros(len(units), bool)
    for place, unit in enumerate(units):
        asked = running.prepared.request_class(unit)
        if asked not in known:
            known[asked] = _has_room(cluster, asked, selector)
        found[place] = known[asked]
    return found


def _has_room(cluster: Cluster, asked: RequestClass, selector: Selector) -> bool:
    fit = Fit(asked, selector)
    fit.refresh(cluster)
    demand = cluster.demand(asked)
    if demand.impossible:
        return False
    rows = fit.rows.nonzero()[0]
    room = (cluster.allocatable[rows][:, demand.columns] - cluster.used[rows][:, demand.columns] >= demand.amounts).all(axis=1)
    return bool(room.any())
