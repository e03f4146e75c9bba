"""What queues have had of what no queue is guaranteed, over time: recent use counts more."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field

import numpy as np

from bayplan.admission.line.contest import ROOT
from bayplan.admission.occupancy import Occupancy
from bayplan.admission.tree import QueueTree
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.quotas.usage import RowUsage
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.occupant import Occupant
from bayplan.model.resources import PODS
from bayplan.model.workload import Request, RequestClass

LATE = 60.0
"""Seconds by which news may be late and yet count from when it happened."""
UNKNOWN_RUN = 60.0
"""Seconds that a request is taken to run of which nothing is known."""


@dataclass(frozen=True, slots=True)
class SharesState:
    """What queues have had until an instant, each until one of its own: what a decider needs to go on where another stopped."""

    then: Mapping[str, float]
    """By queue, seconds since the epoch."""
    means: Mapping[tuple[str, str], float]
    """By queue and by what is measured: the decayed mean of the excess, in the resource's smallest unit."""
    held: Mapping[tuple[str, str], float]
    """By the same: what the queue and those below it held from that instant on."""
    shares: Mapping[str, float] = field(default_factory=dict)
    """By queue, its share then, where it is compared with others; what follows goes on from the others above."""


class QueueShares:
    """Dominant shares (Ghodsi et al. 2011) of decayed excess use, for the children of queues that compare them.

    The excess of a queue is what it and those below it hold beyond nominal: per quota row, and for a resource that no row
    counts, beside what all ready nodes have. With d = 2^(-seconds / half-life): mean <- mean d + excess (1 - d). The share is
    the largest mean, in parts of what the parent can lend, by weight. Half-lives are the parent's. What runs counts from its
    start as if it had run to its expected end: the part that has not accrued yet is an advance.
    """

    def __init__(self, cluster: Cluster, tree: QueueTree, running: Occupancy, before: "QueueShares | None" = None) -> None:
        """`running`: what occupies the cluster, with the numbers that queues have now. `before`: what queues had until now, of
        which those of the same names keep theirs, measure by measure."""
        self._cluster, limits = cluster, cluster.quotas.limits
        self._parents = np.array(limits.parents, np.int64)
        half_lives = [each.half_life for each in tree.queues.values()]
        self.compared: Mapping[int, bool] = {
            ROOT: tree.half_life is not None,
            **{number: each is not None for number, each in enumerate(half_lives)},
        }
        """Whether a queue compares the shares of its children; by `ROOT`, those without a parent."""
        above = [tree.half_life if parent < 0 else half_lives[parent] for parent in limits.parents]
        self._rows: list[RowUsage] = []
        self._half_life: FloatArray = np.array([np.inf if each is None else each for each in above])
        self._weights: FloatArray = np.array([each.weight for each in tree.queues.values()])
        self._any = any(self.compared.values())
        self._measures: tuple[str, ...] = ()
        """Names of the resources that no row counts, behind the rows."""
        self._mean = np.zeros((len(limits.queues), 0))
        self._excess = np.zeros((len(limits.queues), 0))
        self._held = np.zeros((len(limits.queues), 0))
        self._at: FloatArray = np.full(len(limits.queues), np.nan)
        """Per queue, the instant to which its means are brought; NaN: it had none."""
        self._restored = np.zeros(len(limits.queues), bool)
        """Per queue: what it held until then is as another left it, and includes what had come by then."""
        self._nominal = np.zeros((len(limits.queues), 0))
        self._lendable = np.ones((len(limits.queues), 0))
        self._counting = np.ones((len(limits.queues), 0))
        """1 where a measure counts what a queue holds: a quota that limits it, or a resource that no quota counts; else 0."""
        self._advance = np.zeros((len(limits.queues), 0))
        """What the means will have gained when all that runs has ended as expected."""
        self._base = self._held, self._advance
        """What was held at the last step, and the advance of that."""
        self._admitted: dict[Hashable, tuple[int, Request]] = {}
        """Since the last step."""
        self._withdrawn: list[Hashable] = []
        self._running = running
        self._came: list[tuple[float, int, FloatArray]] = []
        """What was there when the means were restored: since when, the queue, and what it holds of each measure."""
        self._position = cluster.quotas.moves.position
        self._asked: dict[RequestClass, FloatArray] = {}
        self._version: Hashable = None
        self._names = limits.queues
        state = None if before is None else before.state()
        if state is not None:
            self.restore(state)

    def step(self, now: float) -> None:
        """Bring all means to an instant, in seconds, with what was held until then; then look at what is held now.

        O(queues x measures), nothing where no queue compares shares. An instant before the last one counts as that.
        """
        if not self._any:
            return
        self._running.step()
        now = max(now, float(np.nanmax(self._at, initial=now)))
        self._accrue(now)
        self._position = self._cluster.quotas.moves.position
        self._measure()
        self._held = self._summed(self._own())
        self._excess = np.maximum(self._held - self._nominal, 0)
        self._advance = self._expected(now)
        self._base = self._held.copy(), self._advance.copy()
        self._admitted.clear()
        self._withdrawn.clear()

    def rank(self, queue: int) -> tuple[float, ...]:
        """The share of a queue, then what it holds in parts of what is its own, or else of what there is to lend."""
        if not 0 <= queue < len(self._mean):
            return 0.0, 0.0
        share = ((self._mean[queue] + self._advance[queue]) / self._lendable[queue]).max(initial=0.0) / self._weights[queue]
        base = np.where(self._nominal[queue] > 0, self._nominal[queue], self._lendable[queue])
        return float(share), float((self._held[queue] / base).max(initial=0.0) / self._weights[queue])

    def admitted(self, queue: int, request: Request) -> None:
        """A request of a queue is placed: what it is expected to use counts at once. O(depth x measures)."""
        if self._any and 0 <= queue < len(self._mean):
            self._admitted[request.id] = queue, request
            self._charge(queue, request)

    def asked(self, requests: Sequence[Request], queue: IntArray) -> tuple[FloatArray, FloatArray]:
        """What each asks of what is measured of its queue, shape (requests, measures), and for how many seconds."""
        distinct = {each.request_class: None for each in requests}
        rows = {asked: number for number, asked in enumerate(distinct)}
        seconds = np.array([each.duration if each.duration > 0 else UNKNOWN_RUN for each in requests])
        if not self._any:
            return np.zeros((len(requests), 0)), seconds
        table = np.array([self._amounts(asked) for asked in distinct])
        counting = np.vstack((self._counting, np.ones((1, table.shape[1]), bool)))
        return table[[rows[each.request_class] for each in requests]] * counting[queue], seconds

    def course(self, queue: IntArray, amounts: FloatArray, seconds: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The rank of a queue before each of several units, if those before it in the queue are admitted: share, and what is
        held. Units of one queue stand together. What is no queue has rank 0. O(units x measures)."""
        known = (queue >= 0) & (queue < len(self._mean))
        number = np.where(known, queue, 0)
        start = np.flatnonzero(np.concatenate(([True], queue[1:] != queue[:-1])))
        of = np.cumsum(np.concatenate(([False], queue[1:] != queue[:-1])))
        nominal, lendable, weight = self._nominal[number], self._lendable[number], self._weights[number]

        def before(values: FloatArray) -> FloatArray:
            sums = np.cumsum(values, axis=0) - values
            return np.asarray(sums - sums[start][of])

        held = self._held[number] + before(amounts)
        more = np.maximum(held + amounts - nominal, 0) - np.maximum(held - nominal, 0)
        gained = more * (1 - np.exp2(-seconds / self._half_life[number]))[:, None]
        mean = self._mean[number] + self._advance[number] + before(gained)
        share = (mean / lendable).max(axis=1, initial=0.0) / weight
        part = (held / np.where(nominal > 0, nominal, lendable)).max(axis=1, initial=0.0) / weight
        return np.where(known, _rounded(share), 0.0), np.where(known, _rounded(part), 0.0)

    def withdrawn(self, request: Request) -> None:
        """It was not placed after all. It counts until `settle`."""
        if request.id in self._admitted:
            self._withdrawn.append(request.id)

    def settle(self) -> set[int]:
        """Count as if what was withdrawn had never been admitted; the numbers of the queues that it was of."""
        if not self._withdrawn:
            return set()
        found = {self._admitted.pop(id_)[0] for id_ in self._withdrawn}
        self._withdrawn.clear()
        self._held[:], self._advance[:] = self._base
        for queue, request in self._admitted.values():
            self._charge(queue, request)
        return found

    def apart(self) -> "QueueShares":
        """A copy of its own to reckon with: `admitted` there changes nothing here."""
        found = copy(self)
        found._mean, found._held, found._advance = self._mean.copy(), self._held.copy(), self._advance.copy()
        found._asked, found._admitted, found._withdrawn = dict(self._asked), {}, []
        return found

    def state(self) -> SharesState | None:
        """As of the last step; `None`: there was none, or no queue compares shares."""
        if not self._any or np.isnan(self._at).all():
            return None
        held = self._base[0]
        places = [
            ((name, measure), (number, column))
            for number, name in enumerate(self._names)
            for column, measure in enumerate(self._measured())
        ]
        then = {name: float(at) for name, at in zip(self._names, self._at, strict=True) if not np.isnan(at)}
        means = {key: float(self._mean[at]) for key, at in places if self._mean[at]}
        shares = {name: self.rank(n)[0] for n, name in enumerate(self._names) if np.isfinite(self._half_life[n])}
        return SharesState(then, means, {key: float(held[at]) for key, at in places if held[at]}, shares)

    def restore(self, state: SharesState) -> None:
        """Go on from what queues of these names had, measure by measure."""
        self._measure()
        self._position = self._cluster.quotas.moves.position
        self._running.step()
        self._came = [*self._there()]
        held = np.zeros_like(self._mean)
        for number, name in enumerate(self._names):
            if name not in state.then:
                continue
            self._at[number], self._restored[number] = state.then[name], True
            for column, measure in enumerate(self._measured()):
                self._mean[number, column] = max(0.0, state.means.get((name, measure), 0.0))
                held[number, column] = max(0.0, state.held.get((name, measure), 0.0))
        self._held, self._advance = held.copy(), np.zeros_like(held)
        self._base = held, self._advance.copy()

    # Inside

    def _measured(self) -> list[str]:
        """What the measures are of, in their order."""
        return [*(str(row.limits.key) for row in self._rows), *self._measures]

    def _measure(self) -> None:
        """What is measured, and beside what; where nodes or quotas have changed."""
        version = self._cluster.static_version, self._cluster.quotas.version
        if version == self._version:
            return
        self._version = version
        quotas, cluster = self._cluster.quotas, self._cluster
        self._rows = list(quotas.rows)
        counted = {name for row in quotas.rows for name in row.limits.key.names}
        names = tuple(name for name in cluster.resources if name not in counted and name != PODS)
        rows = len(quotas.rows)
        if names != self._measures or self._mean.shape[1] != rows + len(names):
            mean = np.zeros((len(self._parents), rows + len(names)))
            mean[:, :rows] = self._mean[:, :rows] if self._mean.shape[1] >= rows else 0
            for number, name in enumerate(names):
                if name in self._measures:
                    mean[:, rows + number] = self._mean[:, rows + self._measures.index(name)]
            self._mean, self._measures, self._asked = mean, names, {}
        columns = [cluster.resources.index(name) for name in names]
        there: IntArray = cluster.allocatable[cluster.ready][:, columns].sum(axis=0)
        nominal = [[float(each) for each in row.limits.nominal] for row in quotas.rows]
        zeros = [[0.0] * len(self._parents) for _ in names]
        self._nominal = self._summed(np.array([*nominal, *zeros], float).reshape(rows + len(names), -1).T)
        lendable = np.ones((len(self._parents), rows + len(names)))
        for number, row in enumerate(quotas.rows):
            top = max(1, sum(row.limits.subtree[each] for each in np.flatnonzero(self._parents < 0).tolist()))
            lendable[:, number] = [top if above < 0 else max(1, row.limits.subtree[above]) for above in self._parents.tolist()]
        lendable[:, rows:] = np.maximum(there, 1)
        self._lendable = lendable
        self._counting = np.ones((len(self._parents), rows + len(names)))
        for number, row in enumerate(quotas.rows):
            self._counting[:, number] = row.limits.limited

    def _own(self) -> FloatArray:
        """Shape (queues, measures): what each holds itself."""
        quotas = self._cluster.quotas
        found = np.zeros((len(self._parents), len(quotas.rows) + len(self._measures)))
        for number, row in enumerate(quotas.rows):
            found[:, number] = [sum(each.values()) for each in row.own]
        for number, held in enumerate(quotas.totals):
            if held:
                found[number, len(quotas.rows) :] = [held.get(name, 0) for name in self._measures]
        return found

    def _accrue(self, now: float) -> None:
        """Bring all means to an instant. What came counts from its own start, what left until its own end."""
        held = self._base[0].copy()
        for at, sign, queue, used in sorted(self._events(now), key=lambda each: each[:2]):
            while queue >= 0:
                if np.isfinite(self._half_life[queue]) and not np.isnan(self._at[queue]):
                    self._happened(queue, min(at, now), sign * used, held)
                queue = int(self._parents[queue])
        self._restored[:] = False
        known = ~np.isnan(self._at)
        seconds = np.where(known, np.maximum(now - np.where(known, self._at, now), 0.0), 0.0)
        decay = np.exp2(-seconds / self._half_life)[:, None]
        if held.shape == self._mean.shape:  # else nothing was measured before
            self._mean = self._mean * decay + np.maximum(held - self._nominal, 0) * (1 - decay)
        self._at[:] = now

    def _events(self, now: float) -> list[tuple[float, int, int, FloatArray]]:
        """What came (1) and left (-1) since the last step: when, the queue, and what it holds of each measure."""
        quotas, found = self._cluster.quotas, list[tuple[float, int, int, FloatArray]]()
        for move in quotas.moves.since(self._position):
            at = now if move.at is None else move.at
            found.append((at, move.sign, move.queue, self._used(move.occupant, move.covering, move.queue)))
        found += [(since, 1, queue, used) for since, queue, used in self._came]
        self._came = []
        if self._restored.any():
            for row, occupant, ended in quotas.passed:
                tenant = occupant.tenant
                queue = -1 if tenant is None or tenant.queue is None else quotas.limits.numbers.get(tenant.queue, -1)
                if tenant is not None and tenant.since is not None and queue >= 0:
                    used = self._used(occupant, quotas.covering(row), queue)
                    found += [(tenant.since, 1, queue, used), (max(ended, tenant.since), -1, queue, used)]
        quotas.passed.clear()
        return found

    def _there(self) -> Iterator[tuple[float, int, FloatArray]]:
        for slot in np.flatnonzero(self._running.there & (self._running.queue >= 0)).tolist():
            occupant = self._running.occupants[slot]
            if occupant is not None and occupant.tenant is not None and occupant.tenant.since is not None:
                yield occupant.tenant.since, int(self._running.queue[slot]), self._used_at(slot)

    def _happened(self, queue: int, at: float, more: FloatArray, held: FloatArray) -> None:
        """A queue holds so much more since an instant, or less. What is heard of late counts from there all the same."""
        mean, then, half_life = self._mean[queue], float(self._at[queue]), self._half_life[queue]
        if self._restored[queue] and at <= then:
            return
        before = np.maximum(held[queue] - self._nominal[queue], 0)
        held[queue] += more
        if at > then:
            decay = np.exp2(-(at - then) / half_life)
            self._mean[queue], self._at[queue] = mean * decay + before * (1 - decay), at
        elif at < then:
            after = np.maximum(held[queue] - self._nominal[queue], 0)
            share = 1 - np.exp2(-min(then - at, LATE) / half_life)
            self._mean[queue] = np.maximum(mean + (after - before) * share, 0)

    def _charge(self, queue: int, request: Request) -> None:
        amounts = self._amounts(request.request_class) * self._counting[queue]
        seconds = request.duration if request.duration > 0 else UNKNOWN_RUN
        while queue >= 0:
            before = np.maximum(self._held[queue] - self._nominal[queue], 0)
            self._held[queue] += amounts
            more = np.maximum(self._held[queue] - self._nominal[queue], 0) - before
            self._advance[queue] += more * (1 - np.exp2(-seconds / self._half_life[queue]))
            queue = int(self._parents[queue])

    def _expected(self, now: float) -> FloatArray:
        """Shape (queues, measures): the advance of what runs, as far as it is excess. O(occupants x measures)."""
        running = self._running
        ends = running.medians(now)
        slots = np.flatnonzero(running.there & (running.queue >= 0) & np.isfinite(ends) & (ends > now))
        found = np.zeros_like(self._held)
        if not len(slots):
            return found
        queues, left = running.queue[slots], ends[slots] - now
        amounts = np.array([self._used_at(slot) for slot in slots.tolist()])
        while len(queues):
            np.add.at(found, queues, amounts * (1 - np.exp2(-left / self._half_life[queues]))[:, None])
            above = self._parents[queues]
            kept = above >= 0
            queues, left, amounts = above[kept], left[kept], amounts[kept]
        return found * np.divide(self._excess, self._held, out=np.zeros_like(found), where=self._held > 0)

    def _used_at(self, slot: int) -> FloatArray:
        occupant = self._running.occupants[slot]
        if occupant is None:
            return np.zeros(self._mean.shape[1])
        covering, queue = self._cluster.quotas.covering(int(self._running.row[slot])), int(self._running.queue[slot])
        return self._used(occupant, covering, queue)

    def _used(self, occupant: Occupant, covering: tuple[int, ...], queue: int) -> FloatArray:
        """Per measure, what an occupant holds of a queue, where these quota rows count it."""
        resources = occupant.resources
        counted = [
            row.limits.key.amount(resources) if number in covering and row.limits.limited[queue] else 0
            for number, row in enumerate(self._rows)
        ]
        return np.array([*counted, *(resources.get(name, 0) for name in self._measures)], float)

    def _summed(self, own: FloatArray) -> FloatArray:
        """Each queue with all below it; parents come before their children."""
        found = own.copy()
        for number in range(len(found) - 1, -1, -1):
            above = self._parents[number]
            if above >= 0:
                found[above] += found[number]
        return found

    def _amounts(self, asked: RequestClass) -> FloatArray:
        """Per measure, what a request asks, wherever it goes."""
        found = self._asked.get(asked)
        if found is None:
            amounts = dict(asked.resources)
            counted = [row.limits.key.amount(amounts) for row in self._rows]
            others = [amounts.get(name, 0) for name in self._measures]
            found = self._asked[asked] = np.array([*counted, *others], np.float64)
        return found


def _rounded(values: FloatArray) -> FloatArray:
    """To 40 bits, so that sums that are equal but for the order of their terms are equal."""
    part, exponent = np.frexp(values)
    return np.asarray(np.ldexp(np.round(part * 2.0**40) / 2.0**40, exponent))
