"""What others mean for the place of one request: pods nearby, and what its queue holds already."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.demand import Demand
from bayplan.cluster.filters import rejections_in_words
from bayplan.cluster.neighbours.nearby import Nearby, nearby, preference
from bayplan.cluster.quotas import Asker
from bayplan.cluster.quotas.words import quota_in_words
from bayplan.model.arrays import BoolArray
from bayplan.model.reasons import Reason, Rejection
from bayplan.model.workload import Request
from bayplan.strategy.assigning.candidates import NO_ROWS, Candidates


@dataclass(frozen=True, slots=True, eq=False)
class Others:
    """As things stand now, placements that are tried out included; never kept, since any placement may change it."""

    near: Nearby | None
    """`None`: its place depends on no other pod."""
    short: tuple[int, ...]
    """Numbers of the quota rows of which too little is left to its queue."""
    over_quota: BoolArray
    """Per row: such a quota row counts what is there. Of length 0 where there is none."""

    def seen(self, request: Request, fitting: Candidates, refused: BoolArray, cluster: Cluster) -> tuple[Candidates, BoolArray]:
        """The candidates by what the request prefers of pods nearby, and the rows left out: refused, or kept off."""
        left_out = refused
        if len(self.over_quota):
            left_out = self.over_quota | refused if len(refused) else self.over_quota
        near = self.near
        if near is None or request.neighbour is None:
            return fitting, left_out
        left_out = near.kept_off | left_out if len(left_out) else near.kept_off
        liked = preference(cluster, request.request_class, request.neighbour, near, partial(fitting.open, left_out))
        return (fitting if liked is None else fitting.preferring(liked)), left_out

    def why_not(self, request: Request, fitting: Candidates, refused: BoolArray, cluster: Cluster) -> tuple[Reason, str]:
        """Why it has no place. `refused`: rows left out by kube-scheduler alone."""
        why = () if self.near is None else self.near.why
        if self.short:
            words = self._over_quota(request, fitting, refused, cluster)
            if words:
                return Reason.QUOTA_EXCEEDED, words
            why = (*why, (Rejection.QUOTA, self.over_quota))
        reason = Reason.NO_CAPACITY if fitting.fit.possible else Reason.NO_SUCH_NODE
        return reason, rejections_in_words(cluster, fitting.fit, refused if len(refused) else None, fitting.hot, why)

    def _over_quota(self, request: Request, fitting: Candidates, refused: BoolArray, cluster: Cluster) -> str:
        """What its queue holds, if it had a place otherwise, or never has one for that; else nothing."""
        quotas, pairs = cluster.quotas, fitting.fit.demand.pairs
        never = tuple(number for number in self.short if quotas.never(number, request.queue, pairs))
        out_of_reach = quotas.closed(never, cluster.rows)
        if len(out_of_reach) and fitting.fit.possible and not (fitting.fit.some_day & ~out_of_reach).any():
            return quota_in_words(quotas, request, pairs, never)
        places = fitting.open(refused)
        for closed in (out_of_reach, NO_ROWS if self.near is None else self.near.kept_off):
            places = places & ~closed if len(closed) else places
        later = tuple(number for number in self.short if number not in never)
        return quota_in_words(quotas, request, pairs, later) if later and places.any() else ""


def others(request: Request, demand: Demand, cluster: Cluster) -> Others:
    """What they mean for a request. O(rows x terms) where pods nearby matter; O(quota rows x depth) where a quota does."""
    near = nearby(cluster, request.request_class, request.neighbour)
    if request.queue is None:
        return _NONE if near is None else Others(near, (), NO_ROWS)
    short = cluster.quotas.short(request.queue, demand.pairs, Asker(request.graph, request.request_class))
    return Others(near, short, cluster.quotas.closed(short, cluster.rows) if short else NO_ROWS)


_NONE = Others(None, (), np.zeros(0, bool))
