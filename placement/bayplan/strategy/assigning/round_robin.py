"""Round robin: the nodes take turns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import BoolArray
from bayplan.model.decision import Decision
from bayplan.model.workload import Request
from bayplan.strategy.assigning.candidates import Candidates
from bayplan.strategy.assigning.one_by_one import NO_SCORING, one_by_one
from bayplan.strategy.context import Context
from bayplan.strategy.protocols import Planner, Strategy


@dataclass(frozen=True, slots=True)
class RoundRobin(Planner):
    """The first node by name that fits, from the one whose turn it is. Scorers do not count. O(nodes) per placement.

    The n-th placement starts its search at the node with that number, `Context.turn` being the n of the first; counted are
    the nodes that admit the request, full or not, so that a few nodes of many take turns too.
    """

    minds_neighbours: ClassVar[bool] = True

    def __call__(self, requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
        """One decision per request."""
        return one_by_one(requests, cluster, strategy, context, _choose, NO_SCORING)


def _choose(turn: int, request: Request, fitting: Candidates, refused: BoolArray, cluster: Cluster) -> tuple[int, str]:
    open_rows = np.flatnonzero(fitting.open(refused))
    if not len(open_rows):
        return -1, ""
    admitting = np.flatnonzero(fitting.fit.rows)
    by_name = admitting[np.argsort(cluster.name_rank[admitting])]
    in_turn = np.roll(by_name, -(turn % len(by_name)))
    row = int(in_turn[np.argmax(fitting.open(refused)[in_turn])])
    return row, f"round robin, turn {turn}; {len(open_rows)} of {len(cluster)} nodes fit"
