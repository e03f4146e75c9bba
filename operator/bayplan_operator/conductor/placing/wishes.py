"""Which shards want a place, as the decider is told."""

import math
from collections.abc import Callable, Container, Hashable, Iterable
from dataclasses import replace

from bayplan.core.changes import Changes
from bayplan.model.run_law import RunLaw
from bayplan.model.workload import Gang, Request
from bayplan.strategy.wish import Wish
from bayplan_operator.conductor.placing.ganging import gangs_wanting
from bayplan_operator.conductor.placing.near_data import asked_by
from bayplan_operator.conductor.placing.neighbouring import neighbour_of_unit
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.translate.task_identity import TaskId

LawOf = Callable[[Running, int], RunLaw | None]
"""How long an attempt of a task runs."""


def unknown(running: Running, task: int) -> None:
    """Nothing is known of it."""


class Wishes:
    """What the decider was told of which graphs' shards."""

    def __init__(self, law_of: LawOf = unknown) -> None:
        self._law_of = law_of
        self._told: dict[str, dict[Hashable, Wish]] = {}
        """By UID of a graph and id of a request."""

    def changes(self, graphs: Iterable[GraphRun], gone: Iterable[str] = ()) -> Changes:
        """What is new since the last time, of these graphs; those of the UIDs ``gone`` want nothing any more.

        O(shards of these graphs that want a place).
        """
        wanted: list[Wish] = []
        dropped: list[Hashable] = [id_ for uid in gone for id_ in self._told.pop(uid, {})]
        for graph in graphs:
            before, told = self._told.pop(graph.ref.uid, {}), {}
            for wish in _wishes(graph, self._law_of):
                id_ = wish.request.id
                told[id_] = wish
                known = before.pop(id_, None)
                if known is None or known.request is not wish.request or known.strategy is not wish.strategy:
                    wanted.append(wish)
            if told:
                self._told[graph.ref.uid] = told
            dropped += before
        return Changes(wanted=tuple(wanted), dropped=tuple(dropped))

    def told(self, graph_uid: str) -> Container[Hashable]:
        """Ids of the requests of a graph that the decider knows."""
        return self._told.get(graph_uid, {})

    def placed(self, graph_uid: str, id_: Hashable) -> None:
        """A shard of a graph has its place, and wants none any more."""
        self._told.get(graph_uid, {}).pop(id_, None)


def _wishes(graph: GraphRun, law_of: LawOf) -> Iterable[Wish]:
    running, policy = graph.running, graph.known.policy
    if running is None or policy is None or graph.known.queue_stop is not None or not graph.startable:
        return
    strategy = policy.placing(graph.decided.strategy)
    gangs, relations = gangs_wanting(graph, running), running.prepared.relations
    for unit in running.wants.start:
        if relations.flow is not None and relations.flow.together(unit) and unit not in gangs:
            continue  # its pods could not find each other yet
        if running.choices is not None and not running.choices.settled(int(running.prepared.graph.unit_task[unit])):
            continue  # which program they run is not decided yet
        request = running.asking.requests.get(unit)
        if request is None or (request.gang is not None and request.gang != gangs.get(unit)):
            request = request_of(graph, running, unit, gangs.get(unit))
            law = law_of(running, int(running.prepared.graph.unit_task[unit]))
            request = running.asking.requests[unit] = request if law is None else replace(request, run=law)
        yield Wish(request, strategy, policy.name, graph.decided.strategy)


def request_of(graph: GraphRun, running: Running, unit: int, gang: Gang | None = None) -> Request:
    """What a shard asks for, with what is expected of its task by now."""
    task = int(running.prepared.graph.unit_task[unit])
    written = running.prepared.spec.tasks[task]
    return Request(
        id=(graph.ref.uid, unit),
        request_class=asked_by(running, unit),
        priority=running.prepared.spec.priority,
        critical_path=float(running.foreseen.critical_path[task]),
        arrival=(graph.decided.accepted_at, graph.ref.namespace, graph.ref.name),
        task=TaskId.of(running.prepared.runs[task]).text,
        name=f"{graph.ref.name}/{written.name}",
        deadline=graph.known.deadline,
        duration=_duration(running, task),
        graph=graph.ref.uid,
        unit=unit,
        namespace=graph.ref.namespace,
        queue=running.prepared.spec.queue_name,
        since=_since(running, unit),
        preemptible=running.prepared.spec.preemptible,
        evicted_at=_evicted_at(running, unit),
        neighbour=neighbour_of_unit(graph, running, unit),
        gang=gang,
    )


def _since(running: Running, unit: int) -> float | None:
    """When its tasks before had succeeded and its back-off was over, as its record says."""
    ready = float(running.run.ready_at[unit])
    return None if math.isnan(ready) else max(ready, float(running.run.not_before[unit]))


def _evicted_at(running: Running, unit: int) -> float | None:
    at = float(running.run.evicted_at[unit])
    return None if math.isnan(at) else at


def _duration(running: Running, task: int) -> float:
    """What was learned, or what the author says; 0: not known."""
    learned = math.nan if running.foreseen.seconds is None else float(running.foreseen.seconds[task])
    return (running.prepared.spec.tasks[task].expected_duration or 0.0) if math.isnan(learned) else learned
