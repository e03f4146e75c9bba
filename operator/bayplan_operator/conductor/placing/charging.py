"""Graphs that are admitted as a whole: what the decider is told of them, and what it admitted."""

from collections.abc import Hashable, Iterable, Mapping

import numpy as np

from bayplan.admission.whole_graphs.demand import GraphDemand, demand_of, tasks_over
from bayplan.admission.whole_graphs.whole_graph import Charged, WholeGraph
from bayplan.model.workload import RequestClass
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.register import Register
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.translate.task_graph import Prepared


class Charging:
    """By UID of a graph."""

    def __init__(self) -> None:
        self._told: dict[str, WholeGraph] = {}
        self._demands: dict[str, tuple[object, GraphDemand]] = {}
        """With the templates of which each was made."""

    def changes(self, graphs: Iterable[GraphRun], gone: Iterable[str]) -> Mapping[Hashable, WholeGraph | None]:
        """What is new of these graphs; those of the UIDs ``gone`` are over. O(units) for each that is admitted as a whole."""
        found: dict[Hashable, WholeGraph | None] = {uid: None for uid in gone if self._forget(uid)}
        for graph in graphs:
            told = self._of(graph)
            if told is None:
                if self._forget(graph.ref.uid):
                    found[graph.ref.uid] = None
            elif not _same(told, self._told.get(graph.ref.uid)):
                self._told[graph.ref.uid] = found[graph.ref.uid] = told
        return found

    def admitted(self, graphs: Register, charged: Iterable[Charged]) -> frozenset[str]:
        """Each is recorded before anything of it starts; the UIDs of those to wait for."""
        found = []
        for each in charged:
            graph = graphs.open[str(each.graph)]
            graph.decided.charge.admit(each.charge)
            found.append(graph.ref.uid)
            graph.call()
        return frozenset(found)

    def _of(self, graph: GraphRun) -> WholeGraph | None:
        running, charge = graph.running, graph.decided.charge
        if running is None or graph.decided.ended or running.all_over or not (charge.whole or charge.counts):
            return None
        prepared = running.prepared
        over = tasks_over(prepared.graph, prepared.relations.flow, running.run)
        ref, demand = graph.ref, self._demand(graph.ref.uid, running)
        return WholeGraph(ref.uid, ref.name, prepared.spec.queue_name, ref.namespace, demand, over, charge.counts)

    def _demand(self, uid: str, running: Running) -> GraphDemand:
        """Whichever candidates are chosen: room is kept for the largest."""
        prepared = running.prepared
        made_of = (prepared.graph, prepared.candidates) if prepared.candidates else (prepared.graph, prepared.templates)
        known = self._demands.get(uid)
        if known is None or any(one is not other for one, other in zip(made_of, known[0], strict=True)):  # type: ignore[call-overload]
            known = self._demands[uid] = made_of, demand_of(prepared.graph, prepared.relations.flow, _asks(prepared))
        return known[1]

    def _forget(self, uid: str) -> bool:
        self._demands.pop(uid, None)
        return self._told.pop(uid, None) is not None


def _same(told: WholeGraph, before: WholeGraph | None) -> bool:
    if before is None or told.demand is not before.demand or told.charge != before.charge or told.queue != before.queue:
        return False
    return np.array_equal(told.over, before.over)


def _asks(prepared: Prepared) -> list[list[RequestClass]]:
    """Per task, what its pods may ask."""
    starts, found = prepared.graph.unit_start.tolist(), []
    for task, template in enumerate(prepared.templates):
        units = range(starts[task], starts[task + 1]) if prepared.spec.tasks[task].data is not None else (starts[task],)
        templates = [template, *(pod.template for pod in prepared.candidates.get(task, ()))]
        found.append([prepared.asks(unit, each) for unit in units for each in templates])
    return found
