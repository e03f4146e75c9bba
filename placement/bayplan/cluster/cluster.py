"""The cluster in columns: one row per node, one column per resource, whole numbers throughout."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace

from bayplan.cluster.changes import ChangeLog
from bayplan.cluster.columns import ClusterColumns
from bayplan.cluster.demand import Demand, in_columns
from bayplan.cluster.labels import LabelColumns
from bayplan.cluster.memo import Memo
from bayplan.cluster.neighbours import Neighbourhood
from bayplan.cluster.quotas import GraphCharge, QueueLimits, Quotas
from bayplan.cluster.quotas.accounts import Passed
from bayplan.cluster.trial import Taken, Trial
from bayplan.model.gpu import Device, GpuAsk, GpuUse
from bayplan.model.occupant import Occupant, Tenant
from bayplan.model.resources import Resources, bounded
from bayplan.model.workload import NodeInfo, RequestClass

MEMO_LIMIT = 2_048


class Cluster(ClusterColumns):
    """Nodes, and what is used of them.

    Rows of removed nodes stay, marked absent, and are used again. Every change of a row is noted in a log,
    so that whatever is derived per row can be brought up to date for the changed rows only.
    """

    def __init__(self) -> None:
        super().__init__()
        self.version = 0
        """Changes whenever a decision could."""
        self.static_version = 0
        """Changes whenever a node comes, goes, or changes in anything but usage."""
        self.labels = LabelColumns()
        self.neighbours = Neighbourhood(self)
        """What pods mean for each other's places."""
        self.quotas = Quotas(self.labels, self._resources)
        """How much queues hold, and which rows that closes to them."""
        self.changes = ChangeLog()
        """Rows whose usage has changed."""
        self.freed = ChangeLog()
        """Rows of which something has become free: an occupant left, or was replaced."""
        self.retold = ChangeLog()
        """Rows of which another thing is known of an occupant, though it uses the same."""
        self.static_changes = ChangeLog()
        """Rows that have changed in anything but usage."""
        self.memo = Memo(MEMO_LIMIT)
        """What is derived from the cluster and brings itself up to date by the logs."""
        self.static_memo = Memo(MEMO_LIMIT)
        """What is derived from everything but usage; forgotten whenever `static_version` changes."""
        self._nodes: dict[str, NodeInfo] = {}
        self._rows: dict[str, int] = {}
        self._free_rows: list[int] = []
        self._node_of: dict[Hashable, str] = {}
        self._occupants: dict[str, dict[Hashable, Occupant]] = {}

    # Columns; rows first

    def __len__(self) -> int:
        """Number of nodes."""
        return len(self._rows)

    @property
    def nodes(self) -> list[NodeInfo]:
        """The nodes as they were set."""
        return list(self._nodes.values())

    def row(self, name: str) -> int | None:
        """The row of a node, if there is such a node."""
        return self._rows.get(name)

    def gpus(self, name: str) -> list[Device]:
        """The GPUs of a node one by one; none if there is no such node."""
        row = self._rows.get(name)
        return [] if row is None else self._devices.of(row)

    def choose_gpus(self, row: int, ask: GpuAsk) -> tuple[int, ...]:
        """The first free GPUs of a row that hold the ask; none if there are not enough."""
        return self._devices.choose(row, ask)

    def demand(self, request_class: RequestClass) -> Demand:
        """The columns and amounts that a class asks for."""
        return self.static_memo(("demand", request_class), lambda: in_columns(request_class, self._resources))

    # Nodes

    def set_node(self, node: NodeInfo) -> None:
        """Add or replace a node. What is unchanged costs nothing; a negative quantity counts as none."""
        known = self._nodes.get(node.name)
        if known == node:
            return
        row = self._rows.get(node.name)
        if row is None:
            row = self._new_row(node.name)
            for occupant in self._occupants.get(node.name, {}).values():
                self._charge(row, occupant.resources, 1)
                self.neighbours.enter(row, occupant.tenant)
        for resource in node.allocatable:
            self._column(resource)
        self._put(row, node)
        if known is None or known.gpus != node.gpus:
            self._devices.set(row, node.gpus)
            self._charge_gpus_anew(row, node.name)
        if known is None or known.labels != node.labels:
            self.labels.set(row, node.name, node.labels)
            self.quotas.relabel(row, self._occupants.get(node.name, {}).values())
        self._nodes[node.name] = _copied(node)
        self._static_change(row)

    def remove_node(self, name: str) -> None:
        """A node is gone. What occupied it is charged again should it come back. Unknown: nothing happens."""
        row = self._rows.pop(name, None)
        if row is None:
            return
        del self._nodes[name]
        occupants = self._occupants.get(name, {}).values()
        for occupant in occupants:
            self.neighbours.leave(row, occupant.tenant)
        self.quotas.removed(row, occupants)
        self._clear(row)
        self.labels.set(row, "", {})
        self._free_rows.append(row)
        self._static_change(row)

    def set_quotas(self, limits: QueueLimits) -> None:
        """What queues may hold from now on. O(occupants) where it differs."""
        if limits != self.quotas.limits:
            self.quotas.set(limits, [(row, self._occupants.get(node, {}).values()) for node, row in self._rows.items()])
            self.version += 1

    def charge_graph(self, graph: Hashable, charge: GraphCharge | None) -> bool:
        """What is charged for a graph as a whole from now on; `None`: nothing. Whether queues may hold more by that."""
        if self.quotas.graphs.charges.get(graph) == charge:
            return False
        self.version += 1
        return self.quotas.charge_graph(graph, charge)

    # Usage

    def occupants(self, node: str) -> Mapping[Hashable, Occupant]:
        """What occupies a node, by key; also of one that is not there (yet, or any more)."""
        return self._occupants.get(node, {})

    def tenants(self) -> Iterator[tuple[int, Tenant]]:
        """The row of each occupant of a node that is there, and what is known of it, where anything is."""
        for node, row in self._rows.items():
            for occupant in self._occupants.get(node, {}).values():
                if occupant.tenant is not None:
                    yield row, occupant.tenant

    def occupy(
        self, key: Hashable, node: str, resources: Resources, gpus: GpuUse | None = None, tenant: Tenant | None = None
    ) -> None:
        """A pod on a node counts as used; the same key again replaces what it said before.

        A node that is not known is remembered, and charged when it appears. `tenant`: whose the pod is.
        """
        before = self._node_of.get(key)
        if before is not None:
            known = self._occupants[before][key]
            if before == node and known.resources == resources and known.gpus == gpus:
                if known.tenant != tenant:
                    told = self._occupants[before][key] = replace(known, tenant=tenant)
                    self.neighbours.change(self._rows.get(node), known.tenant, tenant)
                    self.quotas.change(self._rows.get(node), known, told)
                    if node in self._rows:
                        self.retold.note(self._rows[node])
                return
            self.vacate(key)
        self._node_of[key] = node
        row = self._rows.get(node)
        devices: tuple[int, ...] = ()
        if row is not None:
            self._charge(row, resources, 1)
            devices = self._devices.charge(row, gpus) if gpus is not None else ()
            self.neighbours.enter(row, tenant)
            self._usage_change(row)
        occupant = Occupant(dict(resources), gpus, tenant, devices)
        if row is not None:
            self.quotas.enter(row, occupant)
        self._occupants.setdefault(node, {})[key] = occupant

    def vacate(self, key: Hashable, at: float | None = None) -> None:
        """The pod does not count any more, since an instant in seconds since the epoch; `None`: since now. Unknown: nothing
        happens."""
        node = self._node_of.pop(key, None)
        if node is None:
            return
        occupants = self._occupants[node]
        occupant = occupants.pop(key)
        if not occupants:
            del self._occupants[node]
        row = self._rows.get(node)
        if row is not None:
            self._charge(row, occupant.resources, -1)
            if occupant.gpus is not None:
                self._devices.release(row, occupant.gpus.ask, occupant.devices)
            self.neighbours.leave(row, occupant.tenant)
            self.quotas.leave(row, occupant, at)
            self.freed.note(row)
            self._usage_change(row)

    def passed(self, node: str, occupant: Occupant, ended: float) -> None:
        """A pod had a place on a node until an instant, and nothing was known of it until now: only shares go by it."""
        self.quotas.passed.append(Passed(self._rows.get(node, -1), occupant, ended))

    def trial(self) -> Trial:
        """In its `with` block, placements can be tried; at its end all that is undone to the byte.

        The version stays: it tells what really happened. The log of changes notes what is tried and undone.
        """
        return Trial(self.apply)

    def holds(self, row: int, demand: Demand, devices: tuple[int, ...]) -> bool:
        """Whether a row has room for a demand, on these of its GPUs. O(resources + GPUs)."""
        if demand.impossible:
            return False
        for column, amount in demand.pairs:
            if self._used.item(row, column) + amount > self._allocatable.item(row, column):
                return False
        return not devices if demand.gpus is None else self._devices.hold(row, demand.gpus, devices)

    def apply(self, taken: Taken, sign: int) -> None:
        """Add a demand to what is used of a row, or take it off again (sign -1). For trials."""
        row, demand, devices, request = taken
        used = self._used[row]
        for column, amount in demand.pairs:
            used[column] += sign * amount
        if demand.gpus is not None:
            (self._devices.take if sign > 0 else self._devices.release)(row, demand.gpus, devices)
        if request is not None:
            if request.neighbour is not None:
                self.neighbours.try_out(row, request.neighbour, sign)
            self.quotas.try_out(row, request, demand.pairs, sign)
        self.changes.note(row)

    def imagine(self, row: int, occupant: Occupant, sign: int) -> None:
        """Look at a row as if an occupant of it were gone (sign -1), or again as it is (1). See `Absence`."""
        self._charge(row, occupant.resources, sign)
        if occupant.gpus is not None:
            (self._devices.take if sign > 0 else self._devices.release)(row, occupant.gpus.ask, occupant.devices)
        self.neighbours.imagine(row, occupant.tenant, sign)
        self.quotas.imagine(row, occupant, sign)
        self.changes.note(row)

    # Inside

    def _charge(self, row: int, resources: Resources, sign: int) -> None:
        columns = [self._column(name) for name in resources]  # first, since a new one makes a new table
        used = self._used[row]
        for column, amount in zip(columns, resources.values(), strict=True):
            used[column] += sign * bounded(amount)

    def _charge_gpus_anew(self, row: int, name: str) -> None:
        """Of the row, whose GPUs are all free: first those whose GPUs are known, then the others where there is room."""
        occupants = self._occupants.get(name, {})
        users = [(key, each, each.gpus) for key, each in occupants.items() if each.gpus is not None]
        for key, occupant, use in sorted(users, key=lambda user: not user[2].devices):
            occupants[key] = replace(occupant, devices=self._devices.charge(row, use))

    def _usage_change(self, row: int) -> None:
        self.changes.note(row)
        self.version += 1

    def _static_change(self, row: int) -> None:
        self.static_memo.clear()
        self.static_version += 1
        self.static_changes.note(row)
        self._usage_change(row)

    def _new_row(self, name: str) -> int:
        if self._free_rows:
            row = self._free_rows.pop()
            self.names[row] = name
        else:
            row = len(self.names)
            self.names.append(name)
            if row >= len(self._allocatable):
                self._grow(max(16, 2 * row), self._allocatable.shape[1])
                self._devices.grow(len(self._allocatable))
        self._rows[name] = row
        self._present[row] = True
        self._name_rank = None
        return row

    def _column(self, resource: str) -> int:
        column = self._resources.get(resource)
        if column is None:
            column = self._resources[resource] = len(self._resources)
            self.static_memo.clear()
            self.static_version += 1
            if column >= self._allocatable.shape[1]:
                # Exactly as many columns as resources, so that all rows of a table lie next to each other.
                self._grow(len(self._allocatable), column + 1)
        return column


def _copied(node: NodeInfo) -> NodeInfo:
    """A copy that stays what it is if the caller's dictionaries change."""
    return replace(node, allocatable=dict(node.allocatable), labels=dict(node.labels))
