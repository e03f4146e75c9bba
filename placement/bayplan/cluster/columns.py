"""What nodes have, in columns: one row per node, one column per resource, whole numbers throughout."""

from collections.abc import Hashable
from typing import TypeVar

import numpy as np

from bayplan.cluster.devices import DeviceColumns
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.constraints import Taint
from bayplan.model.resources import bounded
from bayplan.model.workload import NodeInfo

_Thing = TypeVar("_Thing", bound=Hashable)


class ClusterColumns:
    """The columns; rows first. A row whose node is gone stays, empty."""

    def __init__(self) -> None:
        self.names: list[str] = []
        """Per row, the node's name; empty in a row that is free."""
        self.taint_sets: list[tuple[Taint, ...]] = []
        """All different sets of taints that nodes have had; `taint_set` points into it."""
        self.node_classes: list[str] = []
        """All classes that nodes have had; `node_class` points into it."""
        self._resources: dict[str, int] = {}
        self._taint_set_of: dict[tuple[Taint, ...], int] = {}
        self._node_class_of: dict[str, int] = {}
        self._devices = DeviceColumns()
        self._allocatable = np.zeros((0, 0), np.int64)
        self._used = np.zeros((0, 0), np.int64)
        self._present = np.zeros(0, bool)
        self._ready = np.zeros(0, bool)
        self._cordoned = np.zeros(0, bool)
        self._taint_set = np.zeros(0, np.int64)
        self._node_class = np.zeros(0, np.int64)
        self._cost = np.zeros(0)
        self._name_rank: IntArray | None = None

    @property
    def rows(self) -> int:
        """Number of rows, free ones included."""
        return len(self.names)

    @property
    def resources(self) -> tuple[str, ...]:
        """The resources that have a column, in column order."""
        return tuple(self._resources)

    @property
    def allocatable(self) -> IntArray:
        """Shape (rows, resources)."""
        return self._allocatable[: len(self.names), : len(self._resources)]

    @property
    def used(self) -> IntArray:
        """Shape (rows, resources)."""
        return self._used[: len(self.names), : len(self._resources)]

    @property
    def present(self) -> BoolArray:
        """Per row: there is a node."""
        return self._present[: len(self.names)]

    @property
    def ready(self) -> BoolArray:
        """Per row: the node's Ready condition is True."""
        return self._ready[: len(self.names)]

    @property
    def cordoned(self) -> BoolArray:
        """Per row: marked unschedulable."""
        return self._cordoned[: len(self.names)]

    @property
    def taint_set(self) -> IntArray:
        """Per row: the number of the node's set of taints in `taint_sets`."""
        return self._taint_set[: len(self.names)]

    @property
    def node_class(self) -> IntArray:
        """Per row: the number of the node's class in `node_classes`."""
        return self._node_class[: len(self.names)]

    @property
    def cost(self) -> FloatArray:
        """Per row: the price of an hour."""
        return self._cost[: len(self.names)]

    @property
    def gpu_free(self) -> IntArray:
        """Shape (rows, slots): free thousandths of each GPU, 0 in slots beyond a node's GPUs."""
        return self._devices.free(len(self.names))

    @property
    def gpu_count(self) -> IntArray:
        """Per row: number of GPUs."""
        return self._devices.count(len(self.names))

    @property
    def gpu_model(self) -> IntArray:
        """Per row: the number of its GPUs' model in `gpu_models`."""
        return self._devices.model(len(self.names))

    @property
    def gpu_models(self) -> list[str]:
        """All models that nodes have had; the first is the empty one, for none or unknown."""
        return self._devices.models

    @property
    def gpu_memory(self) -> IntArray:
        """Per row: bytes of each GPU."""
        return self._devices.memory(len(self.names))

    @property
    def name_rank(self) -> IntArray:
        """Per row: the place of its name among all names in lexicographic order."""
        if self._name_rank is None:
            order = sorted(range(self.rows), key=self.names.__getitem__)
            self._name_rank = np.empty(self.rows, np.int64)
            self._name_rank[order] = np.arange(self.rows)
        return self._name_rank

    # Inside

    def _put(self, row: int, node: NodeInfo) -> None:
        """Of a node, all but its name, labels and GPUs. Its resources must have their columns."""
        amounts = {self._resources[resource]: bounded(amount) for resource, amount in node.allocatable.items()}
        self._allocatable[row] = 0
        self._allocatable[row, list(amounts)] = list(amounts.values())
        self._ready[row], self._cordoned[row] = node.ready, node.unschedulable
        self._taint_set[row] = _number(node.taints, self.taint_sets, self._taint_set_of)
        self._node_class[row] = _number(node.node_class, self.node_classes, self._node_class_of)
        self._cost[row] = node.cost

    def _clear(self, row: int) -> None:
        """There is no node any more."""
        self._allocatable[row] = 0
        self._used[row] = 0
        self._present[row] = self._ready[row] = self._cordoned[row] = False
        self._taint_set[row] = _number((), self.taint_sets, self._taint_set_of)
        self._node_class[row] = _number("", self.node_classes, self._node_class_of)
        self._cost[row] = 0.0
        self._devices.set(row, None)
        self.names[row] = ""
        self._name_rank = None

    def _grow(self, rows: int, columns: int) -> None:
        for name in ("_allocatable", "_used"):
            old = getattr(self, name)
            grown = np.zeros((rows, columns), np.int64)
            grown[: old.shape[0], : old.shape[1]] = old
            setattr(self, name, grown)
        for name in ("_present", "_ready", "_cordoned", "_taint_set", "_node_class", "_cost"):
            old = getattr(self, name)
            column = np.zeros(rows, old.dtype)
            column[: len(old)] = old
            setattr(self, name, column)


def _number(thing: _Thing, things: list[_Thing], numbers: dict[_Thing, int]) -> int:
    """The number of a thing among all that there have been."""
    number = numbers.setdefault(thing, len(things))
    if number == len(things):
        things.append(thing)
    return number
