"""Greedy: one request after the other, each on its best node."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import BoolArray
from bayplan.model.decision import Decision
from bayplan.model.workload import Request
from bayplan.solvers.kernels.fit import UNIT
from bayplan.strategy.assigning.candidates import Candidates
from bayplan.strategy.assigning.one_by_one import one_by_one
from bayplan.strategy.context import Context
from bayplan.strategy.protocols import Planner, Scoring, Strategy


@dataclass(frozen=True, slots=True)
class Greedy(Planner):
    """Order, filter, score; nothing is taken back. O(requests log requests + placements x nodes + classes x nodes).

    Best-fit decreasing where the scorer is best fit (Johnson 1973).
    """

    minds_neighbours: ClassVar[bool] = True

    def __call__(self, requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
        """One decision per request."""
        label, nodes = _label(strategy.scoring), len(cluster)

        def choose(turn: int, request: Request, fitting: Candidates, refused: BoolArray, cluster: Cluster) -> tuple[int, str]:
            row, found = fitting.best(cluster, refused)
            if row < 0:
                return row, ""
            return row, f"score {fitting.scores[row] / UNIT:.2f} ({label}); {found} of {nodes} nodes fit"

        return one_by_one(requests, cluster, strategy, context, choose, strategy.scoring)


@cache
def _label(scoring: Scoring) -> str:
    """The scorers' names as words: `best fit, preferred affinity`."""
    return ", ".join(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", each.name).lower() for each in scoring.scorers)
