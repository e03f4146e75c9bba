"""Required node affinity: at least one of the terms matches."""

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import BoolArray, IntArray
from bayplan.model.constraints import Term


def node_affinity(cluster: Cluster, required: tuple[Term, ...], rows: IntArray) -> BoolArray:
    """Per row given: it matches any of the terms, or there are no terms."""
    if not required:
        return np.ones(len(rows), bool)
    fits = np.zeros(len(rows), bool)
    for term in required:
        fits |= cluster.labels.matches(term, rows)
    return fits
