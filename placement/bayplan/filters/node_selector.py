"""nodeSelector: every label named must have the value named."""

import numpy as np

from bayplan.cluster import BoolArray, Cluster
from bayplan.constraints import Requirement


def node_selector(cluster: Cluster, selector: tuple[tuple[str, str], ...]) -> BoolArray:
    """Rows whose labels include the selector's."""
    fits = np.ones(cluster.rows, bool)
    for key, value in selector:
        fits &= cluster.labels.satisfies(Requirement(key, "In", (value,)))
    return fits
