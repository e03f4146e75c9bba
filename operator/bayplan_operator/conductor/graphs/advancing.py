"""The runs of graphs go on."""

from collections.abc import Sequence

from bayplan.lifecycle import Advance, Run, UnitState
from bayplan_operator.conductor.graphs.acting import Actor
from bayplan_operator.conductor.graphs.advancer import Advancer, told_difference
from bayplan_operator.conductor.graphs.intake import begin
from bayplan_operator.conductor.graphs.rounds import BetweenRounds
from bayplan_operator.conductor.placing.near_data import asked_by
from bayplan_operator.conductor.placing.rejections import Rejections
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.register import INTERNAL_ERROR
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.conductor.step import Follower, Step, Tick
from bayplan_operator.translate import run_record
from bayplan_operator.translate.eviction import PREEMPTED
from bayplan_operator.view import PodStore
from bayplan_operator.writer import EventWriter

_RUNNING = int(UnitState.RUNNING)
_BY_SCHEDULER = "PreemptionByScheduler"
"""Why a pod ends that had to make room on its node: once something leaves that, there may be room again."""


class AdvanceGraphs(Step):
    """Advances the runs that are due, and has done what they want of their pods."""

    def __init__(
        self,
        advancer: Advancer,
        actor: Actor,
        pods: PodStore,
        rejections: Rejections,
        followers: Sequence[Follower],
        rounds: BetweenRounds,
        events: EventWriter,
    ) -> None:
        """``followers``: what has to know how runs go on, in this order."""
        self._advancer, self._actor, self._pods = advancer, actor, pods
        self._rejections, self._followers, self._events = rejections, followers, events
        self._rounds = rounds
        self._again: list[str] = []
        """UIDs of graphs that go on at once after a round."""

    def step(self, tick: Tick) -> None:
        """O(what has changed of the graphs that are due)."""
        for graph in tick.graphs.take_due():
            tick.graphs.guarded(graph, tick.now, self._advance)
        again, self._again = self._again, []
        for graph in tick.graphs.opened(again):  # after the last round, what follows it starts in the same tick
            tick.graphs.guarded(graph, tick.now, self._advance)

    def _advance(self, graph: GraphRun, now: float) -> None:
        begin(graph, now)
        running = graph.running
        if running is None or graph.known.deleting:
            return
        self._recall_start(graph)
        self._rounds.begin(graph, running, now)
        before = running.run
        made = self._advancer.advance(graph, running, self._pods.take_refusals(graph.ref.uid), now)
        whole = self._advancer.checked(graph, running, made, now)
        if not made.run.same_as(before):
            self._describe(graph, running, made.run, now)
            running.revision += 1
        if made.wants.start != running.wants.start:
            running.asking.keep(set(made.wants.start))
        running.run, running.wants, running.all_over = made.run, made.wants, made.ended
        if made.round_over and self._rounds.decide(graph, running, now):
            self._again.append(graph.ref.uid)
        for follower in self._followers:
            follower.advanced(graph, before, now)
        for each in made.given_up:  # not before what it came to was learned as its own
            running.give_up(each.task, each.why)
        if graph.known.invalid is not None and graph.known.invalid.reason == INTERNAL_ERROR:
            graph.known.invalid = None
        self._note_rejections(running, made, before, now)
        self._actor.act(running, made.wants, now)
        if whole is not None and self._actor.act(running, whole.wants, now):
            told_difference(graph, "what it wants")

    def _recall_start(self, graph: GraphRun) -> None:
        """Its first pods may be those of an operator that was gone before it had written when it made them."""
        if graph.decided.started_at is None:
            made = (own.pod.metadata.creation_timestamp for own in self._pods.own(graph.ref.uid))
            graph.decided.started_at = min((at.timestamp() for at in made if at is not None), default=None)

    def _describe(self, graph: GraphRun, running: Running, run: Run, now: float) -> None:
        """Keep the record's lines up to date, and tell of attempts that did not work out."""
        before, library_graph = running.run, running.prepared.graph
        running.lines.stale.update(run_record.changed_tasks(library_graph, before, run))
        told = (graph.ref.namespace, graph.ref.name, graph.ref.uid)
        alike: dict[tuple[str, str, str], int] = {}
        """How many shards of a task came to the same end: one event tells of all of them."""
        for unit in (run.settled > before.settled).nonzero()[0].tolist():
            if unit in run.notes:
                task_name = library_graph.tasks[int(library_graph.unit_task[unit])].name
                reason = PREEMPTED if run.evictions[unit] > before.evictions[unit] else "AttemptEnded"
                key = task_name, reason, run.notes[unit]
                alike[key] = alike.get(key, 0) + 1
        for (task_name, reason, note), count in alike.items():
            kind = "Normal" if graph.known.suspended or reason == PREEMPTED else "Warning"
            shards = "" if count == 1 else f"{count} shards: "
            self._events.write(told, kind, reason, f"task {task_name}: {shards}{note}", now)

    def _note_rejections(self, running: Running, made: Advance, before: Run, now: float) -> None:
        """Which nodes have had a pod of which class, and which did not keep it."""
        run = made.run
        for unit in ((run.state == _RUNNING) & (before.state != _RUNNING)).nonzero()[0].tolist():
            self._rejections.accepted(asked_by(running, unit), run.node[unit])
        for attempt in made.evicted:
            request_class = asked_by(running, attempt.unit)
            if attempt.started is None or attempt.cause == _BY_SCHEDULER:
                self._rejections.refused(request_class, attempt.node, now)
            else:
                self._rejections.evicted(request_class, attempt.node, now - attempt.started, now)
