"""What was learned, and what follows from it: expected run times, efficiencies, how surely nodes hold out."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.efficiency import Efficiency
from bayplan.knowledge.node_states import Survival
from bayplan.knowledge.round_counts import RoundCounts
from bayplan.knowledge.run_times import EndedRun, RunTime, RunTimes, StartUps, TaskRun
from bayplan.knowledge.run_times.expectations import Expectations
from bayplan.knowledge.run_times.of_graph import critical_path
from bayplan.lifecycle import Run
from bayplan.model.workload import Request
from bayplan_operator import metrics, names
from bayplan_operator.clock import Clock
from bayplan_operator.conductor.knowledge import outcomes, round_counts
from bayplan_operator.conductor.knowledge.expectations import Renewal
from bayplan_operator.conductor.knowledge.lateness import tell_late
from bayplan_operator.conductor.knowledge.node_memory import NodeMemory
from bayplan_operator.conductor.knowledge.profiles import Profiles
from bayplan_operator.conductor.knowledge.run_laws import LearnedLaws
from bayplan_operator.conductor.knowledge.told import ToldNumbers
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.translate import run_record
from bayplan_operator.translate.choice_record import recorded_choices
from bayplan_operator.translate.containers import start_up
from bayplan_operator.translate.own_pod import OwnPod
from bayplan_operator.translate.rounds_task import rounds_task
from bayplan_operator.translate.self_report import NOTHING, SelfReport, self_report
from bayplan_operator.translate.splitting import read_numbers
from bayplan_operator.translate.task_graph import InvalidGraph, Prepared, prepare, with_candidates, with_shards
from bayplan_operator.translate.task_identity import TaskId
from bayplan_operator.view import PodStore
from bayplan_operator.view.inbox import Inbox, Key

_CLASSES = 20_000
"""Nodes whose class is remembered, also once they are gone: what ran there may be seen later."""


class Knowledge(Step):
    """Learns from every attempt that ends, each once, and answers what strategies ask."""

    def __init__(self, cluster: Cluster, pods: PodStore, profiles: Profiles, nodes: NodeMemory, clock: Clock) -> None:
        self.profiles = profiles
        self.efficiency: Efficiency | None = None
        """None: no task has ended yet."""
        self._cluster = cluster
        self._pods = pods
        self._prepared: dict[str, Prepared] = {}
        """By UID, of the graphs that run."""
        self._told = ToldNumbers()
        self.forecast = Expectations(self.profiles.run_times, self._run_of)
        self.laws = LearnedLaws(self.forecast)
        self.renewals = 0
        """How often what is expected of all graphs was brought up to date."""
        self._renewal, self._monotonic = Renewal(self.forecast, clock), clock.monotonic
        self._followed_since: float | None = None
        """When a renewal was completed in this tick, by the monotonic clock."""
        self._nodes = nodes
        self._classes: dict[str, tuple[str, float]] = {}
        self._start_ups: tuple[int, StartUps | None] | None = None
        """How long pods take to start, as of which renewal."""
        self._static_version = -1
        self._started_at = clock.now()
        self._horizon: float | None = None

    @property
    def run_times(self) -> RunTimes:
        """All that was learned of run times."""
        return self.profiles.run_times

    @property
    def survival(self) -> Survival | None:
        """How surely nodes hold out; none: nothing was seen yet."""
        return self._nodes.survival

    def rounds(self, prepared: Prepared) -> RoundCounts:
        """How many rounds earlier graphs of its kind took; none where nothing was learned, or nothing may end them early."""
        task = rounds_task(prepared)
        return RoundCounts() if task is None else self.profiles.rounds(task)

    @property
    def start_ups(self) -> StartUps | None:
        """How long pods take to start; none: nothing was seen of it. O(tasks known)."""
        return StartUps.of(self.profiles.evaluation)

    def restart(self, run: TaskRun, node: str) -> float:
        """Seconds until a pod of a task runs on a node, as far as that was learned; 0: nothing was."""
        if self._start_ups is None or self._start_ups[0] != self.renewals:
            self._start_ups = self.renewals, self.start_ups
        known, where = self._start_ups[1], self._class_of(node)
        if known is None:
            return 0.0
        return float(known.table([TaskId.of(run).text], ["" if where is None else where[0]])[0, 0])

    def run(self, graph: GraphRun, task: int) -> TaskRun:
        """Under what a task's run times are learned, and what its author says of them. Raises ``ValueError`` for a graph that
        does not run."""
        if graph.running is None:
            raise ValueError(f"graph {graph.key} does not run")
        return graph.running.prepared.runs[task]

    # What is seen

    def take(self, news: Iterable[tuple[Key, Mapping[str, Any] | None]], now: float) -> None:
        """TaskProfiles that are new, have changed, or are gone."""
        for key, raw in news:
            self.profiles.take(key, raw, now)
        if self._horizon is None:  # with the first complete list; from then on it is fixed, whatever else is learned
            before = self.profiles.horizon
            self._horizon = self._started_at - outcomes.UNCOUNTED if before is None else before

    def meet(self, graph: GraphRun, raw: Mapping[str, Any], now: float) -> None:
        """A graph that this process sees for the first time: what its record says and no profile knows is learned now."""
        if graph.running is not None:
            self._prepared[graph.ref.uid] = graph.running.prepared
            self._learn_record(graph, graph.running.prepared, graph.running.run, now)
            self._learn_rounds(round_counts.seen(graph), now)
            self._expect(graph.running)
        elif graph.decided.ended and (graph.decided.completed_at or 0.0) > (self._horizon or 0.0):
            try:
                prepared = prepare(raw)
            except InvalidGraph:
                return  # it never ran, or its kind has changed since: nothing can be learned from it
            prepared = with_shards(prepared, read_numbers(prepared.divisible, graph.written.status))
            prepared = with_candidates(prepared, recorded_choices(prepared.graph, prepared.candidates, graph.written.status))
            lines = [line for line in graph.written.status.get("tasks") or () if isinstance(line, str)]
            state, _ = run_record.read(prepared.graph, lines, graph.decided.accepted_at or 0.0)
            self._learn_record(graph, prepared, state, now)
            self._learn_rounds(round_counts.recorded(graph, prepared, state), now)

    def advanced(self, graph: GraphRun, before: Run, now: float) -> None:
        """The graph's run has gone on from that state. O(units) where no attempt has ended."""
        running = graph.running
        if running is None:
            return
        prepared = running.prepared
        for ended in outcomes.since(graph.ref.uid, prepared.graph, before, running.run, prepared.relations.flow):
            self._learn(graph, running.prepared, ended, now, live=True)
        if running.run.rounds_over and not before.rounds_over:
            self._learn_rounds(round_counts.seen(graph), now)

    def step(self, tick: Tick) -> None:
        """Let what was learned count, once in a while; look at the nodes; write profiles that are due.

        O(touched graphs), unless learned run times begin to count.
        """
        self._followed_since = None  # a tick that failed did not come to its end
        for graph in tick.touched:
            uid, running = graph.ref.uid, graph.running
            if running is None:
                self.forget(uid)
            elif running.foreseen.seconds is None or self._prepared.get(uid) is not running.prepared:
                self._prepared[uid] = running.prepared
                self._expect(running)  # its spec or a candidate has changed, or its numbers of shards were decided
        self._remember_classes()
        self._nodes.step(tick.now)
        for family, task, known in self.profiles.changed:
            (self.forecast.learned if known else self.forecast.forgotten)(family, task)
        self.profiles.changed.clear()
        graphs = tick.graphs.open.values()
        if self._renewal.step(lambda: (run for each in _running(graphs) for run in _to_come(each))):
            self._followed_since = self._monotonic()
            self.efficiency = self._efficiencies()
            # What is late by now is late though nothing has happened to the graph itself.
            tick.graphs.due([each.ref.uid for each in graphs if each.running is not None and self._expect(each.running)])
            self.renewals += 1
        self.profiles.write(tick.now)

    def followed(self) -> None:
        """The tick is over: what it took since a renewal was completed, with all graphs to look at, is the renewal's cost."""
        if self._followed_since is not None:
            self._renewal.followed(self._monotonic() - self._followed_since)
            self._followed_since = None

    def forget(self, uid: str) -> None:
        """The graph runs no more, or is gone."""
        self._prepared.pop(uid, None)

    def next_time(self, now: float) -> float | None:
        """When `step` next has something to do."""
        wait, write = self._renewal.wait, self.profiles.next_write(now)
        times = (None if wait is None else now + wait, write, self._nodes.next_time())
        return min((each for each in times if each is not None), default=None)

    # What is learned

    def _learn_record(self, graph: GraphRun, prepared: Prepared, state: Run, now: float) -> None:
        for ended in outcomes.recorded(graph.ref.uid, prepared.graph, state):
            self._learn(graph, prepared, ended, now, live=False)

    def _learn(self, graph: GraphRun, prepared: Prepared, ended: outcomes.Ended, now: float, *, live: bool) -> None:
        where = self._class_of(ended.node)
        if where is None:
            return  # the class of the node is no longer known
        run = replace(prepared.runs[ended.task], node_class=where[0])
        own = self._own_pod(graph, prepared, ended) if live else None
        report = self_report(own.pod) if own is not None and ended.succeeded else NOTHING
        span = ended.span
        outcome = EndedRun(
            task=TaskId.of(run).text, node_class=where[0], asked=span.asked, started=span.started, ended=span.ended,
            succeeded=ended.succeeded, cost=where[1], reported=report.numbers,
            starting=None if own is None else start_up(own.pod),
        )  # fmt: skip
        expected = self.forecast.made(prepared.runs[ended.task])
        recurs = TaskId.of(run).family != graph.ref.name
        if self.profiles.learn(run, ended.id, outcome, self._horizon or 0.0, now, recurs=recurs):
            _count(outcome, report, expected)
            self._told.tell(TaskId.of(run), report.numbers)

    def _learn_rounds(self, taken: round_counts.RoundsTaken | None, now: float) -> None:
        if taken is not None:
            self.profiles.learn_rounds(taken, self._horizon or 0.0, now)

    def _own_pod(self, graph: GraphRun, prepared: Prepared, ended: outcomes.Ended) -> OwnPod | None:
        task = prepared.graph.tasks[ended.task].name
        name = names.pod_name(graph.ref.name, graph.ref.uid, task, ended.shard, ended.incarnation)
        return self._pods.own_pod((graph.ref.namespace, name))

    def _remember_classes(self) -> None:
        """O(nodes) where any of them came, went or changed."""
        cluster = self._cluster
        if self._static_version == cluster.static_version:
            return
        self._static_version = cluster.static_version
        numbers, costs = cluster.node_class.tolist(), cluster.cost.tolist()
        for name, number, cost in zip(cluster.names, numbers, costs, strict=True):
            if name:
                self._classes[name] = (cluster.node_classes[number], cost)
        while len(self._classes) > max(_CLASSES, len(cluster.names)):
            del self._classes[next(iter(self._classes))]

    def _class_of(self, node: str) -> tuple[str, float] | None:
        self._remember_classes()
        return self._classes.get(node)

    def _efficiencies(self) -> Efficiency | None:
        """f of every task on every class: by the metric that its profile names. O(tasks and classes)."""
        values = {}
        for profile in self.profiles.known.values():
            for node_class in profile.runs:
                figures = self.profiles.evaluation.by_task.get((profile.id.text, node_class))
                value = None if figures is None or profile.problem else figures.achieved(profile.metric)
                if value is not None:
                    values[profile.id.text, node_class] = value
        return Efficiency(values) if values else None

    # What is expected

    def _run_of(self, request: Request) -> TaskRun | None:
        prepared = self._prepared.get(str(request.graph))
        if prepared is None or request.unit is None:
            return None
        return prepared.runs[int(prepared.graph.unit_task[request.unit])]

    def _expect(self, running: Running) -> bool:
        """Bring the expectations of a graph's tasks up to date that have not ended. Answers whether other attempts count as
        late than before. O(tasks + dependencies)."""
        runs, before = running.prepared.runs, running.foreseen.seconds
        if before is None or len(before) != len(runs):
            running.foreseen.seconds = self.forecast.seconds_of(runs)
        else:
            to_come = ~running.run.finished_tasks(running.prepared.graph)
            running.foreseen.seconds = before.copy()
            running.foreseen.seconds[to_come] = self.forecast.seconds_of(_to_come(running))
        running.foreseen.critical_path = critical_path(running.prepared.graph, running.foreseen.seconds)
        running.foreseen.laws.clear()
        running.asking.requests.clear()
        return tell_late(running, self.forecast)


class EndRenewal(Step):
    """The last step of a tick: a renewal of expectations rests the longer, the longer the tick took that followed it."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def step(self, tick: Tick) -> None:
        """O(1)."""
        self._knowledge.followed()


class TakeProfiles(Step):
    """TaskProfiles that are new, have changed, or are gone."""

    def __init__(self, inbox: Inbox, knowledge: Knowledge) -> None:
        self._inbox, self._knowledge = inbox, knowledge

    def step(self, tick: Tick) -> None:
        """O(news)."""
        self._knowledge.take(self._inbox.take(), tick.now)


def _count(outcome: EndedRun, report: SelfReport, expected: RunTime | None) -> None:
    seconds = outcome.ended - outcome.started
    metrics.RUNS.labels("succeeded" if outcome.succeeded else "failed").inc()
    metrics.RUN_COST.inc(outcome.cost * seconds / 3600)
    if not outcome.succeeded:
        return
    metrics.RESPONSE_SECONDS.observe(outcome.ended - outcome.asked)
    metrics.RUN_SECONDS.observe(seconds)
    if expected is not None:
        by = expected.probability_by(seconds)
        metrics.FORESEEN.labels("below" if by < 0.1 else "above" if by > 0.9 else "inside").inc()
    if report.numbers:
        metrics.SELF_REPORTS.labels("taken").inc()
    if report.ignored:
        metrics.SELF_REPORTS.labels("ignored").inc()


def _running(graphs: Iterable[GraphRun]) -> Iterable[Running]:
    return (graph.running for graph in graphs if graph.running is not None)


def _to_come(running: Running) -> list[TaskRun]:
    """The runs of the tasks that have not all succeeded."""
    finished = running.run.finished_tasks(running.prepared.graph).tolist()
    return [run for run, over in zip(running.prepared.runs, finished, strict=True) if not over]
