"""What a graph's own units leave free counts once."""

from dataclasses import replace

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import room
from bayplan.foresight.graph_plans.situation import Situation


def beside_own(situation: Situation, cluster: Cluster) -> Situation:
    """Without slots where there is no room now, if units of the graph itself run on nodes that all could have afterwards.

    Where no node has room for a class, `slots` takes nodes for empty; those would stand beside the slots that the graph's
    own units will leave, and count twice. `cluster`: as it was for `slots`. O(classes of requests x nodes + slots).
    """
    nodes = situation.nodes
    own = np.unique(situation.place[situation.running])
    if not len(own):
        return situation
    rows = np.flatnonzero(cluster.present & cluster.ready & ~cluster.cordoned)
    roomy: set[str] = set()
    for asked in nodes.admits:
        roomy.update(cluster.names[row] for row in rows[room(cluster, cluster.demand(asked), rows)].tolist())
    kept = np.array([nodes.names[node] in roomy for node in nodes.slot_node.tolist()], bool)
    left = np.concatenate((nodes.node_class[nodes.slot_node[kept]], nodes.node_class[own]))
    if not all(admits[left].any() for admits in nodes.admits.values()):
        return situation
    return replace(situation, nodes=replace(nodes, slot_node=nodes.slot_node[kept], slot_free=nodes.slot_free[kept]))
