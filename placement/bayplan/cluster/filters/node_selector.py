"""nodeSelector: every label named must have the value named."""

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import BoolArray, IntArray
from bayplan.model.constraints import Requirement

Selector = tuple[tuple[str, str], ...]


def node_selector(cluster: Cluster, selector: Selector, rows: IntArray) -> BoolArray:
    """Per row given: its labels include the selector's."""
    fits = np.ones(len(rows), bool)
    for key, value in selector:
        fits &= cluster.labels.satisfies(Requirement(key, "In", (value,)), rows)
    return fits
