"""Required node affinity: at least one of the terms matches."""

import numpy as np

from bayplan.cluster import BoolArray, Cluster
from bayplan.constraints import Term


def node_affinity(cluster: Cluster, required: tuple[Term, ...]) -> BoolArray:
    """Rows that match any term; all rows where there are no terms."""
    if not required:
        return np.ones(cluster.rows, bool)
    fits = np.zeros(cluster.rows, bool)
    for term in required:
        fits |= cluster.labels.matches(term)
    return fits
