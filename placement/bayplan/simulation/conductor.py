"""What the operator would do: advance the graphs that are due, and have the decider place what there is room for."""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import cast

from bayplan.admission.line.whole import LineUnit
from bayplan.cluster.cluster import Cluster
from bayplan.core.background import Inline
from bayplan.core.changes import KnowledgeSnapshot
from bayplan.model.arrays import IntArray
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.model.workload import Request
from bayplan.simulation.adapting import Adapting
from bayplan.simulation.choices import ChoiceMade
from bayplan.simulation.choosing import Choosing
from bayplan.simulation.drawing import Drawing
from bayplan.simulation.events import Agenda, Event
from bayplan.simulation.evicting import Evicting
from bayplan.simulation.graph_state import GraphState
from bayplan.simulation.knowing import Knowing
from bayplan.simulation.log import AttemptLog
from bayplan.simulation.machines import Machines
from bayplan.simulation.planning import Planning
from bayplan.simulation.requests import Requests
from bayplan.simulation.setup import Setup
from bayplan.simulation.submission import Submission
from bayplan.simulation.trace import AttemptOutcome, Switch
from bayplan.simulation.waiting_units import Id, WaitingUnits, id_of


class Conductor:
    """The shell around the decider: it has what happened taken in, and acts on what is decided."""

    def __init__(
        self,
        submissions: list[Submission],
        setup: Setup,
        machines: Machines,
        log: AttemptLog,
        agenda: Agenda,
        shortcuts: bool,
    ) -> None:
        self.graphs = [GraphState(number, submission) for number, submission in enumerate(submissions)]
        self.open, self.done, self.starts = len(submissions), 0, 0
        self.units = sum(each.graph.units for each in submissions)
        self._submissions, self._machines, self._log, self._agenda = submissions, machines, log, agenda
        self._light = shortcuts
        requests = Requests(submissions, laws=setup.queues is not None and setup.queues.by_run_time)
        beside = Inline()
        self._waiting = WaitingUnits(setup, requests, machines.cluster, shortcuts)
        self.evicting = Evicting(setup, machines, log, agenda)
        self._waiting.evicted_at = self.evicting.evicted_at
        self._again_at = math.inf
        self._knowing = Knowing(submissions, setup, machines, requests, log, beside)
        self._choosing: Choosing | None = None
        if any(each.candidates for each in submissions):
            self._choosing = Choosing(self.graphs, setup, machines, requests, log)
        self._drawing = Drawing(setup, machines)
        self._due: set[int] = set()
        self._between: set[int] = set()
        """Graphs that go on once what waits has been placed: a round or a choice is recorded first, and a gang's Service is
        made."""
        self._coming = len(submissions)
        self._planning = Planning(setup, machines, beside, self._knowing.run_times, self._knowing.nodes)
        self._adapting: Adapting | None = None
        if any(policy.adaptive for policy in setup.policies.values()):
            self._adapting = Adapting(setup, machines, log, self._knowing.run_times)
        self._arrived: dict[int, None] = {}
        self._hopeless: tuple[Id, ...] = ()
        self._now = 0.0

    @property
    def waits(self) -> Mapping[Id, Request]:
        """The requests of the units that wait."""
        return self._waiting.requests

    @property
    def switches(self) -> Sequence[Switch]:
        """Of adaptive policies."""
        return self._adapting.switches if self._adapting is not None else ()

    @property
    def choices(self) -> Sequence[ChoiceMade]:
        """Of candidates."""
        return self._choosing.made if self._choosing is not None else ()

    def explain(self, now: float) -> dict[Id, tuple[str, str]]:
        """Why each unit that waits does: the reason's name, and the words as things stand now."""
        self._tell(now)
        return self._waiting.explain(now)

    # News

    def arrived(self, number: int, now: float) -> None:
        """A graph has been submitted."""
        self._coming -= 1
        graph = self.graphs[number]
        self._arrived[number] = None
        if self._adapting is not None:
            self._adapting.admit(graph)
        self._planning.arrived(graph)
        self._knowing.arrived(graph)
        self._waiting.whole.follow(graph)
        if self._light and graph.simple:
            self._want(graph, 0, now)
        else:
            self._due.add(number)

    def changed(self, row: int, now: float) -> None:
        """Something about an attempt can be seen that its graph has to look at."""
        graph = self.graphs[self._log.graph[row]]
        outcome = self._log.outcome[row]
        if outcome != AttemptOutcome.OPEN:
            self.done += outcome == AttemptOutcome.SUCCEEDED
            self._planning.ended(graph.number, self._log.unit[row], outcome == AttemptOutcome.SUCCEEDED, now)
            if outcome in (AttemptOutcome.SUCCEEDED, AttemptOutcome.FAILED):
                self._knowing.ended(row)
                if self._choosing is not None:
                    self._choosing.ended(row)
            if graph.light and outcome == AttemptOutcome.SUCCEEDED:
                self._over(graph, True, "", now)
                return
        graph.seen[row] = self._machines.seen(row, now)
        self._due.add(graph.number)

    def running(self, row: int, now: float) -> None:
        """An attempt has begun to run; its graph has to look where a time-out counts from there."""
        self.starts += 1
        graph = self.graphs[self._log.graph[row]]
        if graph.run is not None:
            graph.seen[row] = self._machines.seen(row, now)
            if graph.timed:
                self._due.add(graph.number)

    def bound(self, row: int, now: float) -> None:
        """A node has an attempt."""
        self._machines.bound(row)
        graph = self.graphs[self._log.graph[row]]
        if self._log.outcome[row] == AttemptOutcome.OPEN and not graph.light:
            graph.seen[row] = self._machines.seen(row, now)

    def woken(self, number: int, now: float) -> None:
        """A back-off is over."""
        graph = self.graphs[number]
        if graph.wake_at == now:
            graph.wake_at = None
            self._due.add(number)

    def evicted(self, row: int, now: float) -> None:
        """The grace of an attempt is over."""
        if self.evicting.end(row, now):
            self.changed(row, now)

    def expired(self, number: int, now: float) -> None:
        """A place is kept no longer for a unit that waits for it."""
        if self._planning.expired(number, now):
            self._waiting.reopened = True

    def nodes_changed(self) -> None:
        """A node is ready that was not, or the other way round."""
        self._planning.nodes_changed()

    def hopeless(self) -> bool:
        """Nothing runs, nothing is to come, and nothing that waits would get a place on the nodes as they are at their best.

        Without this, nodes that break and are repaired at random would keep the clock going for ever.
        """
        if self._log.open or self._coming or any(graph.wake_at is not None for graph in self.graphs):
            return False
        if not self.waits:  # the nodes that there are will never be others
            return any(graph.homeless for graph in self.graphs)
        waiting = tuple(self.waits)
        if waiting != self._hopeless:
            if self.would_place(self._machines.untouched(), self._now):
                return False
            self._hopeless = waiting
        return True

    def would_place(self, cluster: Cluster, now: float) -> bool:
        """Whether anything that waits would get a place on such a cluster, with load as low as it will ever be."""
        scraping = self._machines.scraping
        load = None if scraping is None else scraping.at_best(cluster, now)
        self._tell(now)
        return self._waiting.would_place(cluster, self._knowing.at_best(load))

    # One tick

    def tick(self, now: float) -> None:
        """Advance what is due and place what waits, until nothing is left to do at this instant."""
        self._now = now
        while True:
            self._go_on(now)
            self._place(now)
            self._due |= self._between
            self._between.clear()
            if not self._due:
                break
        self._knowing.follow(now)

    def line(self, now: float) -> list[LineUnit]:
        """What waits after what has happened, as it stands in line; nothing is placed."""
        self._go_on(now)
        while self._between:
            self._due, self._between = self._between, set()
            self._go_on(now)
        self._tell(now)
        return self._waiting.line(now)

    def _go_on(self, now: float) -> None:
        """Advance what is due, with what is known by now."""
        while self._due:
            due, self._due = self._due, set()
            for number in sorted(due):
                self._advance(self.graphs[number], now)
        self._learn(now)
        if self._planning.update(now):
            self._waiting.reopened = True
        self._choose(now)

    def _learn(self, now: float) -> None:
        """As in the operator: what waits asks with what is expected of it by now."""
        if self._knowing.step(now, self._open_graphs, self._agenda):
            self._between.update(graph.number for graph in self._open_graphs() if graph.newly_late)
            for number, unit in list(self.waits):
                self._waiting.ask_again(self.graphs[number], unit)

    def _choose(self, now: float) -> None:
        for number in () if self._choosing is None else self._choosing.step(self._open_graphs, now):
            self._submissions[number] = self.graphs[number].submission
            self._machines.chosen(number)
            self._knowing.chosen(self.graphs[number])
            self._between.add(number)

    def _open_graphs(self) -> list[GraphState]:
        """Those that have arrived and not ended, in the order of their arrival."""
        return [self.graphs[number] for number in self._arrived]

    def _advance(self, graph: GraphState, now: float) -> None:
        if graph.ended_at is not None:
            return
        if graph.unbegun:
            graph.decide(self._drawing.next_round(graph))
        self._begin_again(graph, graph.begin_round())
        lost = self._machines.lost(graph.submission.policy)
        step = graph.step(lost, now)
        self._waiting.whole.follow(graph)
        graph.forget_settled(self._log, lost, now)
        for attempt in step.wants.take_back:
            self._cut_short(graph, _row(attempt.key), AttemptOutcome.TAKEN_BACK, now)
        for attempt in step.wants.stop:
            self._cut_short(graph, _row(attempt.key), AttemptOutcome.STOPPED, now)
        self._begin_again(graph, graph.give_up(step.given_up))
        wanted = graph.may_want(graph.settled(step.wants.start))
        early = graph.without_service(wanted)
        if early:
            wanted -= early
            self._between.add(graph.number)
        for unit in sorted(graph.wanted - wanted):
            self._waiting.drop(graph, unit)
        if graph.flow is not None and graph.flow.gangs:
            for unit in sorted(filter(graph.flow.together, wanted & graph.wanted)):
                self._waiting.ask_again(graph, unit)
        for unit in sorted(wanted - graph.wanted):
            self._want(graph, unit, now)
        wake_at = step.wants.wake_at
        if wake_at is not None and wake_at != graph.wake_at:
            graph.wake_at = max(wake_at, now)
            self._agenda.add(graph.wake_at, Event.WAKE, graph.number)
        if graph.flow is not None:
            self._planning.left_out(graph.number, graph.gone_without)
        if step.round_over:
            over = graph.end_round()
            if not over:
                graph.decide(self._drawing.next_round(graph))
            (self._due if over else self._between).add(graph.number)
        if self._choosing is not None:
            self._choosing.advanced(graph)
        if step.ended:
            self._over(graph, step.run.succeeded, step.run.failure, now)

    def _begin_again(self, graph: GraphState, units: IntArray) -> None:
        """Units run again, whatever has become of them before."""
        if len(units):
            self._machines.begin_again(graph.number, units)
            self._planning.begin_again(graph.number, units)

    def _cut_short(self, graph: GraphState, row: int, outcome: AttemptOutcome, now: float) -> None:
        if self._log.outcome[row] == AttemptOutcome.OPEN:
            self._machines.free(row, outcome, now)
            graph.seen.pop(row, None)
            self._planning.ended(graph.number, self._log.unit[row], False, now)
            self._due.add(graph.number)  # that it is gone has to be seen

    def _over(self, graph: GraphState, succeeded: bool, failure: str, now: float) -> None:
        graph.ended_at, graph.succeeded, graph.failure = now, succeeded, failure
        self.open -= 1
        del self._arrived[graph.number]
        self._waiting.whole.ended(graph)
        self._planning.over(graph.number)
        if self._adapting is not None:
            self._adapting.ended(graph, now)

    def _want(self, graph: GraphState, unit: int, now: float) -> None:
        request = self._waiting.want(graph, unit, self.evicting.since(graph.number, unit, now))
        if unit not in graph.tried:
            self._knowing.asked(request.request_class)

    # Where it goes

    def _place(self, now: float) -> None:
        if self._waiting.empty:
            self._waiting.reopened = False
            return
        self._tell(now)
        neighbours, version = self._machines.cluster.neighbours, -1
        unfinished = False
        while len(self._waiting) and (unfinished or neighbours.version != version):
            # What is placed may be what another waits for to be near: such a one is asked about again at once.
            version = neighbours.version
            outcome = self._waiting.decide(now)
            for decision in outcome.placements:
                self._start(decision, now)
            self.evicting.evict(outcome, self.graphs, now)
            for decision in outcome.waiting:
                if decision.reason is Reason.RESERVED:
                    self._planning.refused(*id_of(decision.request_id))
            unfinished = outcome.unfinished
        again_at = self._waiting.again_at
        if now < again_at < math.inf and again_at != self._again_at:
            self._again_at = again_at
            self._agenda.add(again_at, Event.DECISION, 0)
        for number, at in self._planning.kept_until(now):
            self._agenda.add(at, Event.EXPIRY, number)

    def _tell(self, now: float) -> None:
        known: KnowledgeSnapshot | None = None
        if self._knowing.changes:
            known = self._knowing.snapshot(self._planning.plans, now)
        self._waiting.tell(known)

    def _start(self, decision: Decision, now: float) -> None:
        number, unit = id_of(decision.request_id)
        graph = self.graphs[number]
        request = self._waiting.placed(graph, unit)
        since = now if request.since is None else request.since
        # What was not placed at once has been refused.
        reason = self._waiting.why(request)[0] if since < now else ""
        node = self._machines.number(decision.node or "")
        incarnation = graph.tried[unit] = graph.tried.get(unit, 0) + 1
        self._planning.began(number, unit, node, now)
        row = self._log.add(number, unit, incarnation, node, decision.gpus, (since, now), (reason, decision.message))
        if graph.flow is not None:
            self._log.round[row] = graph.round_of(unit)
        if graph.choices is not None:
            self._log.candidate[row] = graph.choices.position(int(graph.submission.graph.unit_task[unit]))
        if self._adapting is not None:
            self._adapting.started(graph, unit, row)
        if self._machines.take(row, request, now, self.evicting.stake(graph, unit, now)):
            self.running(row, now)
        elif not graph.light:
            graph.seen[row] = self._machines.seen(row, now)


def _row(key: Hashable) -> int:
    """Of an attempt, as `AttemptLog` makes it."""
    return cast(int, key)
