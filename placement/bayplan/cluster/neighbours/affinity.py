"""Pod affinity and anti-affinity, as kube-scheduler counts them (plugin InterPodAffinity)."""

from collections.abc import Sequence

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.neighbours.domains import domains
from bayplan.cluster.neighbours.neighbourhood import REQUIRED, HeldAbout
from bayplan.model.arrays import BoolArray, FloatArray
from bayplan.model.neighbour import Neighbour


def without_partner(cluster: Cluster, pod: Neighbour) -> BoolArray:
    """Per row: a pod that its affinity requires is missing in the domain, or there is no such domain.

    A partner counts once its node has it: until then kube-scheduler does not see it. The first of pods that are to be together
    may go anywhere: its affinity selects itself, and no other such pod is there.
    """
    found = np.zeros(cluster.rows, bool)
    if not pod.affinity:
        return found
    matcher = tuple(term.pods for term in pod.affinity)
    counts = cluster.neighbours.counts(matcher)
    first = not counts.there.any() and cluster.neighbours.selects(matcher, pod)
    with_partner = counts.bound.nonzero()[0]
    for term in pod.affinity:
        there = domains(cluster, term.topology_key)
        found |= ~(there.of >= 0 if first else there.near(with_partner))
    return found


def kept_apart(cluster: Cluster, pod: Neighbour, held: Sequence[HeldAbout]) -> BoolArray:
    """Per row: in the domain is a pod from which its anti-affinity keeps it apart, or one that does not want it near.

    `held`: the terms about it of pods that are there.
    """
    found = np.zeros(cluster.rows, bool)
    for term in pod.anti_affinity:
        rows = cluster.neighbours.counts((term.pods,)).there.nonzero()[0]
        if len(rows):
            found |= domains(cluster, term.topology_key).near(rows)
    for (term, weight), rows, _ in held:
        if weight == REQUIRED:
            found |= domains(cluster, term.topology_key).near(rows)
    return found


def liking(cluster: Cluster, pod: Neighbour, held: Sequence[HeldAbout], rows: BoolArray) -> FloatArray:
    """Per row, from 0 to 1: how well it serves the preferred terms of the pod, and those of pods that are there about it
    (`held`), among the rows that are possible.

    kube-scheduler's formula: the sum of weight x pods in the domain, scaled to what the rows have at least and at most.
    """
    total = np.zeros(cluster.rows)
    for preferred in pod.preferred:
        counts = cluster.neighbours.counts((preferred.term.pods,)).there
        total += preferred.weight * domains(cluster, preferred.term.topology_key).sums(counts)
    for (term, weight), holders, numbers in held:
        if weight != REQUIRED:
            holding = np.zeros(cluster.rows, np.int64)
            holding[holders] = numbers
            total += weight * domains(cluster, term.topology_key).sums(holding)
    found = np.zeros(cluster.rows)
    if rows.any():
        least, most = total[rows].min(), total[rows].max()
        found[rows] = (total[rows] - least) / (most - least) if most > least else 0.0
    return found
