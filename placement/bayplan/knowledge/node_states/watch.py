"""What nodes do, seen from tick to tick, and how surely they hold out by it."""

from collections.abc import Callable, Mapping

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.hot import hot_thresholds
from bayplan.knowledge.load import HotNodes, LoadEstimate
from bayplan.knowledge.node_states.chain import NodeState, NodeStates
from bayplan.knowledge.node_states.survival import Survival
from bayplan.model.arrays import BoolArray, FloatArray, IntArray

_STATES = tuple(NodeState)
_IDLE, _BUSY, _HOT, _FAILING = map(_STATES.index, (NodeState.IDLE, NodeState.BUSY, NodeState.HOT, NodeState.FAILING))
_BUSY_SHARE, _HOT_SHARE = 0.5, 0.9
_INTERVAL, _RENEWAL = 1.0, 30.0
"""Seconds between two looks, at least, and between two tables for the scorer, whose kept scores each new one voids."""
_AFTER_FAILURE, _ANYWAY = 10.0, 600.0
"""Seconds between two records, at least, where a node has failed since, and where nothing but time has passed."""


class NodeWatch:
    """Counts how long nodes of each class were idle, busy, hot and failing, and how often they went from one to the other.

    A node counts as busy while half of its scarcest resource is requested, as hot while 0.9 of one is in use by what was
    measured, and as failing while it is not ready. What is answered is what was last `recorded`: a successor that
    takes the record over answers the same.
    """

    def __init__(self, cluster: Cluster, states: Mapping[str, NodeStates]) -> None:
        """`states`: what was seen before, per class."""
        self._cluster = cluster
        self._states = dict(states)
        self.recorded: Mapping[str, NodeStates] = _copied(self._states)
        """Per class; another mapping whenever it changes."""
        self.survival: Survival | None = Survival(self.recorded, {}) if states else None
        """None: nothing was seen yet."""
        self._doing: dict[str, int] = {}
        self._failed = self._missed = False
        self._seen_at = self._renewed_at = -np.inf
        self._recorded_at: float | None = None

    def step(self, now: float, load: Callable[[], LoadEstimate | None] = lambda: None) -> None:
        """Look, unless it was a moment ago; ``load``: how busy nodes are, if that is known. O(nodes)."""
        passed = now - self._seen_at
        self._missed = 0 <= passed < _INTERVAL
        if self._missed:
            return
        self._seen_at = now
        before, self._doing = self._doing, self._look(load())
        if np.isfinite(passed) and passed > 0:
            self._count(before, passed)
        renewed = self._record(now)
        if renewed or now - self._renewed_at >= _RENEWAL or now < self._renewed_at:
            self._renewed_at = now
            doing = {name: _STATES[state] for name, state in self._doing.items() if state != _IDLE}
            self.survival = Survival(self.recorded, doing)

    def next_time(self) -> float | None:
        """When `step` next has something to do although nothing happens."""
        if self._missed:
            return self._seen_at + _INTERVAL
        return self._recorded_at + _AFTER_FAILURE if self._failed and self._recorded_at is not None else None

    def _record(self, now: float) -> bool:
        """Let what was seen count, if it is time; answers whether it does now. O(classes)."""
        if self._recorded_at is None or now < self._recorded_at:
            self._recorded_at = now
        passed = now - self._recorded_at
        if passed < (_AFTER_FAILURE if self._failed else _ANYWAY):
            return False
        self.recorded, self._recorded_at, self._failed = _copied(self._states), now, False
        return True

    def _look(self, load: LoadEstimate | None) -> dict[str, int]:
        cluster = self._cluster
        working = np.where(_hot(cluster, load), _HOT, np.where(_share(cluster) >= _BUSY_SHARE, _BUSY, _IDLE))
        state = np.where(cluster.ready, working, _FAILING)
        return {name: number for name, number in zip(cluster.names, state.tolist(), strict=True) if name}

    def _count(self, before: dict[str, int], seconds: float) -> None:
        cluster = self._cluster
        classes: IntArray = cluster.node_class
        stayed: dict[tuple[str, int], int] = {}
        for name, state in before.items():
            row = cluster.row(name)
            if row is None:
                continue  # gone: how long it lasted is not known
            node_class, then = cluster.node_classes[classes[row]], self._doing[name]
            if then == state:
                stayed[node_class, state] = stayed.get((node_class, state), 0) + 1
            else:
                self._of(node_class).observe(_STATES[state], seconds, _STATES[then])
                self._failed |= then == _FAILING
        for (node_class, state), nodes in stayed.items():
            self._of(node_class).observe(_STATES[state], seconds * nodes)

    def _of(self, node_class: str) -> NodeStates:
        return self._states.setdefault(node_class, NodeStates())


def _copied(states: Mapping[str, NodeStates]) -> dict[str, NodeStates]:
    return {name: NodeStates.from_plain(each.as_plain()) for name, each in states.items()}


def _share(cluster: Cluster) -> FloatArray:
    """Per row, the used share of the scarcest resource."""
    used, there = cluster.used, cluster.allocatable
    if not used.size:
        return np.zeros(len(cluster.names))
    return np.asarray(np.divide(used, there, out=np.zeros(used.shape), where=there > 0).max(axis=1))


def _hot(cluster: Cluster, load: LoadEstimate | None) -> BoolArray:
    if load is None:
        return np.zeros(len(cluster.names), bool)
    thresholds = hot_thresholds(dict.fromkeys(load.resources, _HOT_SHARE))
    return HotNodes(load, thresholds).rows(cluster, np.arange(len(cluster.names)))
