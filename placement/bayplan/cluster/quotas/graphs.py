"""Graphs that are charged to quota rows as a whole, before their pods hold anything."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bayplan.cluster.quotas.limits import QueueLimits, QuotaKey
from bayplan.cluster.quotas.reach import Labels, Reach, reach
from bayplan.cluster.quotas.usage import RowUsage
from bayplan.model.workload import RequestClass

Amounts = Mapping[int, int]
"""By the number of a quota row, in units of the row."""
CLOSED = -1


@dataclass(frozen=True, slots=True)
class GraphCharge:
    """What is charged for a graph, to which rows. It keeps to them."""

    queue: str
    rows: tuple[tuple[QuotaKey, int], ...] = ()
    """Each row that limited the queue and of which its pods ask, with the amount. Later ones count pods one by one."""
    home: Labels | None = None
    """The nodeSelector of the rows to which pods were charged that may be there and elsewhere. Other such rows are closed to
    them. `None`: all are."""


class Asker(NamedTuple):
    """A pod that asks for a place."""

    graph: Hashable | None
    asked: RequestClass


@dataclass(slots=True)
class GraphAccount:
    """Of one graph, by numbers of rows."""

    kind: Hashable = None
    """Of graphs with the same kind that are not charged, and hold nothing, the same holds."""
    options: Sequence[Amounts] = ()
    """What it asks as a whole while it is not charged, one for each way to choose its rows."""
    queue: int = -1
    """Of the queue to which it is charged; -1: it is not charged."""
    charged: dict[int, int] = field(default_factory=dict)
    home: Labels | None = None


class WholeGraphs:
    """Accounts by graph, beside what the pods of each graph hold."""

    def __init__(self) -> None:
        self.charges: dict[Hashable, GraphCharge] = {}
        self.version = 0
        """Changes with them."""
        self._accounts: dict[Hashable, GraphAccount] = {}
        self._held: dict[Hashable, dict[int, int]] = {}
        """By any graph and quota row, what its pods hold."""
        self._rows: list[RowUsage] = []
        self._limits = QueueLimits()

    def set(self, limits: QueueLimits, rows: list[RowUsage]) -> None:
        """Other rows: nothing is held of any, and what graphs ask of them is to be told."""
        self._limits, self._rows = limits, rows
        self._held.clear()
        for graph, account in self._accounts.items():
            account.options, account.queue, account.charged = (), -1, {}
            if graph in self.charges:
                self._resolve(graph, account)
                self._keep(graph, account, 1)

    def account(self, graph: Hashable | None) -> GraphAccount | None:
        """Of a graph that is charged as a whole, or is to be; else none."""
        return self._accounts.get(graph) if self._accounts else None

    def waits(self, graph: Hashable | None) -> bool:
        """Whether it is to be charged as a whole, and is not yet."""
        return self.account(graph) is not None and graph not in self.charges

    def follow(self, graph: Hashable, kind: Hashable) -> None:
        """The graph is to be charged as a whole."""
        self._accounts.setdefault(graph, GraphAccount()).kind = kind

    def alike(self, graph: Hashable | None) -> Hashable | None:
        """Of pods that ask alike in one queue, and for whose graphs this is equal, the same holds; `None`: their graphs do not
        matter."""
        account = self.account(graph)
        if account is None:
            return None
        return (graph,) if graph in self.charges or graph in self._held else account.kind

    def forget(self, graph: Hashable) -> None:
        """It is not any more. Its charge must be gone."""
        self._accounts.pop(graph, None)

    def ask(self, graph: Hashable, options: Iterable[Amounts]) -> None:
        """What a graph that is not charged asks as a whole."""
        self._accounts[graph].options = tuple(options)

    def charge(self, graph: Hashable, charge: GraphCharge | None) -> bool:
        """What is charged for a graph from now on; `None`: nothing. Whether less is kept for it than before."""
        account, before = self._accounts[graph], self._kept(graph)
        if self.charges.get(graph) == charge:
            return False
        self.version += 1
        self._keep(graph, account, -1)
        account.queue, account.charged = -1, {}
        if charge is None:
            self.charges.pop(graph, None)
        else:
            self.charges[graph] = charge
            self._resolve(graph, account)
            self._keep(graph, account, 1)
        after = self._kept(graph)
        return any(after.get(number, 0) < amount for number, amount in before.items())

    def hold(self, graph: Hashable | None, queue: int, number: int, amount: int) -> None:
        """A pod of a graph holds so much more of a row; negative: less. What was kept for it is kept no more."""
        if graph is None:
            return
        held = self._held.setdefault(graph, {})
        before = held.get(number, 0)
        held[number] = before + amount
        if not held[number]:
            del held[number]
            if not held:
                del self._held[graph]
        account = self.account(graph)
        if account is not None and account.queue == queue and (most := account.charged.get(number)):
            self._rows[number].keep(queue, max(0, most - before - amount) - max(0, most - before))

    def held(self, graph: Hashable | None) -> Amounts:
        """What pods of a graph hold."""
        return self._held.get(graph, {})

    def more(self, pod: Asker, queue: int, number: int, amount: int) -> int:
        """How much more than now is used of a row if a pod holds so much of it; `CLOSED`: its graph keeps it to other rows."""
        account = self.account(pod.graph)
        if account is None or account.queue != queue or number not in account.charged:
            return amount
        key = self._rows[number].limits.key
        if key.node_selector and key.node_selector != account.home and reach(pod.asked, key) is Reach.MAY:
            return CLOSED
        most = account.charged[number]
        held = self.held(pod.graph).get(number, 0)
        return max(most, held + amount) - max(most, held)

    def lacking(self, graph: Hashable | None, queue: int) -> tuple[int, ...] | None:
        """Of a graph that waits to be charged, the rows of which too little is left, by the first way to choose its rows; none
        where it fits some way. `None`: it does not wait for that."""
        account = self.account(graph)
        if account is None or account.queue >= 0 or not account.options:
            return None
        found = [self._short(self.beyond(graph, each), queue) for each in account.options]
        return found[0] if all(found) else ()

    def beyond(self, graph: Hashable | None, amounts: Amounts) -> Amounts:
        """What a graph asks beside what its pods hold already."""
        held = self.held(graph)
        return {number: amount - held.get(number, 0) for number, amount in amounts.items() if amount > held.get(number, 0)}

    def _short(self, amounts: Amounts, queue: int) -> tuple[int, ...]:
        return tuple(number for number, amount in amounts.items() if self._rows[number].rest(queue) < amount)

    def _resolve(self, graph: Hashable, account: GraphAccount) -> None:
        charge = self.charges[graph]
        amounts = dict(charge.rows)
        account.queue, account.home = self._limits.numbers.get(charge.queue, -1), charge.home
        keys = [each.limits.key for each in self._rows]
        account.charged = {number: amounts[key] for number, key in enumerate(keys) if key in amounts}

    def _kept(self, graph: Hashable) -> Amounts:
        held = self.held(graph)
        return {number: max(0, most - held.get(number, 0)) for number, most in self._accounts[graph].charged.items()}

    def _keep(self, graph: Hashable, account: GraphAccount, sign: int) -> None:
        if account.queue >= 0:
            for number, amount in self._kept(graph).items():
                self._rows[number].keep(account.queue, sign * amount)
