"""What waits for a place, and what the decider is told of it."""

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import cast

from bayplan.admission.line.whole import LineUnit, whole_line
from bayplan.cluster.cluster import Cluster
from bayplan.core.changes import Changes, KnowledgeSnapshot
from bayplan.core.decider import Decider
from bayplan.model.decision import Outcome
from bayplan.model.workload import Request
from bayplan.simulation.graph_state import GraphState
from bayplan.simulation.requests import Requests
from bayplan.simulation.setup import Setup
from bayplan.simulation.whole_graphs import WholeSubmissions
from bayplan.strategy.wish import Wish

Id = tuple[int, int]
"""Of a request: the number of its graph, and of its unit there."""


class WaitingUnits:
    """The requests of the units that wait."""

    def __init__(self, setup: Setup, requests: Requests, cluster: Cluster, shortcuts: bool) -> None:
        self.requests: dict[Id, Request] = {}
        self._setup, self._made = setup, requests
        self._decider = Decider(cluster, setup.seed, shortcuts)
        if setup.queues is not None:
            self._decider.update(Changes(queues=setup.queues, graphs=setup.charged or None))
        self.evicted_at: Mapping[Id, float] = {}
        """Units that were evicted, and when."""
        self._wanted: dict[Id, Wish] = {}
        self._dropped: list[Id] = []
        self._held: dict[Id, tuple[str, str]] = {}
        """Of which the decider is told nothing: the reason's name, and the words."""
        self._known = KnowledgeSnapshot()
        self.whole = WholeSubmissions()
        """Those that are admitted as a whole."""
        self.reopened = False
        """With the three before: what the decider is to be told."""

    def __len__(self) -> int:
        """How many units the decider was told of that wait."""
        return len(self._decider)

    @property
    def empty(self) -> bool:
        """Nothing waits, and the decider need not hear of anything."""
        return not self._wanted and not len(self._decider)

    def want(self, graph: GraphState, unit: int, now: float) -> Request:
        """A unit wants a place from now on."""
        graph.wanted.add(unit)
        request = self._request(graph, unit, now)
        self._ask(graph, request)
        return request

    def ask_again(self, graph: GraphState, unit: int) -> None:
        """If a unit that waits has something else to ask by now."""
        before = self.requests[graph.number, unit]
        request = self._request(graph, unit, before.since or 0.0)
        if request != before:
            self._ask(graph, request)

    def drop(self, graph: GraphState, unit: int) -> None:
        """A unit wants none any more."""
        graph.wanted.discard(unit)
        id_ = (graph.number, unit)
        del self.requests[id_]
        self._held.pop(id_, None)
        if self._wanted.pop(id_, None) is None:
            self._dropped.append(id_)

    def placed(self, graph: GraphState, unit: int) -> Request:
        """A unit has its place; answers what it had asked."""
        graph.wanted.discard(unit)
        return self.requests.pop((graph.number, unit))

    def tell(self, known: KnowledgeSnapshot | None) -> None:
        """Tell the decider what has changed. `known`: by now; none: as ever."""
        graphs = self.whole.changes()
        if graphs:
            self._decider.update(Changes(graphs=graphs))
        if known is not None and not known.same_as(self._known):
            self._known = known
            self._decider.update(Changes(knowledge=known))
        if self._wanted or self._dropped or self.reopened:
            wanted, dropped = tuple(self._wanted.values()), tuple(self._dropped)
            self._decider.update(Changes(wanted, dropped, reopened=self.reopened))
            self._wanted.clear()
            self._dropped.clear()
            self.reopened = False

    def decide(self, now: float) -> Outcome:
        """Of what it was told."""
        outcome = self._decider.decide(now)
        self.whole.charged(self._decider.whole.charged())
        return outcome

    def line(self, now: float) -> list[LineUnit]:
        """What it was told of, as it stands in line. O(n log n)."""
        found = self._decider.snapshot(now)
        return whole_line(found.wishes, found.tree, found.shares, now)

    @property
    def again_at(self) -> float:
        """When to decide again though nothing happens; infinite: there is no need."""
        return self._decider.again_at

    def would_place(self, cluster: Cluster, known: KnowledgeSnapshot) -> bool:
        """Whether anything that it was told of would get a place on such a cluster, where that is known."""
        return bool(self._decider.on(cluster, known).decide(0.0).placements)

    def why(self, request: Request) -> tuple[str, str]:
        """What was said of it last: the reason's name, and the words; both empty: nothing."""
        said = self._decider.why(request)
        return ("", "") if said is None or said.reason is None else (said.reason.value, said.message)

    def explain(self, now: float) -> dict[Id, tuple[str, str]]:
        """Of each unit, as things stand now.

        The decider is asked again, since it does not ask about what waits for a known reason whenever its figures change.
        """
        found = {id_: self._held.get(id_) or self.why(request) for id_, request in self.requests.items()}
        for decision in self._decider.explain(now):
            if decision.reason is not None:
                found[id_of(decision.request_id)] = (decision.reason.value, decision.message)
        return found

    def _ask(self, graph: GraphState, request: Request) -> None:
        id_, held = id_of(request.id), graph.submission.held_back
        self.requests[id_] = request
        if held is None:
            self._wanted[id_] = self._wish(graph, request)
        else:
            self._held[id_] = held[0].value, held[1]

    def _request(self, graph: GraphState, unit: int, since: float) -> Request:
        request, gang = self._made.make(graph.number, unit, since), graph.gang(unit)
        if (graph.number, unit) in self.evicted_at:
            request = replace(request, evicted_at=self.evicted_at[graph.number, unit])
        return request if gang is None else replace(request, gang=gang)

    def _wish(self, graph: GraphState, request: Request) -> Wish:
        policy = graph.submission.policy
        return Wish(request, self._setup.policies[policy].placing(graph.strategy), policy, graph.strategy)


def id_of(request_id: Hashable) -> Id:
    """As `Requests` makes it."""
    return cast(Id, request_id)
