"""The cluster in columns: one row per node, one column per resource, whole numbers throughout."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayplan.constraints import Taint
from bayplan.labels import LabelColumns
from bayplan.workload import NodeInfo, RequestClass

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_LOG_LIMIT = 65_536
_MEMO_LIMIT = 4_096


class Cluster:
    """Nodes, and what is used of them.

    Rows of removed nodes stay, marked absent, and are used again. Every change of a row's usage is noted in a log, so that
    whatever is derived per row can be brought up to date for the changed rows only.
    """

    def __init__(self) -> None:
        self.version = 0
        """Changes whenever a decision could."""
        self.static_version = 0
        """Changes whenever a node comes, goes, or changes in anything but usage."""
        self.names: list[str] = []
        """Per row, the node's name; empty in a row that is free."""
        self.taints: list[tuple[Taint, ...]] = []
        self.labels = LabelColumns()
        self._nodes: dict[str, NodeInfo] = {}
        self._rows: dict[str, int] = {}
        self._free_rows: list[int] = []
        self._resources: dict[str, int] = {}
        self._allocatable = np.zeros((0, 0), np.int64)
        self._used = np.zeros((0, 0), np.int64)
        self._ready = np.zeros(0, bool)
        self._cordoned = np.zeros(0, bool)
        self._occupants: dict[Hashable, tuple[str, Mapping[str, int]]] = {}
        self._homeless: dict[str, dict[Hashable, Mapping[str, int]]] = {}
        self._log: list[int] = []
        self._log_start = 0
        self._memo: dict[Hashable, Any] = {}
        self._name_rank: tuple[int, IntArray] = (-1, np.zeros(0, np.int64))

    # Columns; rows first

    def __len__(self) -> int:
        """Number of nodes."""
        return len(self._rows)

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
        return self._allocatable[: self.rows]

    @property
    def used(self) -> IntArray:
        """Shape (rows, resources)."""
        return self._used[: self.rows]

    @property
    def present(self) -> BoolArray:
        """Per row: there is a node."""
        return np.fromiter(map(bool, self.names), bool, self.rows)

    @property
    def ready(self) -> BoolArray:
        """Per row: the node's Ready condition is True."""
        return self._ready[: self.rows]

    @property
    def cordoned(self) -> BoolArray:
        """Per row: marked unschedulable."""
        return self._cordoned[: self.rows]

    @property
    def name_rank(self) -> IntArray:
        """Per row: the place of its name among all names in lexicographic order."""
        if self._name_rank[0] != self.static_version:
            order = sorted(range(self.rows), key=self.names.__getitem__)
            rank = np.empty(self.rows, np.int64)
            rank[order] = np.arange(self.rows)
            self._name_rank = (self.static_version, rank)
        return self._name_rank[1]

    def row(self, name: str) -> int:
        """The row of a node. Raises `KeyError`."""
        return self._rows[name]

    def demand(self, request_class: RequestClass) -> tuple[IntArray, IntArray]:
        """Columns and amounts of what a class asks for; what it asks nothing of is left out, as Kubernetes does."""
        asked = [(self._column(name), amount) for name, amount in request_class.resources if amount > 0]
        return np.array([c for c, _ in asked], np.int64), np.array([a for _, a in asked], np.int64)

    # Nodes

    def set_node(self, node: NodeInfo) -> None:
        """Add or replace a node. What is unchanged costs nothing. Raises `ValueError` for a negative quantity."""
        known = self._nodes.get(node.name)
        if known == node:
            return
        for resource, amount in node.allocatable.items():
            if amount < 0:
                raise ValueError(f"node {node.name}: allocatable {resource} is {amount}: it must not be negative")
        row = self._rows.get(node.name)
        if row is None:
            row = self._new_row(node.name)
        columns = [self._column(resource) for resource in node.allocatable]
        self._allocatable[row] = 0
        self._allocatable[row, columns] = list(node.allocatable.values())
        self._ready[row], self._cordoned[row] = node.ready, node.unschedulable
        self.taints[row] = node.taints
        if known is None or known.labels != node.labels:
            self.labels.set(row, node.name, node.labels)
        self._nodes[node.name] = node
        if known is None:
            for key, resources in self._homeless.pop(node.name, {}).items():
                self._charge(row, resources, 1)
                self._occupants[key] = (node.name, resources)
        self._static_change(row)

    def remove_node(self, name: str) -> None:
        """A node is gone. What occupied it is charged again should it come back. Unknown: nothing happens."""
        row = self._rows.pop(name, None)
        if row is None:
            return
        del self._nodes[name]
        staying = {key: resources for key, (node, resources) in self._occupants.items() if node == name}
        if staying:
            self._homeless[name] = staying
        self._allocatable[row] = 0
        self._used[row] = 0
        self._ready[row] = False
        self.names[row] = ""
        self.taints[row] = ()
        self.labels.set(row, "", {})
        self._free_rows.append(row)
        self._static_change(row)

    # Usage

    def occupy(self, key: Hashable, node: str, resources: Mapping[str, int]) -> None:
        """A pod on a node counts as used; the same key again replaces what it said before.

        A node that is not known is remembered, and charged when it appears.
        """
        known = self._occupants.get(key)
        if known is not None and known[0] == node and known[1] == resources:
            return
        self.vacate(key)
        self._occupants[key] = (node, resources)
        row = self._rows.get(node)
        if row is None:
            self._homeless.setdefault(node, {})[key] = resources
        else:
            self._charge(row, resources, 1)

    def vacate(self, key: Hashable) -> None:
        """The pod does not count any more. Unknown: nothing happens."""
        known = self._occupants.pop(key, None)
        if known is None:
            return
        node, resources = known
        row = self._rows.get(node)
        if row is not None:
            self._charge(row, resources, -1)
            return
        waiting = self._homeless.get(node, {})
        waiting.pop(key, None)
        if not waiting:
            self._homeless.pop(node, None)

    @contextmanager
    def trial(self) -> Iterator[Callable[[int, IntArray, IntArray], None]]:
        """Within it, `take(row, columns, amounts)` places something; at its end all that is undone to the byte."""
        taken: list[tuple[int, IntArray, IntArray]] = []
        version = self.version

        def take(row: int, columns: IntArray, amounts: IntArray) -> None:
            self._used[row, columns] += amounts
            self._note(row)
            taken.append((row, columns, amounts))

        try:
            yield take
        finally:
            for row, columns, amounts in reversed(taken):
                self._used[row, columns] -= amounts
                self._note(row)
            self.version = version

    # What is derived from it

    @property
    def log_position(self) -> int:
        """Where the log of changed rows ends now."""
        return self._log_start + len(self._log)

    def changed_since(self, position: int) -> list[int] | None:
        """The rows whose usage has changed since a position of the log; `None` if that is too long ago to tell."""
        if position < self._log_start:
            return None
        return list(dict.fromkeys(self._log[position - self._log_start :]))

    def memo(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What was made under the key, made now if need be; a bounded number is kept, the oldest go first."""
        if key not in self._memo:
            if len(self._memo) >= _MEMO_LIMIT:
                del self._memo[next(iter(self._memo))]
            self._memo[key] = make()
        return self._memo[key]

    # Inside

    def _charge(self, row: int, resources: Mapping[str, int], sign: int) -> None:
        for name, amount in resources.items():
            self._used[row, self._column(name)] += sign * amount
        self._note(row)

    def _note(self, row: int) -> None:
        self._log.append(row)
        self.version += 1
        if len(self._log) > _LOG_LIMIT:
            dropped = len(self._log) // 2
            del self._log[:dropped]
            self._log_start += dropped

    def _static_change(self, row: int) -> None:
        self.static_version += 1
        self._note(row)

    def _new_row(self, name: str) -> int:
        if self._free_rows:
            row = self._free_rows.pop()
            self.names[row] = name
        else:
            row = len(self.names)
            self.names.append(name)
            self.taints.append(())
            if row >= len(self._allocatable):
                self._grow(max(16, 2 * row), self._allocatable.shape[1])
        self._rows[name] = row
        return row

    def _column(self, resource: str) -> int:
        column = self._resources.get(resource)
        if column is None:
            column = self._resources[resource] = len(self._resources)
            if column >= self._allocatable.shape[1]:
                self._grow(len(self._allocatable), max(4, 2 * column))
        return column

    def _grow(self, rows: int, columns: int) -> None:
        for name in ("_allocatable", "_used"):
            old = getattr(self, name)
            grown = np.zeros((rows, columns), np.int64)
            grown[: old.shape[0], : old.shape[1]] = old
            setattr(self, name, grown)
        for name in ("_ready", "_cordoned"):
            flags = np.zeros(rows, bool)
            flags[: len(getattr(self, name))] = getattr(self, name)
            setattr(self, name, flags)
