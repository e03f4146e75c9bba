"""A copy of the cluster for another thread."""

import copy
from typing import TypeVar

import numpy as np

from bayplan.cluster.changes import ChangeLog
from bayplan.cluster.cluster import MEMO_LIMIT, Cluster
from bayplan.cluster.memo import Memo
from bayplan.cluster.neighbours import Neighbourhood

_Thing = TypeVar("_Thing")


def snapshot(cluster: Cluster) -> Cluster:
    """The cluster as it is now, which nothing that happens to the original changes.

    To be looked at, also through filters; nothing can be set or occupied in it. O(nodes x (resources + GPUs)).
    """
    made = _one_level(cluster)
    made.labels, made._devices = _one_level(cluster.labels), _one_level(cluster._devices)
    made.labels._columns = {}  # made again for the labels that are asked about, since they grow by being asked
    made._node_of, made._occupants = {}, {}
    made.changes, made.freed, made.static_changes = ChangeLog(), ChangeLog(), ChangeLog()
    made.neighbours = Neighbourhood(made)
    made.memo, made.static_memo = Memo(MEMO_LIMIT), Memo(MEMO_LIMIT)
    return made


def _one_level(thing: _Thing) -> _Thing:
    """A copy whose arrays, lists and dictionaries are its own; what is in the latter two is never changed in place."""
    made = copy.copy(thing)
    for name, value in vars(thing).items():
        if isinstance(value, np.ndarray | list | dict):
            setattr(made, name, value.copy())
    return made
