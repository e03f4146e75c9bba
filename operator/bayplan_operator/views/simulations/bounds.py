"""What no schedule could have beaten, by the durations of a run."""

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.resources import PODS
from bayplan.simulation import AttemptOutcome, Trace, TrueRunTimes


class Bounds:
    """Durations as they were, and as they would have been on the fastest nodes."""

    def __init__(self, trace: Trace, run_times: TrueRunTimes) -> None:
        self._trace = trace
        self._speeds = np.array([run_times.speeds.get(node.node_class, 1.0) for node in trace.nodes])
        self._fastest = float(self._speeds.max())
        attempts = trace.attempts
        self._done = np.flatnonzero(attempts.outcome == AttemptOutcome.SUCCEEDED)
        self._seconds = (attempts.ended_at - attempts.started_at)[self._done]
        self._unslowed = self._seconds / attempts.slowed[self._done]
        """As if nothing had been hidden on their nodes."""
        self._by_graph = np.argsort(attempts.graph[self._done], kind="stable")
        self._starts = np.searchsorted(attempts.graph[self._done][self._by_graph], np.arange(len(trace.graphs) + 1))

    def durations(self, graph: int, *, fastest: bool) -> FloatArray:
        """Seconds per task: of the longest shard that succeeded, where none has, what is expected."""
        submission = self._trace.submissions[graph]
        hints = np.array([task.duration for task in submission.graph.tasks])
        base = hints if submission.actual is None else submission.actual
        seconds = base / self._fastest
        mine = self._by_graph[self._starts[graph] : self._starts[graph + 1]]
        rows, took = self._done[mine], self._seconds[mine]
        if fastest:
            took = self._unslowed[mine] * self._speeds[self._trace.attempts.node[rows]] / self._fastest
        longest = np.zeros(len(seconds))
        np.maximum.at(longest, self._trace.attempts.task[rows], took)
        return np.where(longest > 0, longest, seconds)

    def of_graph(self, graph: int) -> float:
        """Seconds of its longest chain on the fastest nodes, or of its work over what all nodes have."""
        mine = self._by_graph[self._starts[graph] : self._starts[graph + 1]]
        return max(self._chain(graph), *self._areas(mine), 0.0)

    def of_all(self) -> float:
        """Seconds from the first submission: the longest chain of any graph, or the work over what all nodes have."""
        submitted = self._trace.graphs.submitted_at
        chains = [at + self._chain(graph) for graph, at in enumerate(submitted.tolist())]
        return float(max(max(chains) - float(submitted.min()), *self._areas(self._by_graph), 0.0))

    def _chain(self, graph: int) -> float:
        return float(self._trace.submissions[graph].graph.critical_path_length(self.durations(graph, fastest=True)))

    def _areas(self, done: IntArray) -> list[float]:
        """Per resource, seconds of work over all nodes. `done`: which of the attempts that succeeded."""
        attempts, nodes = self._trace.attempts, self._trace.nodes
        took = self._unslowed[done] * self._speeds[attempts.node[self._done[done]]]
        work: dict[str, float] = {}
        for row, seconds in zip(self._done[done].tolist(), took.tolist(), strict=True):
            for resource, amount in self._trace.submissions[attempts.graph[row]].classes[attempts.task[row]].resources:
                if resource != PODS:
                    work[resource] = work.get(resource, 0.0) + amount * seconds
        speeds = self._speeds.tolist()
        room = {
            resource: sum(node.allocatable.get(resource, 0) * speed for node, speed in zip(nodes, speeds, strict=True))
            for resource in work
        }
        return [amount / room[resource] for resource, amount in work.items() if room[resource]]
