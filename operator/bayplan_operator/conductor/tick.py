"""What one tick does."""

import logging
import time
from collections.abc import Callable, Iterable

from bayplan.core.changes import KnowledgeSnapshot
from bayplan.lifecycle import Run, Step, UnitState
from bayplan.model.reasons import Reason
from bayplan_operator import metrics
from bayplan_operator.conductor.attention import Attention
from bayplan_operator.conductor.graph_run import GraphRun, Problem, Running
from bayplan_operator.conductor.graphs import intake, splitting, stepping
from bayplan_operator.conductor.graphs.acting import act
from bayplan_operator.conductor.graphs.leftovers import Leftovers
from bayplan_operator.conductor.graphs.recording import Recorder
from bayplan_operator.conductor.knowledge.adapting import Adapting
from bayplan_operator.conductor.knowledge.arrivals import Learner
from bayplan_operator.conductor.knowledge.knowledge import Knowledge
from bayplan_operator.conductor.knowledge.node_memory import NodeMemory
from bayplan_operator.conductor.knowledge.profiles import Profiles
from bayplan_operator.conductor.measures import Measures
from bayplan_operator.conductor.outlook.estimating import Estimator
from bayplan_operator.conductor.outlook.graph_plans import GraphPlans
from bayplan_operator.conductor.placing.placing import OpenGraphs, Placing
from bayplan_operator.conductor.placing.policies import Policies
from bayplan_operator.conductor.surroundings import View, Writers
from bayplan_operator.settings import Settings
from bayplan_operator.translate import run_record
from bayplan_operator.view.inbox import Key

log = logging.getLogger(__name__)

_GRACE_WITHOUT_POLICY = 30.0
_PREEMPTED = "PreemptionByScheduler"
"""Why a pod ends that had to make room on its node: once something leaves that, there may be room again."""
_AFTER_ERROR = 5.0
"""Seconds until a graph that could not be handled is looked at again."""
_INTERNAL_ERROR = "InternalError"


class Conductor:
    """Decides, tick by tick. Nothing here waits for the API server."""

    def __init__(
        self,
        view: View,
        writers: Writers,
        settings: Settings,
        clock: Callable[[], float],
        wake: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` answers seconds since the epoch, `monotonic` seconds of a clock that is never set."""
        self._view = view
        self._write = writers
        self._settings = settings
        self._clock = clock
        self._wake = wake
        self._graphs: dict[Key, GraphRun] = {}
        self._by_uid: dict[str, GraphRun] = {}
        self._open: dict[str, GraphRun] = {}
        """By UID, the graphs that may still need something: a tick costs nothing for those that are over."""
        self._due: set[str] = set()
        """UIDs of graphs that the next tick looks at."""
        self._lost: dict[float, frozenset[str]] = {}
        """Per node-loss grace in use, the nodes that are lost."""
        self._policies = Policies(writers.graphs)
        self._placing = Placing(view.cluster, view.pods, writers.pods, settings, self._guarded, monotonic)
        self._leftovers = Leftovers(view.pods, writers.pods, writers.graphs, wake)
        self._learner = Learner(view.cluster, settings.seed, monotonic)
        profiles = Profiles(writers.profiles, writers.events, settings)
        nodes = NodeMemory(view.cluster, writers.nodes, view.node_states)
        self._knowledge = Knowledge(view.cluster, view.pods, profiles, nodes, clock(), monotonic)
        self._plans = GraphPlans(view.cluster, settings, clock, wake, self._knowledge, monotonic)
        self._estimator = Estimator(view.cluster, settings, wake, self._knowledge, monotonic)
        self._adapting = Adapting(view.cluster, writers.graphs, writers.events, settings.seed)
        self._recorder = Recorder(writers.graphs, writers.events, settings, self._durable)
        self._last_arrival = 0.0
        self._attention = Attention()
        self._measures = Measures()
        self._graces: frozenset[float] | None = None
        """The node-loss graces in use; `None`: they have to be collected anew."""
        self._seen = 0, 0
        """The nodes, and what is expected of tasks, by which all graphs were last looked at."""
        self._planned = 0
        """The revision of the plans by which was placed last."""

    def kinds_listed(self) -> None:
        """All graphs and policies have been listed just now."""
        self._leftovers.forget_answers()

    def tick(self) -> float | None:
        """Bring everything one step forward; answers when the next tick is due by the clock, if at all."""
        now = self._clock()
        try:
            with metrics.TICK_SECONDS.time():
                next_loss = self._step(now)
        except Exception:
            # What the tick had taken up is left half done: the next one looks at everything.
            self._attention.call_all(self._open)
            self._due.update(self._open)
            raise
        times = (
            next_loss, self._placing.next_time(now), self._adapting.next_time(), self._plans.next_time(now),
            self._knowledge.next_time(now), self._attention.next_time, self._measures.next_time,
        )  # fmt: skip
        return now if self._due else min((at for at in times if at is not None), default=None)

    def _step(self, now: float) -> float | None:
        """Answers when the next node counts as lost."""
        self._take_policies(now)
        self._knowledge.take(self._view.profiles.take(), now)
        self._take_graphs(now)
        self._take_writes()
        next_loss = self._collect_due(now)
        due, self._due = self._due, set()
        self._attention.call_all(sorted(due))
        for graph in [self._by_uid[uid] for uid in sorted(due) if uid in self._by_uid]:
            self._guarded(graph, now, self._advance)
        self._view.load.step(self._view.cluster, self._view.pods, now)
        self._policies.note_load(self._view.load.state, now)
        self._adapting.settle()
        changed = self._opened(self._attention.called)
        self._plans.step(changed, now)
        self._knowledge.step(changed, self._open.values, now, lambda: self._view.load.estimate(self._view.cluster, now))
        self._place(now)
        self._learner.step()
        looked = self._opened(self._attention.take())
        self._estimator.step(looked, now)
        for graph in looked:
            self._guarded(graph, now, self._recorder.step)
        self._adapting.step(now)
        for graph in looked:
            self._leave(graph, now)
        self._leftovers.sweep(self._by_uid)
        self._policies.tell()
        self._measures.step(looked, now)
        return next_loss

    def _opened(self, uids: Iterable[str]) -> list[GraphRun]:
        return [self._open[uid] for uid in uids if uid in self._open]

    def _leave(self, graph: GraphRun, now: float) -> None:
        """Nothing is left to do about a graph before its time comes, or at all."""
        uid = graph.ref.uid
        if graph.ended or graph.deleting:
            self._leftovers.suspect([uid])
        if graph.ended and graph.ttl is None:
            self._close(uid)
            return
        times = (_wake_at(graph), self._recorder.next_time(graph), self._estimator.next_time(graph, now))
        self._attention.wake(uid, min((at for at in times if at is not None), default=None))

    def _close(self, uid: str) -> None:
        """A graph is over or gone: nothing is decided about it any more."""
        self._open.pop(uid, None)
        self._graces = None
        self._attention.forget(uid)
        self._placing.forget(uid)
        self._plans.forget(uid)
        self._estimator.forget(uid)
        self._knowledge.forget(uid)

    # 1. What people said

    def _take_policies(self, now: float) -> None:
        news = self._view.policies.take()
        for key, raw in news:
            self._policies.take(key, raw, now)
            self._adapting.take(key, raw, self._policies.get(key[1]), now)
        if news:
            self._graces = None
            self._attention.call_all(self._open)
            for graph in self._open.values():
                self._guarded(graph, now, self._assign_policy)

    def _take_graphs(self, now: float) -> None:
        for key, raw in self._view.graphs.take():
            known = self._graphs.get(key)
            if known is not None and (raw is None or raw["metadata"]["uid"] != known.ref.uid):
                del self._graphs[key], self._by_uid[known.ref.uid]
                self._close(known.ref.uid)
                self._measures.forget(known.ref.uid)
                self._leftovers.suspect([known.ref.uid])
                self._adapting.forget(known)
                known = None
            if raw is None:
                continue
            try:
                if known is None:
                    known = intake.new_graph(raw, self._arrival(now), self._settings.stuck_after)
                    known.call = self._attention.call
                    self._graphs[key] = self._by_uid[known.ref.uid] = known
                    if known.ended:
                        self._adapting.recall(known, now)
                    self._knowledge.meet(known, raw, now)
                    if known.running is not None:
                        self._placing.recall(int(known.running.run.incarnation.sum()))
                else:
                    intake.refresh(known, raw, now, self._settings.stuck_after)
            except Exception:
                # One graph that cannot be understood must not hold up the others; the log says what is wrong with it.
                metrics.TICK_ERRORS.inc()
                log.exception("TaskGraph %s/%s could not be taken in", *key)
                continue
            self._open[known.ref.uid] = known
            self._graces = None
            self._guarded(known, now, self._assign_policy)
            self._due.add(known.ref.uid)

    def _take_writes(self) -> None:
        """A graph whose status was written, or could not be, is compared anew; so is one that could not be deleted."""
        for key in self._view.written:
            graph = self._graphs.get(key[1:]) if isinstance(key, tuple) and key[0] in ("status", "delete") else None
            if graph is not None:
                self._attention.call(graph.ref.uid)
        self._view.written.clear()

    def _arrival(self, now: float) -> float:
        """A distinct instant for each graph, in the order in which they are taken in, so that age has no ties."""
        self._last_arrival = max(now, self._last_arrival + 1e-6)
        return self._last_arrival

    def _assign_policy(self, graph: GraphRun, now: float) -> None:
        if graph.running is not None:
            self._policies.assign(graph, graph.running.prepared.spec.policy_name)
            splitting.settle(graph, self._view.cluster, self._view.pods, now)
            self._adapting.admit(graph, now)

    # 2. How far each graph is

    def _collect_due(self, now: float) -> float | None:
        """Gather the graphs of which something may have changed; answers when the next node counts as lost."""
        for uid, keys in self._view.pods.take_changed().items():
            graph = self._by_uid.get(uid)
            if graph is not None:
                graph.stale_pods = True
                if graph.running is not None and graph.running.changed is not None:
                    graph.running.changed |= keys
                self._due.add(uid)
            self._leftovers.suspect([uid])
        self._placing.rejections.left(self._view.pods.left, now)
        self._placing.rejections.changed(self._view.nodes.changed, now)
        self._view.pods.left.clear()
        self._view.nodes.changed.clear()
        if self._view.nodes.availability_changed:
            self._view.nodes.availability_changed = False
            self._due.update(self._view.pods.graphs_with_pods())
        for uid in self._attention.due(now):
            at = _wake_at(self._open[uid]) if uid in self._open else None
            if at is not None and at <= now:
                self._due.add(uid)
        return self._find_lost(now)

    def _find_lost(self, now: float) -> float | None:
        lost, next_loss = {}, None
        if self._graces is None:
            self._graces = frozenset(_grace(graph) for graph in self._open.values() if graph.running is not None)
        for grace in self._graces:
            lost[grace], at = self._view.nodes.lost(grace, now)
            if at is not None and (next_loss is None or at < next_loss):
                next_loss = at
        if lost != self._lost:
            self._lost = lost
            self._due.update(self._view.pods.graphs_with_pods())
        return next_loss

    def _guarded(self, graph: GraphRun, now: float, step: Callable[[GraphRun, float], None]) -> None:
        """An error in one graph is told there and leaves the others alone."""
        try:
            step(graph, now)
        except Exception as error:
            metrics.TICK_ERRORS.inc()
            log.exception("TaskGraph %s/%s could not be handled", *graph.key)
            graph.invalid = Problem(_INTERNAL_ERROR, f"the operator could not handle this graph: {error!r}")
            graph.touched, graph.urgent = True, False
            graph.next_write_at = now + _AFTER_ERROR  # else the next tick would be due at once, and so on for ever
            if graph.running is not None:
                stepping.start_over(graph.running)
                graph.running.wants.wake_at = now + _AFTER_ERROR

    def _advance(self, graph: GraphRun, now: float) -> None:
        running, uid = graph.running, graph.ref.uid
        if running is None or graph.deleting or not graph.shards_recorded:
            return
        lost = self._lost.get(_grace(graph), frozenset())
        refusals = self._view.pods.take_refusals(uid)
        seen, before = (self._view.pods, self._view.nodes, lost), running.run
        step = stepping.step(running, uid, seen, refusals, now)
        whole = stepping.checked(graph, running, step, seen, now)
        if not step.run.same_as(before):
            self._describe(graph, running, step.run)
            graph.touched = True
        if step.wants.start != running.wants.start:
            starting = set(step.wants.start)
            running.waiting = {unit: why for unit, why in running.waiting.items() if unit in starting}
        if step.ended and not running.all_over:
            graph.touched = graph.urgent = True
            running.run = step.run
            self._adapting.ended(graph, now)
        running.run, running.wants, running.all_over = step.run, step.wants, step.ended
        self._learner.note(running)
        self._plans.note(graph, now)
        self._knowledge.note(graph, before, now)
        if graph.invalid is not None and graph.invalid.reason == _INTERNAL_ERROR:
            graph.invalid, graph.touched = None, True
        self._note_rejections(running, step, before, now)
        act(running, step.wants, self._view.pods, self._write.pods, self._placing.rejections, now)
        if whole is not None and act(running, whole.wants, self._view.pods, self._write.pods, self._placing.rejections, now):
            stepping.told_difference(graph, "what it wants")

    def _note_rejections(self, running: Running, step: Step, before: Run, now: float) -> None:
        """Which nodes have had a pod of which class, and which did not keep it."""
        rejections, unit_task = self._placing.rejections, running.prepared.graph.unit_task
        run = step.run
        for unit in ((run.state == UnitState.RUNNING) & (before.state != UnitState.RUNNING)).nonzero()[0].tolist():
            rejections.accepted(running.prepared.templates[int(unit_task[unit])].request_class, run.node[unit])
        for attempt in step.evicted:
            request_class = running.prepared.templates[int(unit_task[attempt.unit])].request_class
            if attempt.started is None or attempt.cause == _PREEMPTED:
                rejections.refused(request_class, attempt.node, now)
            else:
                rejections.evicted(request_class, attempt.node, now - attempt.started, now)

    def _describe(self, graph: GraphRun, running: Running, run: Run) -> None:
        """Keep the record's lines up to date, and tell of attempts that did not work out."""
        before, library_graph = running.run, running.prepared.graph
        running.stale_lines.update(run_record.changed_tasks(library_graph, before, run))
        told = (graph.ref.namespace, graph.ref.name, graph.ref.uid)
        for unit in (run.settled > before.settled).nonzero()[0].tolist():
            if unit in run.notes:
                task_name = library_graph.tasks[int(library_graph.unit_task[unit])].name
                kind = "Normal" if graph.suspended else "Warning"
                self._write.events.write(told, kind, "AttemptEnded", f"task {task_name}: {run.notes[unit]}", self._clock())

    # 3. Where what wants to start goes

    def _place(self, now: float) -> None:
        known = KnowledgeSnapshot(
            mix=self._learner.model,
            load=self._view.load.estimate(self._view.cluster, now),
            plans=self._plans.made,
            run_times=self._knowledge.forecast,
            efficiency=self._knowledge.efficiency,
            survival=self._knowledge.survival,
        )
        seen = self._view.cluster.static_version, self._knowledge.renewals
        if seen != self._seen:
            self._seen = seen
            self._attention.call_all(self._open)
        graphs = OpenGraphs(self._open, self._attention.called, self._plans.awaited)
        said = self._placing.step(graphs, known, now, replanned=self._plans.revision != self._planned)
        self._planned = self._plans.revision
        for graph, unit, decision in said:
            running = graph.running
            self._attention.call(graph.ref.uid)
            if running is None:
                continue
            if decision.node is not None:
                running.waiting.pop(unit, None)
                running.requests.pop(unit, None)
                graph.started_at = graph.started_at or now
            elif running.waiting.get(unit) != decision:
                running.waiting[unit] = decision
                graph.touched = True
        if said:
            self._plans.reserved(((graph.ref.uid, unit) for graph, unit, found in said if found.reason is Reason.RESERVED), now)

    # 4. What follows

    def _durable(self, graph: GraphRun) -> None:
        self._due.add(graph.ref.uid)
        if graph.ended:
            self._adapting.recall(graph, self._clock())
        self._wake()


def _grace(graph: GraphRun) -> float:
    return graph.policy.spec.node_loss_grace if graph.policy is not None else _GRACE_WITHOUT_POLICY


def _wake_at(graph: GraphRun) -> float | None:
    if graph.running is None or graph.deleting or not graph.shards_recorded:
        return None
    check, wake = graph.running.checked_at + stepping.CHECK_EVERY, graph.running.wants.wake_at
    return check if wake is None else min(check, wake)
