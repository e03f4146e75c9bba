"""What evicting a graph's pods would cost, told before anything is decided."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bayplan.knowledge.run_times import TaskRun
from bayplan.lifecycle import Flow, Run, UnitState
from bayplan_operator import names
from bayplan_operator.conductor.queueing.queues import Queues
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.translate.own_pod import PodKey
from bayplan_operator.view import PodStore
from bayplan_operator.view.stakes import Worth

_LIVE = (int(UnitState.BINDING), int(UnitState.RUNNING))


class Restarts(Protocol):
    """What was learned of how long pods take to start."""

    @property
    def renewals(self) -> int:
        """Changes when something else was learned."""
        ...

    def restart(self, run: TaskRun, node: str) -> float:
        """Seconds until a pod of a task runs on a node; 0: not known."""
        ...


@dataclass(frozen=True, slots=True)
class _Told:
    """As of which state of a run its pods were told last, and what else that went by."""

    run: Run
    facts: tuple[object, ...]


class TellWorth(Step):
    """Tells the pods of graphs what evicting them would cost, where a queue may evict anything."""

    def __init__(self, queues: Queues, restarts: Restarts, pods: PodStore) -> None:
        self._queues, self._restarts, self._pods = queues, restarts, pods
        self._told: dict[str, _Told] = {}
        """By UID of a graph."""

    def step(self, tick: Tick) -> None:
        """O(units) vector operations per touched graph, and O(units that have changed); any change of the queues touches all
        graphs."""
        if not self._queues.tree.preempts:
            self._told.clear()
            return
        for graph in tick.touched:
            tick.graphs.guarded(graph, tick.now, self.tell)

    def forget(self, uid: str) -> None:
        """The graph is over or gone."""
        self._told.pop(uid, None)

    def tell(self, graph: GraphRun, now: float) -> None:
        """The pods of one graph."""
        running, uid = graph.running, graph.ref.uid
        if running is None:
            return
        units, before = _Units(graph, running), self._told.get(uid)
        spec, prepared, forecast = running.prepared.spec, running.prepared, graph.outlook and graph.outlook.forecast
        end = forecast.completion if forecast else None
        facts = (
            spec.preemptible, spec.priority, graph.known.deadline, end, units.spare, self._restarts.renewals, id(prepared)
        )  # fmt: skip
        self._told[uid] = _Told(running.run, facts)
        for unit in _changed(None if before is None or before.facts != facts else before.run, running):
            if before is not None and before.run.incarnation[unit] != running.run.incarnation[unit]:
                self._pods.value(units.key(unit, int(before.run.incarnation[unit])), None)
            worth = self._worth(units, unit) if spec.preemptible and _lives(running.run, unit) else None
            self._pods.value(units.key(unit, int(running.run.incarnation[unit])), worth)

    def _worth(self, units: "_Units", unit: int) -> Worth:
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
            restart=self._restarts.restart(running.prepared.runs[task], running.run.node[unit]),
            slack=_slack(units.graph, running, unit),
        )


class _Units:
    """What is evicted together, and what is known of that as a whole."""

    def __init__(self, graph: GraphRun, running: Running) -> None:
        self.graph, self.running = graph, running
        self.spare = frozenset(_spare(running, running.prepared.relations.flow))
        self._gangs: dict[int, tuple[float | None, int]] = {}
        """By gang: since when it runs, and how often it was evicted."""

    def key(self, unit: int, incarnation: int) -> PodKey:
        """The pod of an attempt."""
        library, ref = self.running.prepared.graph, self.graph.ref
        task = int(library.unit_task[unit])
        shard = unit - int(library.unit_start[task])
        return ref.namespace, names.pod_name(ref.name, ref.uid, library.tasks[task].name, shard, incarnation)

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


def _lives(run: Run, unit: int) -> bool:
    """Something is lost with its newest attempt: that is the one by which its shard goes."""
    return bool(run.settled[unit] < run.incarnation[unit] and run.state[unit] in _LIVE)


def _changed(before: Run | None, running: Running) -> list[int]:
    """The units of which something else is to be told; ``None``: all that have had an attempt. O(units) vector operations."""
    run, flow = running.run, running.prepared.relations.flow
    if before is None:
        return np.flatnonzero(run.incarnation > 0).tolist()
    other = np.isin(run.state, _LIVE) != np.isin(before.state, _LIVE)
    for name in ("incarnation", "settled", "evictions", "begun", "evicted_at", "started"):
        mine, theirs = getattr(run, name), getattr(before, name)
        other |= (mine != theirs) & ~((mine != mine) & (theirs != theirs))  # NaN equals NaN here
    units = np.flatnonzero(other).tolist()
    if flow is None or not flow.gangs:
        return units
    gangs = {flow.gang_of[unit] for unit in units if flow.together(unit)}
    return sorted({*units, *(unit for number in gangs for unit in flow.gangs[number].units)})


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
