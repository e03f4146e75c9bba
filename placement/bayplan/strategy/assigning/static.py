"""Static: a map says which task goes where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import BoolArray
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.model.workload import Request
from bayplan.strategy.assigning.candidates import Candidates
from bayplan.strategy.assigning.one_by_one import NO_SCORING, NoPlace, one_by_one
from bayplan.strategy.context import Context
from bayplan.strategy.protocols import Planner, Strategy


@dataclass(frozen=True, slots=True)
class Static(Planner):
    """Each task on the node that the map names, if it fits there; otherwise it waits for that node. O(placements).

    Its parameters are the map: the name is `Request.name`, `Request.task`, or what follows a `/` of it; the value is the node.
    """

    nodes: tuple[tuple[str, str], ...]
    """(task, node), sorted."""

    minds_neighbours: ClassVar[bool] = True

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, str]) -> "Static":
        """Any names. Raises `ValueError` if there are none."""
        if not parameters:
            raise ValueError("is empty: name a node for each task")
        return cls(tuple(sorted(parameters.items())))

    def __call__(self, requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
        """One decision per request."""
        nodes = dict(self.nodes)

        def choose(
            turn: int, request: Request, fitting: Candidates, refused: BoolArray, cluster: Cluster
        ) -> tuple[int, str] | NoPlace:
            node = next((nodes[each] for each in _names(request) if each in nodes), None)
            if node is None:
                return NoPlace(Reason.NO_SUCH_NODE, f"the static map has no node for task {_called(request)}")
            row = cluster.row(node)
            if row is None:
                return NoPlace(Reason.NO_SUCH_NODE, f"there is no node {node}, which the static map names")
            if not fitting.open(refused)[row]:
                if fitting.fit.codes[row] != 0:
                    return NoPlace(Reason.NO_SUCH_NODE, f"node {node}, which the static map names, does not admit the pod")
                return NoPlace(Reason.NO_CAPACITY, f"node {node}, which the static map names, has too little free")
            return row, "given by the static map"

        return one_by_one(requests, cluster, strategy, context, choose, NO_SCORING)


def _names(request: Request) -> list[str]:
    """Under what the map may know a task, the most particular first."""
    parts = request.task.split("/")
    own = [request.name, request.name.rpartition("/")[2]]
    return [*own, *("/".join(parts[first:]) for first in range(len(parts)))]


def _called(request: Request) -> object:
    return request.name or request.task or request.id
