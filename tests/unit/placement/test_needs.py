"""Every order, scorer and planner of Bayplan's own declares what it reads of the context, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.graph_plans import Plan, Situation, make_plan, slots
from bayplan.knowledge.arrivals import mix_model
from bayplan.knowledge.efficiency import Efficiency
from bayplan.knowledge.node_states import NodeState, NodeStates, Survival
from bayplan.knowledge.run_times import ByTask, RunTimes, TaskRun
from bayplan.model.decision import Decision
from bayplan.model.gpu import GpuAsk, Gpus, GpuUse
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, Request, RequestClass
from bayplan.strategy.assigning import PLANNERS
from bayplan.strategy.context import Context
from bayplan.strategy.declarations import Kind, checked
from bayplan.strategy.declared import narrowed
from bayplan.strategy.needs import Need, needs_of
from bayplan.strategy.objectives import OBJECTIVES
from bayplan.strategy.ordering import ORDERS
from bayplan.strategy.parameters import names, with_parameters
from bayplan.strategy.protocols import FeasiblePlaces, Planner, Scorer, Scoring, Strategy, WeightedScorer
from bayplan.strategy.scoring import SCORERS
from bayplan.strategy.scoring.best_fit import BestFit
from tests.unit.placement.building import asking, cluster
from tests.unit.placement.load_examples import measured

PARTS = {
    "mix": {Need.MIX},
    "load": {Need.LOAD},
    "plans": {Need.PLANS, Need.PLANS_IF_THEY_MATTER},
    "efficiency": {Need.EFFICIENCY},
    "run_times": {Need.RUN_TIMES},
    "survival": {Need.SURVIVAL},
}
NOW = 1000.0
ASK = GpuAsk(1, 500)
ASKED = RequestClass((("bayplan.dev/gpu-milli", 500), ("cpu", 1000), ("pods", 1)), gpus=ASK)
LARGE = RequestClass((("bayplan.dev/gpu-milli", 2000), ("cpu", 4000), ("pods", 1)), gpus=GpuAsk(2, 1000))
GRAPH = Graph.build([Task("short", duration=10), Task("long", duration=400), Task("end", ("long",), duration=10)])


class Watched(Context):
    """Notes which of its parts are read."""

    def __getattribute__(self, name: str) -> Any:
        if name in PARTS:
            super().__getattribute__("__dict__").setdefault("read", set()).add(name)
        return super().__getattribute__(name)


def nodes() -> Cluster:
    """Two of each class; the first of either is busier by what is requested."""
    room = {"cpu": 8000, "pods": 10, "bayplan.dev/gpu-milli": 2000}
    kinds = [(kind, n) for kind in ("fast", "slow") for n in range(2)]
    on = cluster(*(NodeInfo(f"{kind}-{n}", room, gpus=Gpus(2, "T4"), node_class=kind) for kind, n in kinds))
    on.occupy("a", "fast-0", {"cpu": 3000, "pods": 1, "bayplan.dev/gpu-milli": 500}, GpuUse(ASK, (0,)))
    on.occupy("b", "slow-0", {"cpu": 1000, "pods": 1})
    return on


def requests() -> list[Request]:
    """Of the graph that is planned; the last has waited longest."""
    return [
        Request(unit, ASKED, arrival=(NOW - 10 * unit,), task=f"g/{task.name}", duration=task.duration, graph="g", unit=unit)
        for unit, task in enumerate(GRAPH.tasks)
    ]


def plan(on: Cluster, slower: float) -> Plan:
    """Tasks are slower on slow nodes, the later ones the more so."""
    found = slots(on, {ASKED: GRAPH.units}, GRAPH.units)
    base = np.array([task.duration for task in GRAPH.tasks])
    factors = [[slower ** (1 + n) if each == "slow" else 1.0 for each in found.classes] for n in range(len(base))]
    seconds = base[:, None] * np.array(factors)
    nowhere, still = np.full(GRAPH.units, -1), np.full(GRAPH.units, np.nan)
    return make_plan(Situation(GRAPH, seconds, np.full(1, 1e3), 10.0, found, NOW, np.zeros(GRAPH.units, bool), nowhere, still))


def run_times(longest: str) -> ByTask:
    """With a few runs of each task; of one of them they took far longer."""
    learned = RunTimes(limit=10)
    for task in GRAPH.tasks:
        for seconds in (10.0, 11.0, 12.0):
            learned.observe(TaskRun(f"g/{task.name}"), seconds * (100 if task.name == longest else 1), NOW)
    return ByTask(learned, lambda request: TaskRun(request.task))


def survival(failing: str) -> Survival:
    states = NodeStates()
    for _ in range(50):
        states.observe(NodeState.IDLE, 3600.0, NodeState.FAILING)
        states.observe(NodeState.FAILING, 60.0, NodeState.IDLE)
    return Survival({failing: states}, {})


@cache
def parts() -> dict[str, tuple[Any, Any]]:
    """Per part of the context two versions, which give different scores and orders."""
    on = nodes()
    shares = [{name: {"cpu": 0.1 + 0.2 * ((n + turn) % 4)} for n, name in enumerate(on.names)} for turn in (0, 2)]
    values = {(f"g/{task.name}", "fast"): 1.0 for task in GRAPH.tasks}
    values |= {(f"g/{task.name}", "slow"): 1.0 + task.duration for task in GRAPH.tasks}
    return {
        "mix": (mix_model({ASKED: 1.0}, on, 0), mix_model({LARGE: 1.0, asking(8): 2.0}, on, 0)),
        "load": (measured(on, shares[0]), measured(on, shares[1])),
        "plans": ({"g": plan(on, 4.0)}, {"g": plan(on, 0.25)}),
        "efficiency": (Efficiency(values), Efficiency({key: 1.0 / each for key, each in values.items()})),
        "run_times": (run_times("short"), run_times("end")),
        "survival": (survival("fast"), survival("slow")),
    }


def full() -> Context:
    return Context(now=NOW, seed=3, turn=2, **{name: first for name, (first, _) in parts().items()})


def planner(name: str, **parameters: str) -> Planner:
    if name == "Static":
        parameters = {each.task: "slow-0" for each in requests()}
    return with_parameters(PLANNERS[name], parameters)


def variants() -> dict[str, tuple[Kind, Any]]:
    """All there are, and planners once for each objective."""
    found: dict[str, tuple[Kind, Any]] = {name: ("order", each) for name, each in ORDERS.items()}
    found |= {f"{name} scorer": ("scorer", each()) for name, each in SCORERS.items()}
    for name, kind in PLANNERS.items():
        if name != "Static" and "objective" in names(kind):
            found |= {f"{name} for {each}": ("planner", planner(name, objective=each)) for each in OBJECTIVES}
        else:
            found[f"{name} planner"] = ("planner", planner(name))
    return found


VARIANTS = variants()
EVERY = pytest.mark.parametrize("name", list(VARIANTS))


def asked_of(name: str) -> Callable[[Context], object]:
    """Its answer by the context; planners get an order and scorers that read nothing of it."""
    (kind, part), on = VARIANTS[name], nodes()
    if kind == "order":
        return lambda context: part(requests(), context).tolist()
    if kind == "scorer":
        return lambda context: [scored(part, each, on, context) for each in requests()]
    strategy = Strategy((ORDERS["Age"],), Scoring((WeightedScorer("BestFit", BestFit(), 1.0),)), part)

    def decided(context: Context) -> list[Decision]:
        return list(part(requests(), on, strategy, context))

    return decided


def scored(scorer: Scorer, request: Request, on: Cluster, context: Context) -> list[float]:
    rows = np.arange(on.rows)
    return list(scorer(request, on, FeasiblePlaces(rows, np.ones(len(rows), np.int64)), context).tolist())


def test_the_parts_are_those_of_the_context() -> None:
    always = {"now", "rejected", "seed", "turn", "stop"}
    assert set(PARTS) == {each.name for each in fields(Context)} - always


@EVERY
def test_it_reads_what_it_declares_and_nothing_else(name: str) -> None:
    kind, part = VARIANTS[name]
    known = full()
    context = Watched(**{each.name: getattr(known, each.name) for each in fields(Context)})
    asked_of(name)(context)
    read = context.__dict__.get("read", set())
    declared = checked(part, kind)
    assert declared == needs_of(part)
    assert read == {part for part, needs in PARTS.items() if needs & declared}


@EVERY
def test_it_answers_the_same_without_what_it_does_not_declare(name: str) -> None:
    _, part = VARIANTS[name]
    assert asked_of(name)(full()) == asked_of(name)(narrowed(full(), needs_of(part)))


DECLARED = [(name, field) for name, (_, part) in VARIANTS.items() for field, needs in PARTS.items() if needs & needs_of(part)]


@pytest.mark.parametrize(("name", "field"), DECLARED)
def test_what_it_declares_makes_a_difference(name: str, field: str) -> None:
    ask = asked_of(name)
    first, second = (str(ask(replace(full(), **{field: each}))) for each in parts()[field])
    assert first != second


@pytest.mark.parametrize("name", list(SCORERS))
def test_scores_are_the_same_while_it_depends_on_the_same(name: str) -> None:
    """Over every combination of two versions of each part that it declares, none, and what always is there."""
    scorer, on = SCORERS[name](), nodes()
    found: dict[object, list[float]] = {}
    given = [(field, (*two, None)) for field, two in parts().items() if PARTS[field] & scorer.needs]
    always: list[dict[str, Any]] = [{}, {"now": NOW + 50.0}, {"turn": 9}, {"seed": 8}]
    for chosen in product(*(versions for _, versions in given)):
        for other in always:
            context = replace(full(), **{field: each for (field, _), each in zip(given, chosen, strict=True)}, **other)
            for each in requests():
                key = (scorer.depends_on(each, context), each.task if Need.PER_TASK in scorer.needs else "")
                now = scored(scorer, each, on, context)
                assert found.setdefault(key, now) == now


@pytest.mark.parametrize("name", list(SCORERS))
def test_scores_are_kept_per_task_where_they_differ_between_tasks(name: str) -> None:
    scorer, on = SCORERS[name](), nodes()
    told: list[Sequence[float]] = [scored(scorer, each, on, full()) for each in requests()]
    assert (len({tuple(each) for each in told}) > 1) == (Need.PER_TASK in scorer.needs)
