"""What strategies may know beside the cluster."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from bayplan.workload import RequestClass


@dataclass(frozen=True, slots=True)
class Context:
    """Immutable; the same context and cluster give the same decisions."""

    now: float = 0.0
    """Seconds since the epoch."""
    rejected: Mapping[RequestClass, frozenset[str]] = field(default_factory=dict)
    """Nodes that kube-scheduler refused for a class lately."""
    rng: np.random.Generator | None = None
    """Where strategies that draw lots take them from."""
