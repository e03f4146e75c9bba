"""What the operator would do: advance the graphs that are due, and place whom there is room for."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bayplan.cluster.cluster import Cluster
from bayplan.core.by_policy import by_policy
from bayplan.core.engine import place
from bayplan.core.waiting import waiting
from bayplan.knowledge.load import LoadEstimate
from bayplan.knowledge.node_states import NodeWatch
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.model.workload import Request
from bayplan.simulation.adapting import Adapting
from bayplan.simulation.events import Agenda, Event
from bayplan.simulation.graph_state import GraphState
from bayplan.simulation.learning import Learning
from bayplan.simulation.log import AttemptLog
from bayplan.simulation.machines import Machines
from bayplan.simulation.planning import Planning
from bayplan.simulation.requests import unit_requests
from bayplan.simulation.run_time_learning import RunTimeLearning
from bayplan.simulation.setup import Setup
from bayplan.simulation.submission import Submission
from bayplan.simulation.trace import Outcome, Switch
from bayplan.strategy.context import Context


class Conductor:
    """The graphs, and who of them waits."""

    def __init__(
        self,
        submissions: Sequence[Submission],
        setup: Setup,
        machines: Machines,
        log: AttemptLog,
        agenda: Agenda,
        shortcuts: bool,
    ) -> None:
        self.graphs: list[GraphState] = []
        self.waits: dict[int, float] = {}
        """Since when each unit waits that does, counted over all submissions."""
        self.open, self.done, self.starts = len(submissions), 0, 0
        self._setup, self._machines, self._log, self._agenda = setup, machines, log, agenda
        self._light = shortcuts
        self._requests: list[Request] = []
        self._owner: list[int] = []
        for number, submission in enumerate(submissions):
            self.graphs.append(GraphState(number, submission, len(self._requests)))
            self._requests += unit_requests(number, submission)
            self._owner += [number] * submission.graph.units
        strategies = [strategy for policy in setup.policies.values() for strategy in policy.strategies]
        self._waiting = waiting(machines.cluster, self._requests, strategies, shortcuts)
        self._due: set[int] = set()
        self._placed = 0
        self._coming = len(submissions)
        self._learning = Learning(strategies, setup.seed)
        self._run_times: RunTimeLearning | None = None
        self._nodes: NodeWatch | None = None
        if setup.learn:
            self._run_times = RunTimeLearning(submissions, self._requests, machines.nodes, log)
            self._nodes = NodeWatch(machines.cluster, {})
        self._planning = Planning(setup, machines, self._run_times, self._nodes)
        self._adapting: Adapting | None = None
        if any(policy.adaptive for policy in setup.policies.values()):
            self._adapting = Adapting(setup, machines, log, self._run_times)
        self._hopeless: tuple[int, ...] = ()
        self._now = 0.0
        self._hot = any(strategy.hot for strategy in strategies)

    @property
    def units(self) -> int:
        """Of all graphs."""
        return len(self._requests)

    @property
    def switches(self) -> Sequence[Switch]:
        """Of adaptive policies."""
        return self._adapting.switches if self._adapting is not None else ()

    def explain(self, now: float) -> dict[int, tuple[str, str]]:
        """Why each unit that waits does: the reason's name, and the engine's words as things stand now.

        It is asked anew, since who waits for a known reason is not asked about whenever its figures change.
        """
        if not self.waits:
            return {}
        batch = sorted(self.waits)
        found = {unit: self._waiting.why(unit) for unit in batch}
        for unit, decision in self._decide(batch, self._machines.cluster, self._now_known(now)):
            if decision.reason is not None:
                found[unit] = (decision.reason.value, decision.message)
        return found

    # News

    def arrived(self, number: int, now: float) -> None:
        """A graph has been submitted."""
        self._coming -= 1
        graph = self.graphs[number]
        if self._adapting is not None:
            self._adapting.admit(graph)
        self._planning.arrived(graph)
        if self._light and graph.submission.graph.units == 1:
            self._want(graph, 0, now)
        else:
            self._due.add(number)

    def changed(self, row: int, now: float) -> None:
        """Something about an attempt can be seen that its graph has to look at."""
        graph = self.graphs[self._log.graph[row]]
        outcome = self._log.outcome[row]
        if outcome != Outcome.OPEN:
            self._waiting.freed(self._machines.row(row))
            self.done += outcome == Outcome.SUCCEEDED
            self._planning.ended(graph.number, self._log.unit[row], outcome == Outcome.SUCCEEDED, now)
            if self._run_times is not None and outcome in (Outcome.SUCCEEDED, Outcome.FAILED):
                self._run_times.ended(graph.first + self._log.unit[row], row)
            if graph.light and outcome == Outcome.SUCCEEDED:
                self._over(graph, True, "", now)
                return
        graph.seen[row] = self._machines.seen(row, now)
        self._due.add(graph.number)

    def running(self, row: int, now: float) -> None:
        """An attempt has begun to run; hardly ever does its graph have to look."""
        self.starts += 1
        graph = self.graphs[self._log.graph[row]]
        if graph.run is not None:
            graph.seen[row] = self._machines.seen(row, now)
            if graph.run.setbacks[self._log.unit[row]]:
                self._due.add(graph.number)  # that it runs ends its row of setbacks

    def bound(self, row: int, now: float) -> None:
        """A node has an attempt."""
        graph = self.graphs[self._log.graph[row]]
        if self._log.outcome[row] == Outcome.OPEN and not graph.light:
            graph.seen[row] = self._machines.seen(row, now)

    def woken(self, number: int, now: float) -> None:
        """A back-off is over."""
        graph = self.graphs[number]
        if graph.wake_at == now:
            graph.wake_at = None
            self._due.add(number)

    def expired(self, number: int, now: float) -> None:
        """A place is kept no longer for somebody who waits."""
        if self._planning.expired(number, now):
            self._waiting.again()

    def nodes_changed(self) -> None:
        """A node is ready that was not, or the other way round."""
        self._waiting.nodes_changed()
        self._planning.nodes_changed()

    def load_changed(self) -> None:
        """Nodes are hot that were not, or the other way round."""
        if self._hot:
            self._waiting.nodes_changed()

    def hopeless(self) -> bool:
        """Nothing runs, nothing is to come, and nobody who waits would get a place on the nodes as they are at their best.

        Without this, nodes that break and are repaired by lot would keep the clock going for ever.
        """
        if self._log.open or self._coming or not self.waits or any(graph.wake_at is not None for graph in self.graphs):
            return False
        waiting = tuple(self.waits)
        if waiting != self._hopeless:
            if self.would_place(self._machines.untouched(), self._now):
                return False
            self._hopeless = waiting
        return True

    def would_place(self, cluster: Cluster, now: float) -> bool:
        """Whether anybody who waits would get a place on such a cluster, with load as low as it will ever be."""
        scraping = self._machines.scraping
        load = None if scraping is None else scraping.at_best(cluster, now)
        # Without plans: nobody has to wait for a place that is kept for it.
        decisions = self._decide(sorted(self.waits), cluster, replace(self._context(0.0, load), plans=None))
        return any(decision.node is not None for _, decision in decisions)

    # One tick

    def tick(self, now: float) -> None:
        """Advance whoever is due and place whoever waits, until nothing is left to do at this instant."""
        self._now = now
        while True:
            while self._due:
                due, self._due = self._due, set()
                for number in sorted(due):
                    self._advance(self.graphs[number], now)
            if self._planning.update(now):
                self._waiting.again()
            while batch := self._waiting.batch():
                self._place(batch, now)
                self._waiting.settled()
            if not self._due:
                break
        if self._machines.scraping is not None:
            self._machines.scraping.follow(self._machines.cluster, now)
        self._learning.step(self._machines.cluster)
        if self._run_times is not None:
            self._run_times.step()
        if self._nodes is not None:
            scraping = self._machines.scraping
            load = (lambda: None) if scraping is None else (lambda: scraping.estimate(self._machines.cluster, now))
            self._nodes.step(now, load)

    def _advance(self, graph: GraphState, now: float) -> None:
        if graph.ended_at is not None:
            return
        step = graph.step(self._machines.lost(graph.submission.policy), now)
        graph.forget_settled(self._log, now)
        for attempt in step.wants.take_back:
            self._cut_short(graph, attempt.key, Outcome.TAKEN_BACK, now)
        for attempt in step.wants.stop:
            self._cut_short(graph, attempt.key, Outcome.STOPPED, now)
        wanted = set(step.wants.start)
        for unit in sorted(graph.wanted - wanted):
            self._drop(graph, unit)
        for unit in sorted(wanted - graph.wanted):
            self._want(graph, unit, now)
        wake_at = step.wants.wake_at
        if wake_at is not None and wake_at != graph.wake_at:
            graph.wake_at = max(wake_at, now)
            self._agenda.add(graph.wake_at, Event.WAKE, graph.number)
        if step.ended:
            self._over(graph, step.run.succeeded, step.run.failure, now)

    def _cut_short(self, graph: GraphState, key: object, outcome: Outcome, now: float) -> None:
        row = key if isinstance(key, int) else -1
        if self._log.outcome[row] == Outcome.OPEN:
            self._machines.free(row, outcome, now)
            self._waiting.freed(self._machines.row(row))
            graph.seen.pop(row, None)
            self._planning.ended(graph.number, self._log.unit[row], False, now)
            self._due.add(graph.number)  # that it is gone has to be seen

    def _over(self, graph: GraphState, succeeded: bool, failure: str, now: float) -> None:
        graph.ended_at, graph.succeeded, graph.failure = now, succeeded, failure
        self.open -= 1
        self._planning.over(graph.number)
        if self._adapting is not None:
            self._adapting.ended(graph, now)

    def _want(self, graph: GraphState, unit: int, now: float) -> None:
        graph.wanted.add(unit)
        if unit not in graph.tried:
            self._learning.count(self._requests[graph.first + unit].request_class)
        self.waits[graph.first + unit] = now
        self._waiting.add(graph.first + unit)

    def _drop(self, graph: GraphState, unit: int) -> None:
        graph.wanted.discard(unit)
        del self.waits[graph.first + unit]
        self._waiting.remove(graph.first + unit)

    # Where it goes

    def _place(self, batch: list[int], now: float) -> None:
        for unit, decision in self._decide(batch, self._machines.cluster, self._now_known(now)):
            if decision.node is not None:
                self._start(unit, decision, decision.node, now)
            else:
                reason = decision.reason.value if decision.reason is not None else ""
                self._waiting.refused(unit, (reason, decision.message))
                if decision.reason is Reason.RESERVED:
                    graph = self._graph(unit)
                    self._planning.refused(graph.number, unit - graph.first)
        for number, at in self._planning.kept_until(now):
            self._agenda.add(at, Event.EXPIRY, number)

    def _decide(self, batch: list[int], cluster: Cluster, context: Context) -> Iterator[tuple[int, Decision]]:
        """A decision for each; whoever takes it up has to charge the place before asking for the next group's."""
        several = len(self._setup.policies) > 1 or self._adapting is not None
        for group in by_policy(batch, self._decided_by, self._priority_of) if several else [batch]:
            requests = [self._requests[unit] for unit in group]
            strategy = self._setup.policies[self._policy_of(group[0])].placing(self._graph(group[0]).strategy)
            yield from zip(group, place(requests, cluster, strategy, replace(context, turn=self._placed)), strict=True)

    def _now_known(self, now: float) -> Context:
        scraping = self._machines.scraping
        return self._context(now, None if scraping is None else scraping.estimate(self._machines.cluster, now))

    def _context(self, now: float, load: LoadEstimate | None) -> Context:
        learned = self._run_times
        return Context(
            now=now,
            seed=self._setup.seed,
            mix=self._learning.model,
            run_times=None if learned is None else learned.forecast,
            efficiency=None if learned is None else learned.efficiency,
            load=load,
            plans=self._planning.plans,
            survival=None if self._nodes is None else self._nodes.survival,
        )

    def _graph(self, unit: int) -> GraphState:
        return self.graphs[self._owner[unit]]

    def _policy_of(self, unit: int) -> str:
        return self._graph(unit).submission.policy

    def _decided_by(self, unit: int) -> tuple[str, str]:
        graph = self._graph(unit)
        return graph.submission.policy, graph.strategy

    def _priority_of(self, unit: int) -> int:
        return self._requests[unit].priority

    def _start(self, number: int, decision: Decision, node: str, now: float) -> None:
        graph, since = self.graphs[self._owner[number]], self.waits[number]
        unit = number - graph.first
        # Whoever was not placed at once has been refused.
        reason = self._waiting.why(number)[0] if since < now else ""
        self._drop(graph, unit)
        self._placed += 1
        incarnation = graph.tried[unit] = graph.tried.get(unit, 0) + 1
        at, why = (since, now), (reason, decision.message)
        self._planning.began(graph.number, unit, self._machines.number(node), now)
        row = self._log.add(graph.number, unit, incarnation, self._machines.number(node), decision.gpus, at, why)
        if self._adapting is not None:
            self._adapting.started(graph, unit, row)
        if self._machines.take(row, self._requests[number].request_class, now):
            self.running(row, now)
        elif not graph.light:
            graph.seen[row] = self._machines.seen(row, now)
