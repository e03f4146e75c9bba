"""Which nodes a strategy takes first: asked of the strategy itself, for callers that foresee what it will do."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.estimates import MOST_PLACES, Capacity
from bayplan.foresight.graph_plans import Situation, matters
from bayplan.model.arrays import IntArray
from bayplan.model.workload import Request, RequestClass
from bayplan.strategy.context import Context
from bayplan.strategy.protocols import Strategy

MOST = 128
"""Pods that are placed to find it out, at most."""


def follows_plan(strategy: Strategy, situation: Situation) -> bool:
    """Whether the strategy places the graph by a plan of it; graphs of one task have none."""
    by_plan = strategy.uses_plans and (not strategy.only_if_plans_matter or matters(situation))
    return by_plan and len(situation.graph.tasks) > 1


def capacity_for(strategy: Strategy, cluster: Cluster, situation: Situation, classes: Sequence[RequestClass]) -> Capacity:
    """What the nodes have for a graph that the strategy places, and which it takes first.

    `classes`: per task. The cost is that of `turns` and `Capacity.of_nodes`.
    """
    graph, nodes = situation.graph, situation.nodes
    asks = Counter(classes[task] for task in graph.unit_task[~(situation.done | situation.running)].tolist())
    first = None
    if asks and not follows_plan(strategy, situation) and graph.units * len(nodes.names) <= MOST_PLACES:
        first = turns(strategy, cluster, asks, nodes.number)
    return Capacity.of_nodes(cluster, situation, classes, first)


def turns(strategy: Strategy, cluster: Cluster, asks: Mapping[RequestClass, int], number: Mapping[str, int]) -> IntArray:
    """Shape (nodes, levels): when a node gets its next pod, counted in pods, by how many it has got before.

    As many pods alike as the graph has units, of the kind of which it has most, are placed by the strategy on the cluster as it
    stands, which is left as it was. `asks`: class to how many units; `number`: nodes by name. Nodes, or pods on a node, that
    were not reached come last, in the nodes' order. What was measured or learned does not count.
    The cost is that of the strategy's planner for at most 128 requests.
    """
    asked = max(asks, key=lambda each: asks[each])
    count = min(sum(asks.values()), MOST)
    requests = [Request(each, asked, critical_path=float(count - each)) for each in range(count)]  # one after the other
    taken: list[list[int]] = [[] for _ in number]
    context = Context(stop=lambda: True)  # the first answer does
    for turn, decision in enumerate(strategy.planner(requests, cluster, strategy, context)):
        if decision.node is not None and decision.node in number:
            taken[number[decision.node]].append(turn)
    levels = max(map(len, taken), default=0) + 1
    found = np.repeat(MOST + np.arange(len(taken))[:, None], levels, axis=1)
    for node, each in enumerate(taken):
        found[node, : len(each)] = each
    return found
