"""How many pods of which kind are on which row, for every kind of which a pod has asked something."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

import numpy as np

from bayplan.cluster.neighbours.index import Matcher, SelectorIndex
from bayplan.cluster.neighbours.present import Present, Standing
from bayplan.model.arrays import BoolArray, IntArray
from bayplan.model.neighbour import HostPort, Neighbour, PodTerm
from bayplan.model.occupant import Tenant

_KINDS = 512
"""Matchers of which pods are counted; those asked about most recently."""
REQUIRED = 0
"""The weight of a held term that keeps pods away; others only prefer."""
HARD_WEIGHT = 1
"""What a required affinity of a pod that is there adds for pods that it selects (kube-scheduler: `hardPodAffinityWeight`)."""
Held = tuple[PodTerm, int]
"""A term of pods that are there, about pods that come, and its weight."""
HeldAbout = tuple[Held, IntArray, IntArray]
"""A term, the rows of the pods that hold it, and how many of them each row has."""
_Made = TypeVar("_Made")
_Item = TypeVar("_Item")


class TenantedRows(Protocol):
    """Rows, and what occupies them: a cluster."""

    @property
    def rows(self) -> int:
        """How many there are."""
        ...

    def tenants(self) -> Iterable[tuple[int, Tenant]]:
        """The occupants of all rows, without those that are tried out."""
        ...


class Counts:
    """Pods of one matcher; shape (rows,) each."""

    def __init__(self, rows: int) -> None:
        self.there = np.zeros(rows, np.int64)
        """All."""
        self.staying = np.zeros(rows, np.int64)
        """Those that are not being deleted."""
        self.bound = np.zeros(rows, np.int64)
        """Those that their node has: kube-scheduler sees them."""
        self.settled = np.zeros(rows, np.int64)
        """Those that are bound and not being deleted."""

    def add(self, row: int, bound: bool, leaving: bool, sign: int) -> None:
        """Count a pod, or count it no more."""
        self.there[row] += sign
        if bound:
            self.bound[row] += sign
        if not leaving:
            self.staying[row] += sign
            if bound:
                self.settled[row] += sign

    def grow(self, rows: int) -> None:
        """There are so many rows now."""
        for name in ("there", "staying", "bound", "settled"):
            grown = np.zeros(rows, np.int64)
            old = getattr(self, name)
            grown[: len(old)] = old
            setattr(self, name, grown)


class Neighbourhood:
    """Follows the pods on the rows of a cluster, those that are tried out included."""

    def __init__(self, occupied: TenantedRows) -> None:
        self.version = 0
        """Changes whenever a count has, or the pods that a selector selects."""
        self.terms_version = 0
        """Changes whenever pods may be kept away by a term that did not count before."""
        self._occupied = occupied
        self._namespaces: Mapping[str, Mapping[str, str]] = {}
        self._present: Present | None = None
        """The pods on all rows, with those that are tried out; `None`: no count has been asked for yet."""
        self._counts: OrderedDict[Matcher, Counts] = OrderedDict()
        self._counted: SelectorIndex[Matcher] = SelectorIndex()
        self._held: dict[Held, dict[int, int]] = {}
        """By term, how many pods hold it on which rows."""
        self._holding: SelectorIndex[Held] = SelectorIndex()
        self._ports: dict[tuple[int, str], dict[tuple[int, HostPort], int]] = {}
        """By port and protocol: on which row, with which address, how many pods have it."""
        self._tried: list[tuple[int, Neighbour]] = []
        self._imagined: list[tuple[Neighbour, Standing]] = []
        """Pods that are there, and looked at as gone."""
        self._last: tuple[Hashable, Any] | None = None
        """What was made of all this last, until any of it changes."""

    def set_namespaces(self, labels: Mapping[str, Mapping[str, str]]) -> None:
        """The labels of all namespaces."""
        if labels != self._namespaces:
            self._namespaces = {name: dict(each) for name, each in labels.items()}
            for matcher in self._counts:
                self._counted.remove(matcher, matcher)
            self._counts.clear()
            self._holding.forget()
            self._last = None
            self.version += 1
            self.terms_version += 1

    @property
    def namespaces(self) -> Mapping[str, Mapping[str, str]]:
        """The labels of all namespaces; another object once they have changed."""
        return self._namespaces

    # Pods come and go

    def enter(self, row: int, tenant: Tenant | None) -> None:
        """A pod occupies a row."""
        if tenant is not None and tenant.neighbour is not None:
            self._change(tenant.neighbour, (row, tenant.bound, tenant.leaving), 1)

    def leave(self, row: int, tenant: Tenant | None) -> None:
        """A pod occupies a row no more."""
        if tenant is not None and tenant.neighbour is not None:
            self._change(tenant.neighbour, (row, tenant.bound, tenant.leaving), -1)

    def change(self, row: int | None, before: Tenant | None, after: Tenant | None) -> None:
        """Something else is known of a pod on a row; `None`: on a node that is not there."""
        if row is not None and _seen(before) != _seen(after):
            self.leave(row, before)
            self.enter(row, after)

    def try_out(self, row: int, pod: Neighbour, sign: int) -> None:
        """A placement is tried (sign 1), or the last one is undone. It counts as decided, and not as bound."""
        version, terms_version = self.version, self.terms_version
        if sign > 0:
            self._tried.append((row, pod))
        else:
            self._tried.pop()
        self._change(pod, (row, False, False), sign)
        self.version, self.terms_version = version, terms_version

    def imagine(self, row: int, tenant: Tenant | None, sign: int) -> None:
        """Look at things as if a pod were gone (sign -1), or again as they are (1)."""
        if tenant is None or tenant.neighbour is None:
            return
        version, terms_version = self.version, self.terms_version
        standing = row, tenant.bound, tenant.leaving
        if sign < 0:
            self._imagined.append((tenant.neighbour, standing))
        else:
            _remove_last(self._imagined, (tenant.neighbour, standing))  # what was taken last is mostly put back first
        self._change(tenant.neighbour, standing, sign)
        self.version, self.terms_version = version, terms_version

    # What is there

    def counts(self, matcher: Matcher) -> Counts:
        """Of the pods of a matcher. O(1), or O(pods with a label that it demands) when it is first asked about."""
        found = self._counts.get(matcher)
        if found is None:
            found = self._counts[matcher] = self._count(matcher)
            self._counted.add(matcher, matcher)
            if len(self._counts) > _KINDS:
                dropped, _ = self._counts.popitem(last=False)
                self._counted.remove(dropped, dropped)
        else:
            self._counts.move_to_end(matcher)
        return self._grown(found)

    def selects(self, matcher: Matcher, pod: Neighbour) -> bool:
        """Whether a pod is one of a matcher."""
        return all(each.matches(pod, self._namespaces) for each in matcher)

    def held(self, pod: Neighbour) -> list[HeldAbout]:
        """The terms about a pod of pods that are there."""
        if not self._holding:
            return []
        found = []
        for each in self._holding.about(pod, self._namespaces):
            rows = self._held[each]
            found.append((each, np.fromiter(rows, np.int64, len(rows)), np.fromiter(rows.values(), np.int64, len(rows))))
        return found

    def concern(self, pod: Neighbour | None) -> bool:
        """Whether a place of the pod depends on other pods, in whichever way."""
        return pod is not None and (pod.asks or (bool(self._holding) and bool(self._holding.about(pod, self._namespaces))))

    def as_it_stands(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """What is made of all this; the last answer is kept until anything changes, a placement that is tried included."""
        if self._last is None or self._last[0] != key:
            self._last = key, make()
        return self._last[1]

    def taken(self, port: HostPort, rows: int) -> BoolArray:
        """Per row: a pod there has the port."""
        found = np.zeros(rows, bool)
        for row, other in self._ports.get((port.port, port.protocol), ()):
            if port.conflicts(other):
                found[row] = True
        return found

    # Inside

    def _change(self, pod: Neighbour, standing: Standing, sign: int) -> None:
        row, bound, leaving = standing
        self._last = None
        if self._present is not None:
            self._present.add(pod, standing, sign)
        if self._counted:
            for matcher in self._counted.about(pod, self._namespaces):
                self._grown(self._counts[matcher]).add(row, bound, leaving, sign)
                self.version += 1
        if pod.asks:
            for term in pod.anti_affinity:
                self._hold((term, REQUIRED), row, sign)
            for preferred in pod.preferred:
                self._hold((preferred.term, preferred.weight), row, sign)
            for term in pod.affinity:
                self._hold((term, HARD_WEIGHT), row, sign)
            for port in pod.ports:
                _add(self._ports.setdefault((port.port, port.protocol), {}), (row, port), sign)
                self.version += 1

    def _hold(self, term: Held, row: int, sign: int) -> None:
        rows = self._held.get(term)
        if rows is None:
            rows = self._held[term] = {}
            self._holding.add((term[0].pods,), term)
            self.terms_version += 1
        _add(rows, row, sign)
        if not rows:
            del self._held[term]
            self._holding.remove((term[0].pods,), term)
        self.version += 1

    def _grown(self, counts: Counts) -> Counts:
        if len(counts.there) < self._occupied.rows:
            counts.grow(self._occupied.rows)
        return counts

    def _count(self, matcher: Matcher) -> Counts:
        if self._present is None:
            self._present = self._found()
        found = Counts(self._occupied.rows)
        for pod, standings in self._present.candidates(matcher):
            if self.selects(matcher, pod):
                for (row, bound, leaving), count in standings:
                    found.add(row, bound, leaving, count)
        return found

    def _found(self) -> Present:
        present = Present()
        for row, tenant in self._occupied.tenants():
            if tenant.neighbour is not None:
                present.add(tenant.neighbour, (row, tenant.bound, tenant.leaving), 1)
        for row, pod in self._tried:
            present.add(pod, (row, False, False), 1)
        for pod, standing in self._imagined:
            present.add(pod, standing, -1)
        return present


def _remove_last(items: list[_Item], item: _Item) -> None:
    """Raises `ValueError` where it is not there."""
    for at in range(len(items) - 1, -1, -1):
        if items[at] == item:
            del items[at]
            return
    raise ValueError(f"{item!r} is not there")


def _seen(tenant: Tenant | None) -> tuple[object, ...]:
    return () if tenant is None else (tenant.neighbour, tenant.bound, tenant.leaving)


def _add(counted: dict[object, int] | dict[int, int] | dict[tuple[int, HostPort], int], key: object, sign: int) -> None:
    """Count one more or less; what is 0 is not there."""
    counts: dict[object, int] = counted  # type: ignore[assignment]  # whatever is counted
    count = counts.get(key, 0) + sign
    if count:
        counts[key] = count
    else:
        counts.pop(key, None)
