"""What no schedule could have beaten, by the durations of a run."""

import numpy as np

from bayplan.foresight.estimates.course import LeastCourse, longest_chain, round_seconds
from bayplan.lifecycle import Flow, Gate
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.resources import PODS
from bayplan.simulation import AttemptOutcome, Trace, TrueRunTimes


class Bounds:
    """Durations as they were, and as they would have been on the fastest nodes."""

    def __init__(self, trace: Trace, run_times: TrueRunTimes) -> None:
        self._trace = trace
        self._speeds = np.array([run_times.speeds.get(node.node_class, 1.0) for node in trace.nodes])
        self._fastest = float(self._speeds.max())
        attempts = trace.attempts
        self._done = np.flatnonzero((attempts.outcome == AttemptOutcome.SUCCEEDED) & ~_given_up(trace))
        self._seconds = (attempts.ended_at - attempts.started_at)[self._done]
        self._unslowed = self._seconds / attempts.slowed[self._done]
        """As if nothing had been hidden on their nodes."""
        self._by_graph = np.argsort(attempts.graph[self._done], kind="stable")
        self._starts = np.searchsorted(attempts.graph[self._done][self._by_graph], np.arange(len(trace.graphs) + 1))
        self._surplus = self._left_out()
        """Of attempts that succeeded: a round could have gone on without them, or they were backups."""

    def durations(self, graph: int, *, fastest: bool) -> FloatArray:
        """Seconds per task: of the longest shard that succeeded, where none has, what is expected.

        Of what repeats, those of all rounds together; where gates decide what runs, none of what did not.
        """
        submission = self._trace.submissions[graph]
        if submission.flow is not None:
            return np.asarray(sum(self._of_rounds(graph, submission.flow, fastest=fastest, whole=True)))
        hints = np.array([task.duration for task in submission.graph.tasks])
        base = hints if submission.actual is None else submission.actual
        seconds = base / self._fastest
        rows, took = self._took(graph, fastest=fastest)
        longest = np.zeros(len(seconds))
        np.maximum.at(longest, self._trace.attempts.task[rows], took)
        return np.where(longest > 0, longest, seconds)

    def of_graph(self, graph: int) -> float:
        """Seconds of its longest chain on the fastest nodes, or of its work over what all nodes have."""
        return max(self._chain(graph), *self._areas(self._of(graph)), 0.0)

    def of_all(self) -> float:
        """Seconds from the first submission: the longest chain of any graph, or the work over what all nodes have."""
        submitted = self._trace.graphs.submitted_at
        chains = [at + self._chain(graph) for graph, at in enumerate(submitted.tolist())]
        return float(max(max(chains) - float(submitted.min()), *self._areas(self._by_graph), 0.0))

    def _of(self, graph: int) -> IntArray:
        """Which of the attempts that succeeded are of a graph."""
        return self._by_graph[self._starts[graph] : self._starts[graph + 1]]

    def _took(self, graph: int, *, fastest: bool) -> tuple[IntArray, FloatArray]:
        """The attempts of a graph that succeeded, and their seconds."""
        mine = self._of(graph)
        rows = self._done[mine]
        if not fastest:
            return rows, self._seconds[mine]
        return rows, self._unslowed[mine] * self._speeds[self._trace.attempts.node[rows]] / self._fastest

    def _of_rounds(self, graph: int, flow: Flow, *, fastest: bool, whole: bool) -> list[FloatArray]:
        """Seconds per task in each round; what does not repeat is in the first. `whole`: of the longest shard, else until as
        many had succeeded as were needed."""
        attempts, tasks = self._trace.attempts, len(self._trace.submissions[graph].graph.tasks)
        rows, took = self._took(graph, fastest=fastest)
        found = [np.zeros(tasks) for _ in range(max(1, self._trace.graphs.rounds[graph]))]
        rounds = np.maximum(attempts.round[rows], 1) - 1
        for number, seconds in enumerate(found):
            for task in range(tasks):
                own = np.sort(took[(attempts.task[rows] == task) & (rounds == number)])
                if len(own):
                    seconds[task] = own[-1 if whole else min(len(own), max(int(flow.minimum[task]), 1)) - 1]
        return found

    def _chain_of_flow(self, graph: int, flow: Flow) -> float:
        first, *others = self._of_rounds(graph, flow, fastest=True, whole=False)
        shape = self._trace.submissions[graph].graph
        repeated = np.zeros(len(first), bool) if flow.repeated is None else flow.repeated.tasks
        first[list(flow.backed_up_by)] = 0.0
        given = LeastCourse(first > 0, flow.minimum, flow.gate == Gate.ANY, repeated)
        return longest_chain(shape, first, given, sum(round_seconds(shape, each, given) for each in others))[0]

    def _left_out(self) -> IntArray:
        attempts, found = self._trace.attempts, []
        for graph, submission in enumerate(self._trace.submissions):
            flow, rounds = submission.flow, submission.rounds
            if flow is not None and flow.backups:
                backups = np.isin(attempts.task[self._done[self._of(graph)]], list(flow.backed_up_by))
                found += self._of(graph)[backups].tolist()
            if flow is None or rounds is None or not rounds.limited:
                continue
            mine = self._of(graph)[np.argsort(self._seconds[self._of(graph)], kind="stable")]
            seen: dict[tuple[int, int], int] = {}
            for each in mine.tolist():
                task, number = int(attempts.task[self._done[each]]), int(attempts.round[self._done[each]])
                seen[task, number] = seen.get((task, number), 0) + 1
                if number and seen[task, number] > flow.minimum[task]:
                    found.append(each)
        return np.unique(np.array(found, np.int64))

    def _chain(self, graph: int) -> float:
        flow = self._trace.submissions[graph].flow
        if flow is not None:
            return self._chain_of_flow(graph, flow)
        return float(self._trace.submissions[graph].graph.critical_path_length(self.durations(graph, fastest=True)))

    def _areas(self, done: IntArray) -> list[float]:
        """Per resource, seconds of work over all nodes. `done`: which of the attempts that succeeded."""
        attempts, nodes = self._trace.attempts, self._trace.nodes
        done = np.setdiff1d(done, self._surplus, assume_unique=True) if len(self._surplus) else done
        took = self._unslowed[done] * self._speeds[attempts.node[self._done[done]]]
        work: dict[str, float] = {}
        for row, seconds in zip(self._done[done].tolist(), took.tolist(), strict=True):
            for resource, amount in self._trace.request_class(row).resources:
                if resource != PODS:
                    work[resource] = work.get(resource, 0.0) + amount * seconds
        speeds = self._speeds.tolist()
        room = {
            resource: sum(node.allocatable.get(resource, 0) * speed for node, speed in zip(nodes, speeds, strict=True))
            for resource in work
        }
        return [amount / room[resource] for resource, amount in work.items() if room[resource]]


def _given_up(trace: Trace) -> BoolArray:
    """Per attempt, whether its candidate was given up later in the same round, so that what it did came to nothing."""
    attempts = trace.attempts
    found, last = np.zeros(len(attempts), bool), dict[tuple[int, int, int], int]()
    for row in np.flatnonzero(attempts.candidate >= 0)[::-1].tolist():  # the last one first
        key = int(attempts.graph[row]), int(attempts.task[row]), int(attempts.round[row])
        found[row] = last.setdefault(key, int(attempts.candidate[row])) != attempts.candidate[row]
    return found
