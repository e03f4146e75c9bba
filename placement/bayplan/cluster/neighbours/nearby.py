"""Everything that pods near a node mean for one request: which rows it is kept off, why, and which are better."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.neighbours.affinity import kept_apart, liking, without_partner
from bayplan.cluster.neighbours.neighbourhood import REQUIRED, HeldAbout
from bayplan.cluster.neighbours.spread import beyond_skew, evenness
from bayplan.model.arrays import BoolArray, FloatArray
from bayplan.model.neighbour import Neighbour
from bayplan.model.reasons import Rejection
from bayplan.model.workload import RequestClass


@dataclass(frozen=True, slots=True)
class Nearby:
    """As pods stand now, those that are tried out included; never kept, since any placement may change it."""

    kept_off: BoolArray
    """Per row: for one reason or another."""
    why: tuple[tuple[Rejection, BoolArray], ...]
    """Each reason that keeps it off any row, in the order in which they are told."""
    held: Sequence[HeldAbout]
    """The terms about it of pods that are there."""


def nearby(cluster: Cluster, asked: RequestClass, pod: Neighbour | None) -> Nearby | None:
    """What keeps a request off which rows; `None`: its place depends on no other pod. O(rows x terms)."""
    if pod is None or not cluster.neighbours.concern(pod):
        return None
    key = asked, pod, cluster.static_version
    return cluster.neighbours.as_it_stands(key, lambda: _nearby(cluster, asked, pod))


def _nearby(cluster: Cluster, asked: RequestClass, pod: Neighbour) -> Nearby:
    held = cluster.neighbours.held(pod)
    why = tuple((rejection, rows) for rejection, rows in _filters(cluster, asked, pod, held) if rows.any())
    kept_off = np.zeros(cluster.rows, bool)
    for _, rows in why:
        kept_off |= rows
    return Nearby(kept_off, why, held)


def keeps_off(cluster: Cluster, asked: RequestClass, pod: Neighbour | None, row: int) -> bool:
    """Whether other pods keep a request off a row."""
    found = nearby(cluster, asked, pod)
    return found is not None and bool(found.kept_off[row])


def preference(
    cluster: Cluster, asked: RequestClass, pod: Neighbour, near: Nearby, open_: Callable[[], BoolArray]
) -> FloatArray | None:
    """Per row, from 0 to 1: how well it serves what a request only prefers of pods nearby, and what they prefer of it.

    The mean of both kinds of terms, affinity and spread. `open_` answers the rows that are possible. `None`: nothing is
    preferred.
    """
    likes = bool(pod.preferred) or any(weight != REQUIRED for (_, weight), *_ in near.held)
    evens = any(not each.hard for each in pod.spread)
    if not likes and not evens:
        return None
    rows = open_()
    found = [liking(cluster, pod, near.held, rows)] if likes else []
    if evens:
        found.append(evenness(cluster, asked, pod, rows))
    return np.asarray(np.mean(found, axis=0))


def _filters(
    cluster: Cluster, asked: RequestClass, pod: Neighbour, held: Sequence[HeldAbout]
) -> Iterator[tuple[Rejection, BoolArray]]:
    """In the order of `Rejection`, which is kube-scheduler's."""
    if pod.ports:
        taken = [cluster.neighbours.taken(port, cluster.rows) for port in pod.ports]
        yield Rejection.HOST_PORT, np.logical_or.reduce(taken)
    if pod.spread:
        yield Rejection.SPREAD, beyond_skew(cluster, asked, pod)
    if pod.affinity:
        yield Rejection.POD_AFFINITY, without_partner(cluster, pod)
    yield Rejection.POD_ANTI_AFFINITY, kept_apart(cluster, pod, held)
