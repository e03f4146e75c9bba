"""One request after the other: what all planners have in common that never go back on a choice."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import Fit
from bayplan.cluster.trial import Trial
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.model.workload import Request, RequestClass
from bayplan.strategy.assigning.candidates import NO_ROWS, Candidates, candidates, refused_rows
from bayplan.strategy.assigning.gang_places import together
from bayplan.strategy.assigning.gang_placing import Mark
from bayplan.strategy.assigning.gangs import units_of
from bayplan.strategy.assigning.others import others
from bayplan.strategy.assigning.size import sizes
from bayplan.strategy.context import Context
from bayplan.strategy.ordering.priority import priority
from bayplan.strategy.protocols import Scoring, Strategy

NO_SCORING = Scoring()


@dataclass(frozen=True, slots=True)
class NoPlace:
    """Why a request gets no place although there may be some."""

    reason: Reason
    message: str


class Chooser(Protocol):
    """Where one request goes."""

    def __call__(
        self, turn: int, request: Request, fitting: Candidates, refused: BoolArray, cluster: Cluster
    ) -> tuple[int, str] | NoPlace:
        """A fitting row, -1 if there is none, and why there in words. `turn`: how many were placed before."""
        ...


def one_by_one(
    requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context, choose: Chooser, scoring: Scoring
) -> list[Decision]:
    """Order, filter, choose. O(requests log requests + placements x nodes + classes x nodes).

    Among requests that the order holds equal, the larger goes first (best-fit decreasing; Johnson 1973). A gang goes
    where the first of it would; if fewer than its minimum find a place, their places are free again.
    """
    if len(requests) == 1 and requests[0].gang is None:
        return [_alone(requests[0], cluster, strategy, context, choose, scoring)]
    with cluster.trial() as trial:
        return _Batch(requests, cluster, strategy, context, choose, scoring, trial).decide()


def _alone(
    request: Request, cluster: Cluster, strategy: Strategy, context: Context, choose: Chooser, scoring: Scoring
) -> Decision:
    """What a batch of this request alone would say, without what is only there for several."""
    cls = request.request_class
    fitting = candidates(request, cluster, strategy, scoring)
    fitting.refresh(request, cluster, context)
    refused = refused_rows(cluster, cls, context) if context.rejected else NO_ROWS
    beside = others(request, fitting.fit.demand, cluster)
    seen, left_out = beside.seen(request, fitting, refused, cluster)
    chosen = choose(context.turn, request, seen, left_out, cluster)
    if isinstance(chosen, NoPlace):
        return Decision(request.id, None, chosen.reason, chosen.message)
    row, why = chosen
    if row < 0:
        return Decision(request.id, None, *beside.why_not(request, fitting, refused, cluster))
    more = seen.others(row, left_out, cluster) if _asked_at_once(cls, context) else ()
    return Decision(request.id, cluster.names[row], None, why, fitting.devices(row, cluster), more)


class _Batch:
    def __init__(
        self,
        requests: Sequence[Request],
        cluster: Cluster,
        strategy: Strategy,
        context: Context,
        choose: Chooser,
        scoring: Scoring,
        trial: Trial,
    ) -> None:
        self._requests, self._cluster, self._strategy, self._context = requests, cluster, strategy, context
        self._choose, self._scoring, self._trial = choose, scoring, trial
        self._turn = context.turn
        self._decisions: dict[int, Decision] = {}
        self._candidates: dict[tuple[RequestClass, str], Candidates] = {}
        self._full: dict[Hashable, tuple[Reason, str]] = {}
        """By what was found to have no place: a class; where a quota or other pods matter, also the queue and the pod; where
        any placement may change that, also how many there have been."""
        self._refused = {cls: refused_rows(cluster, cls, context) for cls in context.rejected}

    def decide(self) -> list[Decision]:
        for members in units_of(self._requests, in_order(self._requests, self._cluster, self._strategy, self._context)):
            if self._requests[members[0]].gang is None:
                self._decisions[members[0]] = self._single(members[0])
            else:
                self._decisions.update(together(members, self))
        self._spread_on()
        return [self._decisions[number] for number in range(len(self._requests))]

    def _single(self, number: int) -> Decision:
        request = self._requests[number]
        why_not = self._full.get(request.request_class) or self._full.get(self._alike(request))
        if why_not is not None:
            # Nothing is freed within a batch, so a request for the same finds the same.
            return Decision(request.id, None, *why_not)
        decision, final = self._try(request)
        if final:
            self._full[self._alike(request)] = (decision.reason or Reason.NO_CAPACITY, decision.message)
        return decision

    def _alike(self, request: Request) -> Hashable:
        """Requests of which the same holds: where one finds no place, none does."""
        pod, limited = request.neighbour, self._cluster.quotas.limited(request.queue) >= 0
        near = pod is not None and self._cluster.neighbours.concern(pod)
        if not near and not limited:
            return request.request_class
        spread = near and pod is not None and pod.spread
        whole = self._cluster.quotas.graphs.account(request.graph) is not None
        held_to = (request.queue, request.graph if whole else None) if limited else None
        return request.request_class, held_to, pod if near else None, self._turn if spread else None

    def _spread_on(self) -> None:
        """What has a spread constraint may have a place now that others, placed since it was asked about, evened out the
        domains. Each round but the last places something."""
        numbers = [n for n, each in self._decisions.items() if each.node is None and _spreads(self._requests[n])]
        turn = -1
        while numbers and turn != self._turn:
            turn = self._turn
            for number in numbers:
                self._decisions[number] = self._single(number)
            numbers = [n for n in numbers if self._decisions[n].node is None]

    # What placing a gang needs

    @property
    def cluster(self) -> Cluster:
        """With what was placed so far."""
        return self._cluster

    def request(self, number: int) -> Request:
        """The request of this number."""
        return self._requests[number]

    def room(self, number: int) -> tuple[Fit, BoolArray]:
        """What keeps a request off which rows, and per row whether it has room."""
        fitting = self._refreshed(self._requests[number])
        return fitting.fit, fitting.open(self._refused.get(fitting.fit.request_class, NO_ROWS))

    def alike(self, number: int) -> Hashable:
        """Where one of equal ones finds no place, none does."""
        return self._alike(self._requests[number])

    def place(self, number: int, outside: BoolArray = NO_ROWS) -> tuple[Decision, bool]:
        """Decide a request of the batch, and take its place if it has one."""
        return self._try(self._requests[number], outside)

    def again(self, places: Mapping[int, Decision]) -> None:
        """Take places once more that were undone."""
        for number, decision in places.items():
            request, row = self._requests[number], self._cluster.row(decision.node or "")
            if row is not None:
                self._trial.take(row, self._cluster.demand(request.request_class), decision.gpus, request)
                self._turn += 1

    def mark(self) -> Mark:
        """How things stand."""
        return self._trial.mark(), self._turn

    def undo(self, mark: Mark) -> None:
        """Take back everything since."""
        taken, self._turn = mark
        self._trial.undo(taken)

    # Inside

    def _try(self, request: Request, outside: BoolArray = NO_ROWS) -> tuple[Decision, bool]:
        """The decision; and whether it says that no place is left for the class. `outside`: rows that are left out."""
        cluster, cls = self._cluster, request.request_class
        fitting = self._refreshed(request)
        refused = self._refused.get(cls, NO_ROWS)
        beside = others(request, fitting.fit.demand, cluster)
        closed = refused if not len(outside) else outside | refused if len(refused) else outside
        seen, left_out = beside.seen(request, fitting, closed, cluster)
        chosen = self._choose(self._turn, request, seen, left_out, cluster)
        if isinstance(chosen, NoPlace):
            return Decision(request.id, None, chosen.reason, chosen.message), False
        row, why = chosen
        if row < 0:
            return Decision(request.id, None, *beside.why_not(request, fitting, refused, cluster)), True
        devices = fitting.devices(row, cluster)
        more = seen.others(row, left_out, cluster) if _asked_at_once(cls, self._context) else ()
        self._trial.take(row, fitting.fit.demand, devices, request)
        self._turn += 1
        return Decision(request.id, cluster.names[row], None, why, devices, more), False

    def _refreshed(self, request: Request) -> Candidates:
        key = (request.request_class, request.task)
        known = self._candidates.get(key)
        if known is None:
            known = self._candidates[key] = candidates(request, self._cluster, self._strategy, self._scoring)
        known.refresh(request, self._cluster, self._context)
        return known


def in_order(requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> IntArray:
    """Numbers of the requests, in the order in which they go: by the strategy's order, then by size, then as given.

    Requests that ask something of pods nearby go before the others of their priority, since they have fewer places.
    """
    keys: list[FloatArray] = [order(requests, context) for order in strategy.order]
    devices, shares = sizes(requests, cluster)
    free = [each.neighbour is None or not each.neighbour.asks for each in requests]
    if not all(free):
        keys.insert(strategy.order.index(priority) + 1 if priority in strategy.order else 0, np.array(free, np.float64))
    return np.lexsort((-shares, -devices, *reversed(keys)))


def _asked_at_once(cls: RequestClass, context: Context) -> bool:
    """kube-scheduler has refused such pods for what it alone can judge: it is asked about all nodes, not about one by one."""
    return bool(cls.judged_elsewhere) and cls in context.rejected


def _spreads(request: Request) -> bool:
    """It is in no gang, and has spread constraints."""
    return request.gang is None and request.neighbour is not None and bool(request.neighbour.spread)
