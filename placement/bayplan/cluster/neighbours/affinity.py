"""Pod affinity and anti-affinity, as kube-scheduler counts them (plugin InterPodAffinity)."""

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.neighbours.domains import anywhere_near, domains
from bayplan.cluster.neighbours.neighbourhood import REQUIRED
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
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
        near = domains(cluster, term.topology_key) >= 0 if first else anywhere_near(cluster, term.topology_key, with_partner)
        found |= ~near
    return found


def kept_apart(cluster: Cluster, pod: Neighbour) -> BoolArray:
    """Per row: in the domain is a pod from which its anti-affinity keeps it apart, or one that does not want it near."""
    found = np.zeros(cluster.rows, bool)
    for term in pod.anti_affinity:
        rows = cluster.neighbours.counts((term.pods,)).there.nonzero()[0]
        if len(rows):
            found |= anywhere_near(cluster, term.topology_key, rows)
    for (term, weight), rows, _ in cluster.neighbours.held(pod):
        if weight == REQUIRED:
            found |= anywhere_near(cluster, term.topology_key, rows)
    return found


def liking(cluster: Cluster, pod: Neighbour, rows: BoolArray) -> FloatArray | None:
    """Per row, from 0 to 1: how well it serves the preferred terms of the pod, and those of pods that are there about it,
    among the rows that are possible; `None`: there are none.

    kube-scheduler's formula: the sum of weight x pods in the domain, scaled to what the rows have at least and at most.
    """
    total = np.zeros(cluster.rows)
    terms = 0
    for preferred in pod.preferred:
        counts = cluster.neighbours.counts((preferred.term.pods,)).there
        total += preferred.weight * _near(cluster, preferred.term.topology_key, counts)
        terms += 1
    for (term, weight), holders, numbers in cluster.neighbours.held(pod):
        if weight != REQUIRED:
            held = np.zeros(cluster.rows, np.int64)
            held[holders] = numbers
            total += weight * _near(cluster, term.topology_key, held)
            terms += 1
    if not terms:
        return None
    found = np.zeros(cluster.rows)
    if rows.any():
        least, most = total[rows].min(), total[rows].max()
        found[rows] = (total[rows] - least) / (most - least) if most > least else 0.0
    return found


def _near(cluster: Cluster, key: str, counts: IntArray) -> IntArray:
    """Per row, the sum of the counts in its domain; 0 where it has none."""
    domain = domains(cluster, key)
    sums = np.bincount(domain + 1, weights=counts).astype(np.int64)
    sums[0] = 0
    return sums[domain + 1]
