"""From the jobs of a trace to submissions: each job is a graph of one task."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from bayplan.admission.queue import Queue
from bayplan.knowledge.run_times import TaskRun
from bayplan.lifecycle import Flow, GangRule
from bayplan.model.graph import Graph, Task
from bayplan.model.resources import PODS
from bayplan.model.run_law import RunLaw
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import Submission
from bayplan_operator.api.v1alpha1 import DEFAULT_QUEUE
from bayplan_operator.workflows.labels import label
from bayplan_operator.workflows.traces.jobs import TraceJobs
from bayplan_operator.workflows.traces.queueing import JobQueues, without_queue

POLICY = "default"
"""Of all jobs, unless the command line names another."""
_TASK = "job"
_BINDING = 600.0
"""Seconds within which all pods of a job have to be bound."""


class WithTraces(Protocol):
    """What files hold of graphs, traces and queues."""

    submissions: list[Submission]
    traces: list[TraceJobs]
    queues: dict[str, Queue]
    left_out: list[str]


def add_jobs(workload: WithTraces, queues: JobQueues, nodes: Sequence[NodeInfo]) -> None:
    """The jobs of all traces join the submissions. `nodes`: of processors, a pod has as many as the largest of them."""
    taken = {each.name for each in workload.submissions}
    for jobs in workload.traces:
        wanted = queues.of(jobs)
        workload.left_out += without_queue(jobs, wanted, workload.queues)
        workload.submissions += _Maker(jobs, nodes, workload.queues, taken).made(wanted)


class _Maker:
    """Of one trace. Graphs and classes that are alike are one object."""

    def __init__(self, jobs: TraceJobs, nodes: Sequence[NodeInfo], queues: dict[str, Queue], taken: set[str]) -> None:
        self._jobs, self._nodes, self._queues, self._taken = jobs, nodes, queues, taken
        self._stem = label(jobs.path.name.split(".")[0])
        self._graphs: dict[tuple[float, int], Graph] = {}
        self._flows: dict[int, Flow] = {}
        self._most: dict[RequestClass, int] = {}
        self._classes: dict[tuple[RequestClass, int], RequestClass] = {}
        self._laws: dict[float, RunLaw] = {}

    def made(self, queues: Sequence[str]) -> Iterator[Submission]:
        """`queues`: per job, the name of its queue."""
        jobs = self._jobs
        columns = (jobs.submitted, jobs.seconds, jobs.requested, jobs.parts, jobs.priority)
        rows = zip(jobs.names, jobs.user, jobs.classes, queues, *(each.tolist() for each in columns), strict=True)
        for name, user, asked, queue, at, seconds, requested, parts, priority in rows:
            sizes = self._sizes(asked, parts)
            graph = self._graph(requested, len(sizes))
            owner = f"{self._stem}-{user or 'jobs'}"
            yield Submission(
                self._name(name),
                graph,
                (self._class(asked, sizes[0]),),
                at=at,
                priority=priority,
                policy=POLICY,
                queue=queue if queue in self._queues else self._default,
                counted_in=queue,
                actual=np.array([seconds]),
                laws=(self._law(requested),),
                runs=(TaskRun(f"{owner}/{parts}", owner, hint=requested),),
                flow=self._flow(graph) if len(sizes) > 1 else None,
                own_classes={at: self._class(asked, size) for at, size in enumerate(sizes) if size != sizes[0]},
            )

    @property
    def _default(self) -> str | None:
        return DEFAULT_QUEUE if DEFAULT_QUEUE in self._queues else None

    def _name(self, said: str) -> str:
        plain = f"default/{self._stem}-{label(said)}"
        found, number = plain, 1
        while found in self._taken:
            number += 1
            found = f"{plain}-{number}"
        self._taken.add(found)
        return found

    def _sizes(self, asked: RequestClass, parts: int) -> list[int]:
        """How many parts each pod has: the fewest pods that fit some node, as even as can be."""
        if not self._jobs.divisible:
            return [1] * parts
        most = self._most.get(asked)
        if most is None:
            most = self._most[asked] = max(1, *(_parts_of(node, asked) for node in self._nodes))
        pods = -(-parts // most)
        return [parts // pods + (number < parts % pods) for number in range(pods)]

    def _class(self, asked: RequestClass, parts: int) -> RequestClass:
        if parts == 1:
            return asked
        found = self._classes.get((asked, parts))
        if found is None:
            amounts = tuple((resource, amount if resource == PODS else amount * parts) for resource, amount in asked.resources)
            found = self._classes[asked, parts] = replace(asked, resources=amounts)
        return found

    def _graph(self, requested: float, pods: int) -> Graph:
        found = self._graphs.get((requested, pods))
        if found is None:
            found = self._graphs[requested, pods] = Graph.build([Task(_TASK, shards=pods, duration=requested)])
        return found

    def _flow(self, graph: Graph) -> Flow:
        found = self._flows.get(graph.units)
        if found is None:
            gang = GangRule(_TASK, tuple(range(graph.units)), graph.units, _BINDING)
            found = self._flows[graph.units] = replace(Flow.plain(graph), gangs=(gang,))
        return found

    def _law(self, requested: float) -> RunLaw:
        found = self._laws.get(requested)
        if found is None:
            found = self._laws[requested] = RunLaw(requested, most=requested)
        return found


def _parts_of(node: NodeInfo, asked: RequestClass) -> int:
    """How many parts a node has room for when it is empty."""
    return min(node.allocatable.get(resource, 0) // amount for resource, amount in asked.resources if resource != PODS)
