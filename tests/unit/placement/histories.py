"""What deciders are told over time, drawn at random: requests, nodes, what occupies them, what is known, what was acted on."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from bayplan.admission.preemption.rules import Preemption, Reclaim, WithinQueue
from bayplan.admission.queue import Ageing, Queue, QuotaRow
from bayplan.admission.tree import QueueTree, tree_of
from bayplan.admission.whole_graphs.admitting import Admitting
from bayplan.admission.whole_graphs.demand import demand_of
from bayplan.admission.whole_graphs.whole_graph import WholeGraph
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.quotas import QuotaKey
from bayplan.core.changes import Changes, KnowledgeSnapshot
from bayplan.core.decider import Decider
from bayplan.model.constraints import Taint, Toleration
from bayplan.model.decision import Decision, Outcome
from bayplan.model.gpu import GpuAsk, Gpus, GpuUse
from bayplan.model.graph import Graph, Task
from bayplan.model.occupant import Tenant
from bayplan.model.stake import Stake
from bayplan.model.workload import Gang, GangTopology, NodeInfo, Request, RequestClass
from bayplan.strategy.compile import Named, compile_strategy, with_hot
from bayplan.strategy.presets import compile_preset
from bayplan.strategy.protocols import Strategy
from bayplan.strategy.wish import Wish
from tests.unit.placement.load_examples import measured

MILLI = "bayplan.dev/gpu-milli"
NAMES = ("n0", "n1", "n2")
CLASSES = (
    RequestClass((("cpu", 1),)),
    RequestClass((("cpu", 3),)),
    RequestClass((("cpu", 5),), tolerations=(Toleration("t", "Exists"),)),
    RequestClass((("cpu", 2),), node_selector=(("pool", "a"),)),
    RequestClass(((MILLI, 500), ("cpu", 1)), gpus=GpuAsk(1, 500)),
    RequestClass(((MILLI, 2000), ("cpu", 1)), gpus=GpuAsk(2)),
)
_PATHS = compile_strategy(["CriticalPath", "Age"], [Named("BestFit")], Named("Greedy"))
LEAVING_OUT: Mapping[str, Strategy] = {
    "best fit": compile_preset("BestFit"),
    "turns": compile_preset("RoundRobin"),
    "deadlines": compile_preset("EarliestDeadline"),
    "cool": with_hot(compile_preset("Spread"), {"cpu": 0.6}),
    "paths": _PATHS,
    "the same paths": _PATHS,
}
"""Strategies of which questions are left out; with those that follow, by policy."""
POLICIES: Mapping[str, Strategy] = {
    **LEAVING_OUT,
    "slack": compile_preset("LeastSlack"),
    "lots": compile_preset("Random"),
    "pool": compile_preset("BestFit", (("pool", "a"),)),
    "map": compile_strategy(["Age"], [Named("BestFit")], Named("Static", parameters={"t0": "n0", "t1": "n1", "t2": "n2"})),
    "auto": compile_preset("Auto"),
    "program": compile_preset("IntegerProgram"),
}
TOGETHER = st.one_of(
    st.sampled_from([(each,) for each in LEAVING_OUT]),
    st.just(("paths", "the same paths")),
    st.lists(st.sampled_from(list(POLICIES)), min_size=1, max_size=3, unique=True).map(tuple),
)
_CPU = QuotaKey("cpu")
_EVICTS = Preemption(WithinQueue.LOWER_PRIORITY, Reclaim.ANY)
TREES = (
    tree_of([Queue("a", None, (QuotaRow(_CPU, 4),)), Queue("b", None, (QuotaRow(QuotaKey("cpu", (("pool", "a"),)), 3),))]),
    tree_of(
        [
            Queue("all", half_life=20.0),
            Queue("a", "all", (QuotaRow(_CPU, 4, 2),), ageing=Ageing(3600.0, 6.0)),
            Queue("b", "all", (QuotaRow(_CPU, 2, None, 1),), weight=2.0),
            Queue("c", "a"),
        ]
    ),
    tree_of([Queue("a"), Queue("b"), Queue("c", ageing=Ageing(7200.0, 4.0))], half_life=5.0),
    tree_of(
        [
            Queue("all", half_life=20.0),
            Queue("a", "all", (QuotaRow(_CPU, 4),), preemption=_EVICTS),
            Queue("b", "all", (QuotaRow(_CPU, 2),), preemption=_EVICTS, ageing=Ageing(3600.0, 6.0)),
            Queue("c", "all", preemption=Preemption(WithinQueue.LOWER_PRIORITY, minimum_run_time=2.0)),
        ]
    ),
    tree_of([Queue("a", preemption=_EVICTS), Queue("b", preemption=_EVICTS)]),
)
"""Queues as they may be told."""
GANGS = {
    "g": Gang("g"),
    "h": Gang("h", 2),
    "k": Gang("k", 1, GangTopology("pool")),
    "l": Gang("l", 2, GangTopology("pool", required=False)),
}
_FORK = Graph.build([Task("t0"), Task("t1", ("t0",), 2), Task("t2", ("t0",))])
WHOLE = {
    "w": ("a", demand_of(_FORK, None, [[CLASSES[1]], [CLASSES[0]], [CLASSES[3], CLASSES[0]]])),
    "x": ("b", demand_of(_FORK, None, [[CLASSES[3]], [CLASSES[0]], [CLASSES[1]]])),
}
"""Graphs that are admitted as a whole: their queues, and what they need."""
Told = tuple[str, Any]
_WHERE = st.sampled_from(NAMES)
_CLASS = st.sampled_from((1, 1, *range(len(CLASSES))))
_NODE = st.fixed_dictionaries(
    {
        "name": _WHERE,
        "cpu": st.integers(2, 6),
        "gpus": st.integers(0, 2),
        "pool": st.sampled_from("ab"),
        "ready": st.sampled_from((True, True, True, False)),
        "taint": st.sampled_from((False, False, True)),
    }
)
_WANTED = st.fixed_dictionaries(
    {
        "id": st.integers(0, 7),
        "class": _CLASS,
        "policy": st.integers(0, 2),
        "priority": st.sampled_from((0, 0, 5)),
        "path": st.sampled_from((0.0, 0.0, 2.5)),
        "arrival": st.integers(0, 2),
        "deadline": st.sampled_from((None, None, 50.0, 90.0)),
        "gang": st.sampled_from((None, None, None, "g", *"hkl")),
        "queue": st.sampled_from((None, "a", "a", "b", "c")),
        "graph": st.sampled_from((None, None, *WHOLE)),
    }
)
_WANT = st.tuples(st.just("want"), st.lists(_WANTED, min_size=1, max_size=5))
_TOLD: st.SearchStrategy[Told] = st.one_of(
    _WANT,
    _WANT,
    st.tuples(st.just("drop"), st.integers(0, 9)),
    st.tuples(st.just("node"), _NODE),
    st.tuples(st.just("gone"), _WHERE),
    st.tuples(st.just("occupy"), st.tuples(st.integers(0, 2), _WHERE, st.integers(1, 4))),
    st.tuples(st.just("vacate"), st.integers(0, 2)),
    st.tuples(st.just("end"), st.integers(0, 7)),
    st.tuples(st.just("end"), st.integers(0, 7)),
    st.tuples(st.just("refuse"), st.tuples(_CLASS, _WHERE)),
    st.tuples(st.just("forgive"), st.none()),
    st.tuples(st.just("over"), st.tuples(st.sampled_from(list(WHOLE)), st.integers(0, 2))),
    st.tuples(st.just("left"), st.sampled_from(list(WHOLE))),
    st.tuples(st.just("turn"), st.integers(0, 9)),
    st.tuples(st.just("queues"), st.integers(0, len(TREES) - 1)),
    st.tuples(st.just("load"), st.dictionaries(_WHERE, st.sampled_from((0.1, 0.9)))),
)
_DECIDE = st.sampled_from(("act", "act", "act", "act", "want again", "lose")).map(lambda then: [("decide", then)])
_ROUND = st.tuples(st.lists(_TOLD, max_size=4), _DECIDE).map(lambda both: [*both[0], *both[1]])
_QUEUES = st.one_of(st.just([]), st.integers(0, len(TREES) - 1).map(lambda number: [("queues", number)]))
_BEGIN = st.tuples(_QUEUES, st.lists(_NODE, min_size=1, max_size=3), _WANT).map(
    lambda parts: [*parts[0], *(("node", each) for each in parts[1]), parts[2], ("decide", "act")]
)
HISTORIES = st.tuples(_BEGIN, st.lists(_ROUND, min_size=1, max_size=5)).map(
    lambda both: [*both[0], *(told for each in both[1] for told in each)]
)
"""Some rounds, at the end of each of which is decided."""


class History:
    """Several deciders on one cluster, which are told the same at the same time."""

    def __init__(self, policies: tuple[str, ...], *deciders: Callable[[Cluster], Decider]) -> None:
        self.cluster = Cluster()
        self.deciders = [make(self.cluster) for make in deciders]
        self.said: dict[Hashable, Decision] = {}
        """What the first of them said last of each request that waits."""
        self.now = 0.0
        self._policies = policies
        self._knowledge = KnowledgeSnapshot()
        self._refused: dict[RequestClass, frozenset[str]] = {}
        self._placed = 0
        self._tree: QueueTree | None = None
        self._whole: dict[Hashable, WholeGraph] = {}

    def fresh(self) -> Decider:
        """A decider that is told at once what the others know by now."""
        self._recharge()
        made = Decider(self.cluster, seed=3)
        wanted = tuple(self.deciders[0].wishes.values())
        made.update(Changes(queues=self._tree, shares=self.deciders[0].shares(self.now)))
        made.update(Changes(graphs=dict(self._whole)))
        known = self.deciders[0].preemption
        made.update(Changes(wanted, (), self._knowledge, preemption=known, refused=self._refused, placed=self._placed))
        return made

    def tell(self, what: str, given: Any) -> None:
        """Something has changed."""
        self.now += 1.0
        match what:
            case "want":
                for each in given:
                    self.cluster.vacate(("pod", each["id"]))
                    if each["gang"] is None and each["graph"] is not None and each["graph"] not in self._whole:
                        self._tell_of(each["graph"])
                self._update(Changes(wanted=tuple(self._wish(each) for each in given)))
            case "drop":
                self.said.pop(given, None)
                self._update(Changes(dropped=(given,)))
            case "node":
                self.cluster.set_node(_node(given))
            case "gone":
                self.cluster.remove_node(given)
            case "occupy":
                key, name, cpu = given
                self.cluster.occupy(key, name, {"cpu": cpu})
            case "vacate":
                self.cluster.vacate(given)
            case "end":
                self.cluster.vacate(("pod", given))
            case "over":
                name, task = given
                if name in self._whole:
                    over = self._whole[name].over.copy()
                    over[task] = True
                    self._tell_of(name, over=over)
            case "left":
                if self._whole.pop(given, None) is not None:
                    self._update(Changes(graphs={given: None}))
            case "refuse" | "forgive":
                self._refused = {CLASSES[given[0]]: frozenset({given[1]})} if given else {}
                self._update(Changes(refused=self._refused))
            case "queues":
                self._tree = TREES[given]
                self._update(Changes(queues=self._tree))
            case "turn":
                self._placed = given
                self._update(Changes(placed=given))
            case "load":
                shares = {name: {"cpu": share} for name, share in given.items() if self.cluster.row(name) is not None}
                load = measured(self.cluster, shares) if shares else None
                self._knowledge = KnowledgeSnapshot(load=load)
                self._update(Changes(knowledge=self._knowledge))
            case _:
                raise ValueError(what)

    def decide(self, then: str) -> list[Outcome]:
        """What each says; then the first's placements are acted on, or are wanted again, or are lost."""
        wishes = dict(self.deciders[0].wishes)
        found, charged = [], []
        for each in self.deciders:
            self._recharge()
            found.append(each.decide(self.now))
            charged.append(each.whole.charged())
        self._recharge()
        for graph in charged[0]:
            self._tell_of(graph.graph, charge=graph.charge)
        self.said.update({each.request_id: each for each in found[0].waiting})
        placed = [wishes[each.request_id] for each in found[0].placements]
        self._placed += len(placed)
        for wish, decision in zip(placed, found[0].placements, strict=True):
            self.said.pop(decision.request_id, None)
            if then == "act":
                self.act(wish.request, decision)
        for each in found[0].evictions if then == "act" else ():
            self._leave(each.occupant)
        if then != "act":
            released = tuple(hold.request_ids[0] for hold in found[0].holds)
            self._update(Changes(released=released))
            self._update(Changes(tuple(placed) if then == "want again" else (), reopened=True))
        return found

    def act(self, request: Request, decision: Decision) -> None:
        """Its pod occupies the node from now on."""
        asked = request.request_class
        use = None if asked.gpus is None else GpuUse(asked.gpus, decision.gpus)
        stake = Stake(request.id if request.gang is None else request.gang.id, started=self.now, grace=2.0)
        tenant = Tenant(
            request.graph,
            queue=request.queue,
            priority=request.priority,
            since=self.now,
            expected_end=None if self._tree is not None and self._tree.preempts else self.now + 10.0,
            stake=stake,
        )
        self.cluster.occupy(("pod", request.id), decision.node or "", dict(asked.resources), use, tenant)

    def _leave(self, key: Hashable) -> None:
        """It is being deleted."""
        for name in NAMES:
            occupant = self.cluster.occupants(name).get(key)
            if occupant is not None and occupant.tenant is not None:
                tenant = replace(occupant.tenant, leaving=True)
                self.cluster.occupy(key, name, occupant.resources, occupant.gpus, tenant)

    def _update(self, changes: Changes) -> None:
        for each in self.deciders:
            each.update(changes)

    def _tell_of(self, name: Hashable, **more: Any) -> None:
        queue, demand = WHOLE[str(name)]
        known = self._whole.get(name) or WholeGraph(name, str(name), queue, "", demand, np.zeros(3, bool))
        self._whole[name] = replace(known, **more)
        self._update(Changes(graphs={name: self._whole[name]}))

    def _recharge(self) -> None:
        """All deciders are on one cluster: what one of them has charged is not charged for the others."""
        Admitting(self.cluster).take(dict(self._whole))

    def _wish(self, drawn: Mapping[str, Any]) -> Wish:
        """A gang's requests have one policy and one priority, as those of one graph."""
        gang, place = drawn["gang"], drawn["policy"]
        if gang is not None:
            place = list(GANGS).index(gang)
        policy = self._policies[place % len(self._policies)]
        whole = drawn["graph"] if gang is None else None
        asks = CLASSES[drawn["class"]] if whole is None else WHOLE[whole][1].asks[drawn["id"] % 3][0]
        queue = drawn["queue"] if whole is None else WHOLE[whole][0]
        request = Request(
            drawn["id"],
            asks,
            drawn["priority"] if gang is None else place,
            drawn["path"],
            (drawn["arrival"],),
            f"t{drawn['id'] % 3}",
            GANGS.get(gang),
            drawn["deadline"],
            10.0,
            graph=whole,
            queue=queue if gang is None else None if gang == "g" else "a",
            since=self.now,
        )
        self.said.pop(request.id, None)
        return Wish(request, POLICIES[policy], policy)


def _node(drawn: Mapping[str, Any]) -> NodeInfo:
    offered = {"cpu": drawn["cpu"], MILLI: 1000 * drawn["gpus"]}
    taints = (Taint("t", "", "NoSchedule"),) if drawn["taint"] else ()
    gpus = Gpus(drawn["gpus"]) if drawn["gpus"] else None
    return NodeInfo(drawn["name"], offered, {"pool": drawn["pool"]}, taints, ready=drawn["ready"], gpus=gpus)
