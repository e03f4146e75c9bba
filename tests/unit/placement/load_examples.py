"""Short ways to write readings in tests."""

from collections.abc import Mapping

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.load import LoadEstimate, LoadModel, LoadTracker, Reading


def reading(at: float, shares: Mapping[str, Mapping[str, float]], variance: float | None = None) -> Reading:
    """From node to resource to share; what is not there is NaN."""
    resources = tuple(dict.fromkeys(name for each in shares.values() for name in each))
    values = np.array([[each.get(name, np.nan) for name in resources] for each in shares.values()])
    values = values.reshape(len(shares), len(resources))
    more = {} if variance is None else {"variance": np.where(np.isnan(values), np.nan, variance)}
    return Reading(tuple(shares), resources, values, at, **more)


def measured(on: Cluster, shares: Mapping[str, Mapping[str, float]], variance: float | None = None) -> LoadEstimate:
    """The estimate after one reading, taken just now, of a cluster on which all requests have been there for long."""
    tracker = LoadTracker()
    tracker.follow(on, 0.0)
    tracker.take(reading(0.0, shares, variance), on, 0.0)
    found = tracker.estimate(on, 0.0)
    assert found is not None
    return found


def share(tracker: LoadTracker, on: Cluster, now: float, node: str = "a", resource: str = "cpu") -> float | None:
    """Estimated of one node; None: there is no estimate."""
    found, row = tracker.estimate(on, now), on.row(node)
    if found is None or row is None:
        return None
    return float(found.of(on, np.array([row]))[0, found.resources.index(resource)])


SLOW = LoadModel(rate=0.1, fresh=50.0, stale=150.0)
