"""Graphs whose pods wait in their programs for each other, under the real decider."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np

from bayplan.admission.tree import QueueTree
from bayplan.admission.whole_graphs.demand import GraphDemand, demand_of
from bayplan.admission.whole_graphs.whole_graph import WholeGraph
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.quotas import GraphCharge
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.graph import Graph, Task
from bayplan.model.occupant import Tenant
from bayplan.model.workload import NodeInfo, Request, RequestClass
from bayplan.strategy.protocols import Strategy
from bayplan.strategy.wish import Wish
from tests.unit.placement.building import BEST_FIT, cluster


@dataclass(eq=False)
class Meeting:
    """A graph. A pod of it ends once all pods of the graph run that can, since their programs meet."""

    number: int
    queue: str
    graph: Graph
    classes: Sequence[RequestClass]
    demand: GraphDemand = field(init=False)
    over: set[int] = field(default_factory=set)
    running: set[int] = field(default_factory=set)
    """Units."""
    charge: GraphCharge | None = None
    started: bool = False

    def __post_init__(self) -> None:
        self.demand = demand_of(self.graph, None, [[each] for each in self.classes])

    @property
    def ready(self) -> list[int]:
        tasks = [t for t in range(len(self.classes)) if t not in self.over and set(self.graph.parents.of(t)) <= self.over]
        return [unit for unit in range(self.graph.units) if int(self.graph.unit_task[unit]) in tasks]

    def told(self) -> WholeGraph:
        over = np.isin(np.arange(len(self.classes)), list(self.over))
        return WholeGraph(self.number, f"g{self.number}", self.queue, f"ns{self.number % 2}", self.demand, over, self.charge)


class Meetings:
    """A cluster on which they run."""

    def __init__(self, tree: QueueTree, nodes: Sequence[NodeInfo], whole: bool, strategy: Strategy = BEST_FIT) -> None:
        self.cluster: Cluster = cluster(*nodes)
        self.tree, self.whole, self._strategy = tree, whole, strategy
        self.graphs: list[Meeting] = []
        self.waited_after_start: list[str] = []
        """What graphs that had begun were told of their quota having no room."""
        self.now = 0.0
        self.decider = self._decider()

    def submit(self, graph: Meeting) -> None:
        self.graphs.append(graph)
        self._tell(graph)
        self.decider.update(Changes(wanted=self.wishes(graph)))

    def restart(self) -> None:
        """Another decider, which is told what is on record and what runs."""
        for graph in self.graphs:
            self.cluster.charge_graph(graph.number, None) if self.whole else None
        self.decider = self._decider()
        for graph in self.graphs:
            if len(graph.over) < len(graph.classes):
                self._tell(graph)
                self.decider.update(Changes(wanted=self.wishes(graph)))

    def step(self) -> bool:
        """Decide, act, and let end what can. Whether anything happened."""
        self.now += 1.0
        wishes = dict(self.decider.wishes)
        found = self.decider.decide(self.now)
        for each in self.decider.whole.charged():
            graph = self.graphs[int(str(each.graph))]
            assert not graph.started, "what is charged has not begun"
            graph.charge = each.charge
        for decision in found.placements:
            self._start(wishes[decision.request_id].request, decision.node or "")
        for said in found.waiting:
            reason = said.reason.value if said.reason else ""
            if self._of(said.request_id).started and reason == "QuotaExceeded":
                self.waited_after_start.append(said.message)
        self.check()
        ended = [self._end(graph) for graph in self.graphs]
        self.check()
        return bool(found.placements) or any(ended)

    def run(self, steps: int = 400) -> bool:
        """Until nothing happens any more; whether all have ended."""
        for _ in range(steps):
            if not self.step():
                break
        return all(len(each.over) == len(each.classes) for each in self.graphs)

    def check(self) -> None:
        """Of every row and queue, all that is held and kept is no more than it may hold; what is kept is what is charged less
        what is held."""
        quotas = self.cluster.quotas
        for number, row in enumerate(quotas.rows):
            kept = [0] * len(quotas.limits.queues)
            for graph in self.graphs:
                charge = quotas.graphs.charges.get(graph.number)
                if charge is not None:
                    amount = dict(charge.rows).get(row.limits.key, 0)
                    held = quotas.graphs.held(graph.number).get(number, 0)
                    kept[quotas.limits.numbers[graph.queue]] += max(0, amount - held)
            assert row.kept == kept
            for queue in range(len(quotas.limits.queues)):
                assert row.rest(queue) >= 0, "a queue holds more than it may"

    def _decider(self) -> Decider:
        made = Decider(self.cluster)
        made.update(Changes(queues=self.tree))
        return made

    def _tell(self, graph: Meeting, *, over: bool = False) -> None:
        if self.whole:
            self.decider.update(Changes(graphs={graph.number: None if over else graph.told()}))

    def wishes(self, graph: Meeting) -> tuple[Wish, ...]:
        found = []
        for unit in graph.ready:
            if unit not in graph.running:
                asked = graph.classes[int(graph.graph.unit_task[unit])]
                found.append(
                    Request(
                        (graph.number, unit),
                        asked,
                        arrival=(float(graph.number),),
                        graph=graph.number,
                        unit=unit,
                        namespace=f"ns{graph.number % 2}",
                        queue=graph.queue,
                    )
                )
        return tuple(Wish(each, self._strategy, "p") for each in found)

    def _start(self, request: Request, node: str) -> None:
        graph = self._of(request.id)
        assert graph.charge is not None or not self.whole, "nothing starts before it is charged"
        tenant = Tenant(graph=graph.number, unit=request.unit, namespace=request.namespace, queue=graph.queue)
        self.cluster.occupy(request.id, node, dict(request.request_class.resources), tenant=tenant)
        graph.running.add(request.unit or 0)
        graph.started = True

    def _end(self, graph: Meeting) -> bool:
        if not graph.running or set(graph.ready) != graph.running:
            return False
        task = min(int(graph.graph.unit_task[unit]) for unit in graph.running)
        units = [unit for unit in graph.running if int(graph.graph.unit_task[unit]) == task]
        for unit in units:
            self.cluster.vacate((graph.number, unit))
            graph.running.discard(unit)
        graph.over.add(task)
        self._tell(graph, over=len(graph.over) == len(graph.classes))
        self.decider.update(Changes(wanted=self.wishes(graph)))
        return True

    def _of(self, id_: Hashable) -> Meeting:
        assert isinstance(id_, tuple)
        return self.graphs[id_[0]]


def graph_of(tasks: Sequence[tuple[int, Sequence[int]]]) -> Graph:
    """Per task: shards, and the tasks before it."""
    return Graph.build(
        [Task(f"t{n}", tuple(f"t{each}" for each in before), shards) for n, (shards, before) in enumerate(tasks)]
    )
