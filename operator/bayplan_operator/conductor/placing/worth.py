"""What evicting a graph's pods would cost, told before anything is decided."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from bayplan.knowledge.run_times import TaskRun
from bayplan.lifecycle import Flow, UnitState
from bayplan_operator.conductor.queueing.queues import Queues
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.translate.own_pod import OwnPod, unit_of
from bayplan_operator.view import PodStore
from bayplan_operator.view.stakes import Worth

_LIVE = (int(UnitState.BINDING), int(UnitState.RUNNING))


Restart = Callable[[TaskRun, str], float]
"""Seconds until a pod of a task runs on a node, as far as that was learned."""


class TellWorth(Step):
    """Tells the pods of graphs what evicting them would cost, where a queue may evict anything."""

    def __init__(self, queues: Queues, restart: Restart, pods: PodStore) -> None:
        self._queues, self._restart, self._pods = queues, restart, pods

    def step(self, tick: Tick) -> None:
        """O(shards of touched graphs that have pods): any change of the queues touches all graphs."""
        if not self._queues.tree.preempts:
            return
        for graph in tick.touched:
            tick.graphs.guarded(graph, tick.now, self.tell)

    def tell(self, graph: GraphRun, now: float) -> None:
        """The pods of one graph. O(its shards that have pods)."""
        running = graph.running
        if running is None:
            return
        if not running.prepared.spec.preemptible:
            for own in list(self._pods.own(graph.ref.uid)):
                self._pods.value(own.key, None)
            return
        units = _Units(graph, running)
        for own in list(self._pods.own(graph.ref.uid)):
            unit = unit_of(running.prepared.graph, own.identity)
            newest = unit is not None and _newest(running, own, unit)
            self._pods.value(own.key, self._worth(units, own, unit) if newest and unit is not None else None)

    def _worth(self, units: "_Units", own: OwnPod, unit: int) -> Worth:
        running = units.running
        task = int(running.prepared.graph.unit_task[unit])
        checkpoint = running.prepared.spec.tasks[task].checkpoint
        together, started, evictions = units.together(unit)
        return Worth(
            unit=together,
            priority=running.prepared.spec.priority,
            spare=unit in units.spare,
            started=started,
            evictions=evictions,
            checkpoint_every=None if checkpoint is None else checkpoint.every,
            restart=self._restart(running.prepared.runs[task], own.pod.spec.node_name),
            slack=_slack(units.graph, running, unit),
        )


class _Units:
    """What is evicted together, and what is known of that as a whole."""

    def __init__(self, graph: GraphRun, running: Running) -> None:
        self.graph, self.running = graph, running
        self.spare = frozenset(_spare(running, running.prepared.relations.flow))
        self._gangs: dict[int, tuple[float | None, int]] = {}
        """By gang: since when it runs, and how often it was evicted."""

    def together(self, unit: int) -> tuple[tuple[str, str, int], float | None, int]:
        """What it is evicted with, since when that runs, and how often that was evicted."""
        flow, uid = self.running.prepared.relations.flow, self.graph.ref.uid
        if flow is None or not flow.together(unit):
            return (uid, "unit", unit), *self._figures([unit])
        number = flow.gang_of[unit]
        if number not in self._gangs:
            self._gangs[number] = self._figures(list(flow.gangs[number].units))
        return (uid, "gang", number), *self._gangs[number]

    def _figures(self, units: list[int]) -> tuple[float | None, int]:
        run = self.running.run
        evictions = int(run.evictions[units].max())
        since = run.evicted_at[units] if evictions else run.begun[units]
        known = since[~np.isnan(since)]
        return float(known.max() if evictions else known.min()) if len(known) else None, evictions


def _newest(running: Running, own: OwnPod, unit: int) -> bool:
    """Something is lost with it: it is the attempt by which its shard goes."""
    run = running.run
    return bool(run.settled[unit] < run.incarnation[unit] == own.identity.incarnation and run.state[unit] in _LIVE)


def _spare(running: Running, flow: Flow | None) -> Iterator[int]:
    """Units without which the others go on: backups of what runs, and the last members of a gang above its minimum."""
    if flow is None:
        return
    graph, run = running.prepared.graph, running.run
    live = np.isin(run.state, _LIVE)
    for task, (primary, _) in flow.backed_up_by.items():
        first, of_primary = int(graph.unit_start[task]), int(graph.unit_start[primary])
        yield from (first + shard for shard in range(graph.tasks[task].shards) if live[of_primary + shard])
    for gang in flow.gangs:
        there = [unit for unit in sorted(gang.units) if live[unit]]
        if gang.elastic:
            yield from there[gang.minimum :]


def _slack(graph: GraphRun, running: Running, unit: int) -> float | None:
    """Seconds by which its graph may end later: than it is expected to end, or than what follows the unit takes at least."""
    deadline = graph.known.deadline
    if deadline is None:
        return None
    forecast = None if graph.outlook is None else graph.outlook.forecast
    end = None if forecast is None else forecast.completion
    if end is None:
        started = float(running.run.started[unit])
        if math.isnan(started):
            return None
        end = started + float(running.foreseen.critical_path[int(running.prepared.graph.unit_task[unit])])
    return deadline - end
