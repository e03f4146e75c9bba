"""Taints of effect NoSchedule and NoExecute must be tolerated; PreferNoSchedule makes a node worse, not impossible."""

import numpy as np

from bayplan.cluster import BoolArray, Cluster
from bayplan.constraints import Taint, Toleration

_HARD = ("NoSchedule", "NoExecute")
# Kubernetes sets these itself, for states that have a filter and words of their own.
CORDONED = "node.kubernetes.io/unschedulable"
AWAY = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def taints(cluster: Cluster, tolerations: tuple[Toleration, ...]) -> BoolArray:
    """Rows without a taint that is not tolerated; each distinct set of taints is looked at once."""
    verdicts: dict[tuple[Taint, ...], bool] = {}
    for these in cluster.taints:
        if these not in verdicts:
            verdicts[these] = first_untolerated(these, tolerations) is None
    return np.fromiter((verdicts[these] for these in cluster.taints), bool, cluster.rows)


def first_untolerated(these: tuple[Taint, ...], tolerations: tuple[Toleration, ...]) -> Taint | None:
    """The taint that keeps the request away."""
    for taint in these:
        told_otherwise = taint.key == CORDONED or taint.key in AWAY
        if taint.effect in _HARD and not told_otherwise and not any(t.tolerates(taint) for t in tolerations):
            return taint
    return None


def tolerates_cordon(tolerations: tuple[Toleration, ...]) -> bool:
    """Whether the request may go to cordoned nodes."""
    return any(t.tolerates(Taint(CORDONED)) for t in tolerations)
