"""What is learned while a simulation goes on, as far as it goes by any of it."""

from collections.abc import Callable, Hashable, Mapping, Sequence

from bayplan.core.background import Background
from bayplan.core.changes import KnowledgeSnapshot
from bayplan.foresight.graph_plans import Plan
from bayplan.knowledge.load import LoadEstimate
from bayplan.knowledge.node_states import NodeWatch
from bayplan.model.workload import RequestClass
from bayplan.simulation.events import Agenda, Event
from bayplan.simulation.graph_state import GraphState
from bayplan.simulation.learning import Learning
from bayplan.simulation.log import AttemptLog
from bayplan.simulation.machines import Machines
from bayplan.simulation.requests import Requests
from bayplan.simulation.run_time_learning import RunTimeLearning
from bayplan.simulation.setup import Setup
from bayplan.simulation.submission import Submission


class Knowing:
    """Arrivals, run times, nodes and load, brought together as the decider is told of them."""

    def __init__(
        self,
        submissions: Sequence[Submission],
        setup: Setup,
        machines: Machines,
        requests: Requests,
        log: AttemptLog,
        beside: Background,
    ) -> None:
        strategies = [strategy for policy in setup.policies.values() for strategy in policy.strategies]
        self._machines, self._log = machines, log
        self._arrivals = Learning(strategies, setup.seed, beside)
        self.run_times: RunTimeLearning | None = None
        """None: nothing is learned of them."""
        self.nodes: NodeWatch | None = None
        """None: nothing is learned of them."""
        if setup.learn:
            self.run_times = RunTimeLearning(submissions, requests, machines.nodes, log)
            self.nodes = NodeWatch(machines.cluster, {})
        self.changes = (
            setup.learn or machines.scraping is not None or any(each.uses_mix or each.uses_plans for each in strategies)
        )
        """What is known changes while the simulation goes on."""
        self._renewal_at = -1.0

    def arrived(self, graph: GraphState) -> None:
        """A graph has been submitted."""
        if self.run_times is not None:
            self.run_times.expect(graph)

    def chosen(self, graph: GraphState) -> None:
        """A task of a graph runs another candidate from now on."""
        if self.run_times is not None:
            self.run_times.chosen(graph)

    def asked(self, request_class: RequestClass) -> None:
        """A unit wants a place for the first time."""
        self._arrivals.count(request_class)

    def ended(self, row: int) -> None:
        """An attempt has succeeded or failed by itself."""
        if self.run_times is not None:
            self.run_times.ended(self._log.graph[row], self._log.unit[row], row)

    def step(self, now: float, open_graphs: Callable[[], Sequence[GraphState]], agenda: Agenda) -> bool:
        """Before anything is placed: what was learned counts, and so does what nodes were seen to do. Answers whether other run
        times are expected now."""
        renewed = False
        if self.run_times is not None:
            renewed = self.run_times.step(now, lambda: [graph.number for graph in open_graphs()])
            for graph in open_graphs() if renewed else ():
                self.run_times.expect(graph)
            due = self.run_times.next_time()
            if due is not None and due > now and due != self._renewal_at:
                self._renewal_at = due
                agenda.add(due, Event.RENEWAL, 0)
        if self.nodes is not None:
            self.nodes.step(now, lambda: self._load(now))
        return renewed

    def follow(self, now: float) -> None:
        """At the end of a tick: what was placed is followed, and what arrived counts from the next one on."""
        if self._machines.scraping is not None:
            self._machines.scraping.follow(self._machines.cluster, now)
        self._arrivals.step(self._machines.cluster)

    def snapshot(self, plans: Mapping[Hashable, Plan] | None, now: float) -> KnowledgeSnapshot:
        """As things stand. `plans`: by the number of their graph; none: no policy looks at any."""
        return self._with(plans, self._load(now))

    def at_best(self, load: LoadEstimate | None) -> KnowledgeSnapshot:
        """With such a load, and without plans, so that nothing has to wait for a place that is kept for it."""
        return self._with(None, load)

    def _load(self, now: float) -> LoadEstimate | None:
        scraping = self._machines.scraping
        return None if scraping is None else scraping.estimate(self._machines.cluster, now)

    def _with(self, plans: Mapping[Hashable, Plan] | None, load: LoadEstimate | None) -> KnowledgeSnapshot:
        learned = self.run_times
        return KnowledgeSnapshot(
            mix=self._arrivals.model,
            run_times=None if learned is None else learned.forecast,
            efficiency=None if learned is None else learned.efficiency,
            load=load,
            plans=plans,
            survival=None if self.nodes is None else self.nodes.survival,
        )
