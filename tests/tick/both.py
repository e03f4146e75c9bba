"""The same graphs on the same nodes, once in the simulator and once in the cluster in memory."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bayplan.knowledge.load import LoadTracker, Reading
from bayplan.model.workload import NodeInfo
from bayplan.simulation import (
    AttemptOutcome,
    Delays,
    Ending,
    Failures,
    HiddenLoad,
    Policy,
    Scrapes,
    Setup,
    Trace,
    TrueRunTimes,
    simulate,
)
from bayplan_operator import names
from bayplan_operator.cli.work.inputs import with_queues
from bayplan_operator.conductor.knowledge.load import Load, load_model
from bayplan_operator.conductor.outlook.forecasting import forecast
from bayplan_operator.kube import wire
from bayplan_operator.settings import PrometheusSettings
from bayplan_operator.translate.node import node_info
from bayplan_operator.translate.policy import compile_policy
from bayplan_operator.view.prometheus import PollResult, built_in
from bayplan_operator.view.prometheus.readings import Measured
from bayplan_operator.workflows import read_graphs
from bayplan_operator.workflows.graphs import SUBMIT_AFTER
from tests.testbed.nodes import NodeKind
from tests.tick.api.kinds import NODE, QUEUE, TASK_GRAPH
from tests.tick.api.schema import completed, schema
from tests.tick.api.store import Object
from tests.tick.loop import EPOCH
from tests.tick.machinery.kubelets import as_left, as_said
from tests.tick.seen import NAMESPACE, label
from tests.tick.world import World

BEGIN = 10.0
"""Seconds that the operator is at work before the simulator's begin."""
GATHER = 1e-6
"""What happens at one instant is one tick, as in the simulator, and takes no time."""
ESTIMATES = 30.0
"""Seconds that an estimate takes: no decision goes by it, and the longer it takes, the fewer are made."""
DRAWING = ("choosing", "drawing")
"""The parts of the simulator that draw lots by what stands for the UID of a graph."""
Unit = tuple[str, str, int, int]
"""Graph, task, shard, incarnation."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A decision: when, in seconds after the begin, where to, and the words for it."""

    at: float
    """Equal to others within the milliseconds that the API server keeps, and what a tick waits for more news."""
    node: str
    why: str


@dataclass(slots=True)
class Case:
    """Graphs by name, with their specs and when they are submitted; policies by name; kinds of nodes with their numbers."""

    graphs: Mapping[str, tuple[float, Object]]
    policies: Mapping[str, Object]
    nodes: Sequence[tuple[NodeKind, int]]
    queues: Mapping[str, Object] = field(default_factory=dict)
    """By name, with their specs."""
    delays: Delays = field(default_factory=Delays)
    learn: bool = False
    bandwidth: float = 125e6
    load: HiddenLoad | None = None
    failures: Failures = field(default_factory=Failures)
    noise: float = 0.0
    goes_on: float = 0.0
    """Seconds that a pod would run on in the cluster that the simulator stops; it then has its room for a moment longer."""
    ending: float = 0.0
    """Seconds that a pod takes to end once it is asked to, where its grace is not shorter."""
    seed: int = 0
    until: float = 1e9
    """The instant at which both are looked at, where that is before the end."""

    def simulated(self, folder: Path) -> tuple[Trace, list[Reading]]:
        """What the simulator does, and what it measured on the way."""
        path = folder / "graphs.json"
        items = [*(_queue(name, spec) for name, spec in self.queues.items()), *(self._manifest(each) for each in self.graphs)]
        path.write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": items}))
        policies = {}
        for name, spec in self.policies.items():
            compiled = compile_policy({"metadata": {"name": name}, "spec": completed(spec, _spec("placementpolicies"))})
            policies[name] = Policy(compiled.strategy, compiled.spec.node_loss_grace, compiled.adaptive)
        setup = Setup(
            self._nodes(), policies, TrueRunTimes(noise=self.noise), delays=self.delays, learn=self.learn,
            bandwidth=self.bandwidth, load=self.load, failures=self.failures, seed=self.seed, until=self.until,
            plan_steps=0,  # the operator searches for better plans beside its ticks, for as long as it has time
        )  # fmt: skip
        readings: list[Reading] = []

        class Recording(LoadTracker):
            def take(self, reading: Reading, *rest: Any) -> Any:
                readings.append(reading)
                return super().take(reading, *rest)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("bayplan.simulation.scraping.LoadTracker", Recording)
            for part in DRAWING:
                patch.setattr(f"bayplan.simulation.{part}.identity", lambda seed, number: uid_of(number))
            work = read_graphs([path])
            return simulate(work.submissions, with_queues(setup, work)), readings

    def operated(self, trace: Trace, readings: Sequence[Reading] = ()) -> World:
        """The cluster at the end. Pods run as long as in the simulator, say what they say there, and measured is what was
        measured there."""
        world = World(gather=GATHER, bandwidth=self.bandwidth, seed=self.seed, plan_wait=3600.0)
        world.store.uids = {each.name.rpartition("/")[2]: uid_of(number) for number, each in enumerate(trace.submissions)}
        for kind, count in self.nodes:
            world.add_nodes(kind, count)
        for name, spec in self.policies.items():
            world.create_policy(name, **spec)
        for name, spec in self.queues.items():
            world.store.create(QUEUE, "", _queue(name, spec))
        world.scheduler.delay, world.kubelets.delay = self.delays.binding, self.delays.starting
        world.kubelets.ending = self.ending
        took = _took(trace, self.goes_on)
        world.kubelets.seconds = lambda pod: str(took[_unit(pod)][0]) if _unit(pod) in took else as_said(pod)
        world.kubelets.exit_code = lambda pod: _code(trace, took[_unit(pod)][1], pod) if _unit(pod) in took else 0
        world.kubelets.message = partial(_said, trace)
        world.operator.start(Load(PROMETHEUS) if self.load is not None else None)
        world.loop.takes[forecast] = ESTIMATES
        world.controllers.noticing, world.controllers.returning = self.delays.noticing, 0.0
        end = min(self.until, trace.ended_at)
        for at, what in sorted(self._happens(world, readings), key=lambda each: each[0]):
            if at <= end:
                world.run(BEGIN + at - world.loop.passed)
                what()
        world.run(BEGIN + end + 0.5 - world.loop.passed)
        return world

    def _policies(self) -> dict[str, Policy]:
        made = {}
        for name, spec in self.policies.items():
            compiled = compile_policy({"metadata": {"name": name}, "spec": completed(spec, _spec("placementpolicies"))})
            made[name] = Policy(compiled.strategy, compiled.spec.node_loss_grace, compiled.adaptive)
        return made

    def _happens(self, world: World, readings: Sequence[Reading]) -> list[tuple[float, Callable[[], object]]]:
        """All that happens by itself: when, and what."""
        found: list[tuple[float, Callable[[], object]]] = []
        for reading in readings:
            late = 0.0 if self.load is None or not reading.at else self.load.scrapes.delay
            known = PollResult(Measured(replace(reading, at=reading.at + EPOCH + BEGIN)))
            found.append((reading.at + late, partial(world.operator.measured, known)))
        for name, (at, _) in self.graphs.items():
            found.append((at, partial(world.store.create, TASK_GRAPH, NAMESPACE, self._manifest(name))))
        for crash in self.failures.crashes:
            found.append((crash.at, partial(world.controllers.kill, crash.node)))
            found.append((crash.repaired, partial(world.controllers.revive, crash.node)))
        return found

    def _manifest(self, name: str) -> Object:
        at, spec = self.graphs[name]
        metadata = {"name": name, "namespace": NAMESPACE, "annotations": {SUBMIT_AFTER: f"{round(1000 * at)}ms"}}
        made = completed(spec, _spec("taskgraphs"))
        return {"apiVersion": names.API_VERSION, "kind": names.TASK_GRAPH, "metadata": metadata, "spec": made}

    def _nodes(self) -> list[NodeInfo]:
        world = World()
        for kind, count in self.nodes:
            world.add_nodes(kind, count)
        found = [node_info(msgspec.convert(node, wire.Node, strict=False)) for node in world.store.all(NODE)]
        world.close()
        return found


_AGES = 10_000.0
"""Seconds that a pod would run on that is evicted."""
PROMETHEUS = PrometheusSettings("http://prometheus.test", interval=15.0)


def scrapes(delay: float = 5.0) -> Scrapes:
    """As the operator takes what is measured."""
    return Scrapes(PROMETHEUS.interval, delay, model=load_model(PROMETHEUS.interval, built_in().window))


def _queue(name: str, spec: Object) -> Object:
    return {"apiVersion": names.API_VERSION, "kind": names.QUEUE, "metadata": {"name": name}, "spec": spec}


def in_the_simulator(trace: Trace) -> dict[Unit, Placed]:
    """Every decision of it."""
    attempts = trace.attempts
    return {
        unit: Placed(round(float(attempts.placed_at[row]), 2), trace.nodes[attempts.node[row]].name, attempts.why[row])
        for row, unit in enumerate(_units(trace))
        if attempts.node[row] >= 0
    }


def in_the_cluster(world: World) -> dict[Unit, Placed]:
    """Every decision of the operator, as its pods show it."""
    found: dict[Unit, Placed] = {}
    for pod in world.created():
        said = pod["metadata"]["annotations"]
        at = world.store.born_at[pod["metadata"]["uid"]] - EPOCH - BEGIN
        assert _unit(pod) not in found, f"{_unit(pod)} was created twice"
        found[_unit(pod)] = Placed(round(at, 2), said["bayplan.dev/node"], said["bayplan.dev/why"])
    return found


def _units(trace: Trace) -> list[Unit]:
    attempts, found = trace.attempts, []
    for row in range(len(attempts)):
        submission = trace.submissions[attempts.graph[row]]
        name, task = submission.name.rpartition("/")[2], submission.graph.tasks[attempts.task[row]].name
        found.append((name, task, int(attempts.shard[row]), int(attempts.incarnation[row])))
    return found


def _unit(pod: Object) -> Unit:
    graph, task, shard, incarnation = (label(pod, f"bayplan.dev/{part}") for part in ("graph", "task", "shard", "incarnation"))
    return graph, task, int(shard), int(incarnation)


def _said(trace: Trace, pod: Object) -> str:
    """What a pod leaves: what the simulator was given for its task and round, else what its annotations have."""
    ending = _ending(trace, pod)
    told = {each["name"]: each.get("value") for each in pod["spec"]["containers"][0].get("env", ())}
    return json.dumps(dict(ending.said(int(told.get("BAYPLAN_ROUND") or 0)))) if ending.results else as_left(pod)


def _code(trace: Trace, outcome: int, pod: Object) -> int:
    return (_ending(trace, pod).exit_code or 1) if outcome == AttemptOutcome.FAILED else 0


def _ending(trace: Trace, pod: Object) -> Ending:
    """What the simulator was given of how the pod ends."""
    for submission in trace.submissions:
        if submission.name.rpartition("/")[2] == label(pod, "bayplan.dev/graph") and submission.endings:
            task, runs = submission.graph.index[label(pod, "bayplan.dev/task")], pod["metadata"]["annotations"]
            if task not in submission.candidates:
                return submission.endings[task]
            of_task, name = submission.candidates[task].candidates, runs[names.ANNOTATION_CANDIDATE]
            return next(each.ending for each in of_task if each.name == name)
    return Ending()


def uid_of(number: int) -> str:
    """What both take for the UID of a graph, by which lots are drawn. `number`: in the order of their submission."""
    return str(uuid.UUID(int=number + 1))


def _took(trace: Trace, goes_on: float) -> dict[Unit, tuple[float, int]]:
    """How long each attempt runs, and how it ended."""
    attempts = trace.attempts
    longer = goes_on * (attempts.outcome == AttemptOutcome.STOPPED)
    longer += _AGES * (attempts.outcome == AttemptOutcome.PREEMPTED)
    seconds = (attempts.ended_at - attempts.started_at + longer).tolist()
    rows = [(row, unit) for row, unit in enumerate(_units(trace)) if seconds[row] == seconds[row]]
    return {unit: (seconds[row], int(attempts.outcome[row])) for row, unit in rows}


def _spec(plural: str) -> Object:
    found: Object = schema(plural)["properties"]["spec"]
    return found
