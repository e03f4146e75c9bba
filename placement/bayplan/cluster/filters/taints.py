"""Taints of effect NoSchedule and NoExecute must be tolerated.

PreferNoSchedule makes a node worse, not impossible: see the scorer of preferred affinity.
"""

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import BoolArray, IntArray
from bayplan.model.constraints import Taint, Toleration
from bayplan.model.reasons import Rejection

Taints = tuple[Taint, ...]
Tolerations = tuple[Toleration, ...]

_HARD = frozenset({"NoSchedule", "NoExecute"})
_CORDONED = "node.kubernetes.io/unschedulable"

# Kubernetes itself puts these on and takes them off again (documentation, "Taints and Tolerations");
# any other taint stays until a user or another program takes it off.
_PASSING = {
    "node.kubernetes.io/not-ready": Rejection.NOT_READY,
    "node.kubernetes.io/unreachable": Rejection.NOT_READY,
    _CORDONED: Rejection.UNSCHEDULABLE,
    "node.kubernetes.io/memory-pressure": Rejection.CONDITION_TAINT,
    "node.kubernetes.io/disk-pressure": Rejection.CONDITION_TAINT,
    "node.kubernetes.io/pid-pressure": Rejection.CONDITION_TAINT,
    "node.kubernetes.io/network-unavailable": Rejection.CONDITION_TAINT,
    "node.kubernetes.io/out-of-service": Rejection.CONDITION_TAINT,
    "node.cloudprovider.kubernetes.io/uninitialized": Rejection.CONDITION_TAINT,
    "node.cloudprovider.kubernetes.io/shutdown": Rejection.CONDITION_TAINT,
}


def untainted(cluster: Cluster, tolerations: Tolerations, kind: Rejection, rows: IntArray) -> BoolArray:
    """Per row given: no taint of this kind keeps the request away. Judges each set of taints once."""
    verdicts = [first_untolerated(these, tolerations, kind) is None for these in cluster.taint_sets]
    return np.array(verdicts, bool)[cluster.taint_set[rows]]


def first_untolerated(taints: Taints, tolerations: Tolerations, kind: Rejection) -> Taint | None:
    """The taint that keeps the request away with this kind of rejection."""
    for taint in taints:
        concerned = taint.effect in _HARD and _PASSING.get(taint.key, Rejection.TAINT) is kind
        if concerned and not _tolerated(taint, tolerations):
            return taint
    return None


def dislikes(taints: Taints, tolerations: Tolerations) -> bool:
    """Whether a PreferNoSchedule taint is not tolerated."""
    return any(taint.effect == "PreferNoSchedule" and not _tolerated(taint, tolerations) for taint in taints)


def tolerates_cordon(tolerations: Tolerations) -> bool:
    """Whether the request may go to cordoned nodes."""
    return _tolerated(Taint(_CORDONED), tolerations)


def _tolerated(taint: Taint, tolerations: Tolerations) -> bool:
    return any(toleration.tolerates(taint) for toleration in tolerations)
