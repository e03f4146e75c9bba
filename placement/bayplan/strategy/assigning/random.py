"""Random: any node that fits, each as likely as the others."""

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
class Random(Planner):
    """Uniform over the nodes that fit, drawn from `Context.seed` and `Context.turn`. Scorers do not count.

    O(nodes) per placement. A baseline: what a strategy is worth shows beside it.
    """

    minds_neighbours: ClassVar[bool] = True

    def __call__(self, requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
        """One decision per request."""
        draw = np.random.default_rng([context.seed, context.turn])

        def choose(turn: int, request: Request, fitting: Candidates, refused: BoolArray, cluster: Cluster) -> tuple[int, str]:
            open_rows = np.flatnonzero(fitting.open(refused))
            if not len(open_rows):
                return -1, ""
            # By name, so that the order in which nodes came does not matter.
            by_name = open_rows[np.argsort(cluster.name_rank[open_rows])]
            row = int(by_name[draw.integers(len(by_name))])
            return row, f"drawn by lot; {len(open_rows)} of {len(cluster)} nodes fit"

        return one_by_one(requests, cluster, strategy, context, choose, NO_SCORING)
