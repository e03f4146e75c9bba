"""Before the pods of a gang are made: the Service by which they find each other."""

from collections.abc import Collection
from functools import partial

from bayplan_operator import names
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.translate.flow.gangs import GangPlan
from bayplan_operator.translate.own_pod import unit_of
from bayplan_operator.translate.service import service_manifest
from bayplan_operator.view import PodStore
from bayplan_operator.writer import EventWriter, PodWriter, ServiceWriter


class Rendezvous(Step):
    """Has Services made, each once the pods of its gang are wanted; no place is asked for before it is there."""

    def __init__(self, services: ServiceWriter, events: EventWriter, view: PodStore, pods: PodWriter) -> None:
        self._services, self._events, self._view, self._pods = services, events, view, pods

    def step(self, tick: Tick) -> None:
        """O(units of gangs that want to start, of the touched graphs)."""
        for graph in tick.touched:
            tick.graphs.guarded(graph, tick.now, self._look)

    def _look(self, graph: GraphRun, now: float) -> None:
        running = graph.running
        if running is None or not running.prepared.relations.gangs or not graph.startable:
            return
        plans = {plan.rule.name: plan for plan in wanting(running)}
        running.services &= plans.keys()  # before the next start, each is made again if it is gone
        for name, plan in plans.items():
            if name not in running.services:
                self._make(graph, running, plan, now)
        if plans:
            self._unlist(graph, running, plans)

    def _unlist(self, graph: GraphRun, running: Running, gangs: Collection[str]) -> None:
        """What is left of attempts before, on a lost node perhaps, would answer to the names of those that come."""
        for own in list(self._view.own(graph.ref.uid)):
            if own.pod.metadata.labels.get(names.LABEL_GANG) in gangs and not own.terminal:
                unit = unit_of(running.prepared.graph, own.identity)
                if unit is not None and own.identity.incarnation <= running.run.settled[unit]:
                    self._pods.unlist(own)

    def _make(self, graph: GraphRun, running: Running, plan: GangPlan, now: float) -> None:
        manifest = service_manifest(graph.ref, plan.rule.name, plan.port)
        key = (graph.ref.namespace, manifest["metadata"]["name"], graph.ref.uid)
        if not self._services.busy(key):
            self._services.make(key, manifest, partial(self._made, graph, running, plan.rule.name, now))

    def _made(self, graph: GraphRun, running: Running, gang: str, now: float, problem: str) -> None:
        if problem:
            self._events.write((graph.ref.namespace, graph.ref.name, graph.ref.uid), "Warning", "NoRendezvous", problem, now)
        else:
            running.services.add(gang)
        graph.call()


def wanting(running: Running) -> list[GangPlan]:
    """The gangs of which units want a place."""
    flow, gangs = running.prepared.relations.flow, running.prepared.relations.gangs
    if flow is None or not gangs:
        return []
    return [gangs[number] for number in sorted({flow.gang_of[unit] for unit in running.wants.start if flow.together(unit)})]
