"""What strategies of plugins declare: refused by name where it is wrong or would have no effect, held to where it is right."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar

import numpy as np
import pytest

from bayplan.cluster.cluster import Cluster
from bayplan.core.engine import place
from bayplan.model.arrays import FloatArray
from bayplan.model.decision import Decision
from bayplan.model.workload import Request
from bayplan.strategy.assigning.greedy import Greedy
from bayplan.strategy.compile import Named, StrategyError, compile_strategy
from bayplan.strategy.context import Context
from bayplan.strategy.needs import Need, needs
from bayplan.strategy.plugins import Plugin
from bayplan.strategy.protocols import FeasiblePlaces, Scorer, Strategy
from tests.unit.placement.building import asking, cluster, node
from tests.unit.placement.load_examples import measured

FORMER = [
    ("uses_load", Need.LOAD),
    ("uses_mix", Need.MIX),
    ("uses_plans", Need.PLANS),
    ("only_if_they_matter", Need.PLANS_IF_THEY_MATTER),
    ("per_task", Need.PER_TASK),
]
KINDS = ["order", "scorer", "planner"]
PLACE = {"order": "order[0]", "scorer": "scorers[0].name", "planner": "planner.name"}


def order(**attributes: object) -> Any:
    """A function with attributes, as `@needs` gives it some."""

    def mine(requests: Sequence[Request], context: Context) -> FloatArray:
        return np.zeros(len(requests))

    vars(mine).update(attributes)
    return mine


def scorer(**attributes: object) -> type[Any]:
    def score(self: object, request: Request, on: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        return np.zeros(len(places.rows))

    return dataclass(frozen=True)(type("Mine", (), {"__call__": score, **attributes}))


def planner(**attributes: object) -> type[Any]:
    def decide(self: object, requests: Sequence[Request], on: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
        return Greedy()(requests, on, strategy, context)

    return dataclass(frozen=True)(type("Mine", (), {"__call__": decide, **attributes}))


MAKE: dict[str, Callable[..., Any]] = {"order": order, "scorer": scorer, "planner": planner}


def compiled(kind: str, part: Any) -> Strategy:
    """With the part of the kind in a plugin, as "Mine"; all else is built in."""
    plugin = Plugin(**{f"{kind}s": {"Mine": part}})
    named = {"order": "Age", "scorer": "BestFit", "planner": "Greedy", kind: "Mine"}
    return compile_strategy([named["order"]], [Named(named["scorer"])], Named(named["planner"]), plugin=plugin)


def refused(kind: str, part: Any) -> str:
    """What is said after the field and the name."""
    with pytest.raises(StrategyError) as error:
        compiled(kind, part)
    start = f'{PLACE[kind]} is "Mine", '
    assert str(error.value).startswith(start)
    return str(error.value)[len(start) :]


class Other(Enum):
    LOAD = "load"


WRONG = [
    ({"LAOD"}, 'whose needs hold "LAOD", which is no Need: did you mean Need.LOAD?'),
    (frozenset({Need.LOAD, "plans_if"}), 'whose needs hold "plans_if", which is no Need: did you mean Need.PLANS?'),
    ({"survivl"}, 'whose needs hold "survivl", which is no Need: did you mean Need.SURVIVAL?'),
    ({Other.LOAD}, "whose needs hold <Other.LOAD: 'load'>, which is no Need: did you mean Need.LOAD?"),
    (
        {17},
        "whose needs hold 17, which is no Need: there are Need.MIX, Need.LOAD, Need.PLANS, Need.PLANS_IF_THEY_MATTER, "
        "Need.EFFICIENCY, Need.RUN_TIMES, Need.SURVIVAL, Need.PER_TASK",
    ),
    ("LOAD", "whose needs are a str: they must be a frozenset of Need, such as frozenset({Need.LOAD})"),
    (Need.MIX, "whose needs are Need.MIX: they must be a frozenset of Need, such as frozenset({Need.LOAD})"),
    ([Need.MIX], "whose needs are a list: they must be a frozenset of Need, such as frozenset({Need.LOAD})"),
    (None, "whose needs are a NoneType: they must be a frozenset of Need, such as frozenset({Need.LOAD})"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("written", "said"), WRONG)
def test_needs_that_are_none_are_refused_by_name(kind: str, written: object, said: str) -> None:
    assert refused(kind, MAKE[kind](needs=written)) == said


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "need"), FORMER)
def test_what_was_declared_in_another_way_is_refused_with_what_to_write(kind: str, name: str, need: Need) -> None:
    write = f"@needs({need})" if kind == "order" else f"needs = frozenset({{{need}}})"
    said = refused(kind, MAKE[kind](**{name: True}))
    if need is Need.PER_TASK and kind != "scorer":
        assert said == 'which has "per_task", and only scores are kept, by what they depend on: take it away'
    else:
        assert said == f'which has "{name}", and that has no effect: declare {write} instead'


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("need", "needs"), ("Needs", "needs"), ("neeeds", "needs"), ("nedes", "needs"), ("usesload", Need.LOAD),
        ("use_load", Need.LOAD), ("uses_laod", Need.LOAD), ("usesMix", Need.MIX), ("uses_plan", Need.PLANS),
        ("only_if_they_mater", Need.PLANS_IF_THEY_MATTER),
    ],
)  # fmt: skip
def test_a_misspelt_declaration_is_refused_with_what_it_should_be(kind: str, name: str, meant: str | Need) -> None:
    said = refused(kind, MAKE[kind](**{name: frozenset({Need.LOAD})}))
    start, advice = f'which has "{name}", and that has no effect: ', said.rpartition(": ")[2]
    assert said == start + advice
    assert advice == f'did you mean "{meant}"?' if isinstance(meant, str) else str(meant) in advice


@pytest.mark.parametrize("name", ["per_tasks", "perTask", "pertask"])
def test_a_misspelt_declaration_that_scores_are_kept_per_task_is_refused(name: str) -> None:
    said = refused("scorer", scorer(**{name: True}))
    assert said == f'which has "{name}", and that has no effect: declare needs = frozenset({{Need.PER_TASK}}) instead'


@pytest.mark.parametrize("name", ["depend_on", "dependsOn", "depends", "dependson"])
def test_a_misspelt_method_is_refused(name: str) -> None:
    said = refused("scorer", scorer(**{name: lambda self, request, context: None}))
    assert said == f'which has "{name}", and that has no effect: did you mean "depends_on"?'


@pytest.mark.parametrize("kind", ["order", "planner"])
@pytest.mark.parametrize("name", ["depends_on", "depend_on", "per_tasks"])
def test_only_scorers_depend_on_something(kind: str, name: str) -> None:
    said = refused(kind, MAKE[kind](**{name: lambda *given: None}))
    assert said == f'which has "{name}", and only scores are kept, by what they depend on: take it away'


@pytest.mark.parametrize("kind", ["order", "planner"])
def test_only_scores_are_kept_per_task(kind: str) -> None:
    said = refused(kind, MAKE[kind](needs=frozenset({Need.PER_TASK})))
    assert said == "whose needs hold Need.PER_TASK, and only scores are kept per task: take it away"


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (lambda self: None, ": too many positional arguments"),
        (lambda self, request: None, ": too many positional arguments"),
        (lambda self, request, context, now: None, ": missing a required argument: 'now'"),
        (True, ""),
        ("load", ""),
    ],
)
def test_what_scores_depend_on_is_told_by_a_method_of_request_and_context(written: object, why: str) -> None:
    said = refused("scorer", scorer(depends_on=written))
    assert said == f"whose depends_on must be a method that takes (request, context){why}"


def test_a_need_that_is_misspelt_in_a_property_is_refused() -> None:
    said = refused("scorer", scorer(needs=property(lambda self: frozenset({Need.LAOD}))))  # type: ignore[attr-defined]
    assert said == 'whose needs cannot be read: Need is "LAOD", which is unknown: did you mean "LOAD"?'


def test_a_misspelt_member_says_what_it_should_be() -> None:
    with pytest.raises(AttributeError, match='Need is "RUNTIMES", which is unknown: did you mean "RUN_TIMES"'):
        Need.RUNTIMES  # type: ignore[attr-defined]  # noqa: B018


def test_a_decorator_without_brackets_is_refused() -> None:
    with pytest.raises(TypeError, match="write @needs"):
        needs(order())  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_names_of_its_own_are_free(kind: str) -> None:
    own = {"nodes": 1, "_uses_load": True, "uses": 3, "seeds": 4, "plans": 5, "task": 6, "load": 7, "needed": 8, "speeds": 9}
    compiled(kind, MAKE[kind](**own))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("declared", [set(), {Need.LOAD}, frozenset({Need.LOAD, Need.PLANS_IF_THEY_MATTER})])
def test_what_is_declared_counts_for_the_strategy(kind: str, declared: frozenset[Need]) -> None:
    strategy = compiled(kind, MAKE[kind](needs=declared))
    assert strategy.needs == declared
    assert strategy.uses_load == (Need.LOAD in declared)
    assert strategy.uses_plans == strategy.only_if_plans_matter == (Need.PLANS_IF_THEY_MATTER in declared)
    assert not compiled(kind, MAKE[kind]()).needs
    assert compiled(kind, MAKE[kind]()) != strategy


def test_equal_policies_with_a_plugin_give_equal_strategies() -> None:
    part = scorer(needs=frozenset({Need.LOAD}))
    assert compiled("scorer", part) == compiled("scorer", part)


def test_needs_are_no_parameter() -> None:
    @dataclass(frozen=True)
    class Mine:
        needs: frozenset[Need] = frozenset({Need.LOAD})

        def __call__(self, request: Request, on: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
            return np.zeros(len(places.rows))

    assert compiled("scorer", Mine).uses_load
    with pytest.raises(StrategyError, match='parameters is "needs", which is unknown'):
        compile_strategy(
            ["Age"], [Named("Mine", parameters={"needs": "1"})], Named("Greedy"), plugin=Plugin(scorers={"Mine": Mine})
        )


# What is declared is all there is


@dataclass(frozen=True)
class Least:
    """By the measured load, where it is known; without a base class, and without saying so."""

    def __call__(self, request: Request, on: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        if context.load is None:
            return np.zeros(len(places.rows))
        return 1.0 - np.asarray(context.load.measured[places.rows, 0])


@dataclass(frozen=True)
class LeastDeclared(Least):
    needs: ClassVar[set[Need]] = {Need.LOAD}


@dataclass(frozen=True)
class LeastScorer(Least, Scorer):
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LOAD})


@dataclass(frozen=True)
class LeastSaid(LeastDeclared):
    """With a method of its own; it would fail without load."""

    def depends_on(self, request: Request, context: Context) -> Hashable:
        assert context.load is not None
        return float(context.load.measured[0, 0])


def chosen(part: Any, on: Cluster, context: Context) -> str | None:
    return place([Request(0, asking(1))], on, compiled("scorer", part), context)[0].node


def test_what_a_scorer_does_not_declare_is_absent_for_it() -> None:
    on = cluster(node("a"), node("b"))
    known = Context(load=measured(on, {"a": {"cpu": 0.9}, "b": {"cpu": 0.1}}))
    assert chosen(Least, on, known) == "a"
    assert chosen(LeastDeclared, on, known) == "b"


@pytest.mark.parametrize("part", [LeastDeclared, LeastScorer, LeastSaid])
def test_scores_are_made_anew_when_what_is_needed_has_changed(part: Any) -> None:
    on = cluster(node("a"), node("b"))
    for busy, idle in (("a", "b"), ("b", "a")):
        assert chosen(part, on, Context(load=measured(on, {busy: {"cpu": 0.9}, idle: {"cpu": 0.1}}))) == idle


@pytest.mark.parametrize("declared", [frozenset(), frozenset({Need.RUN_TIMES})])
def test_what_an_order_does_not_declare_is_absent_for_it(declared: frozenset[Need]) -> None:
    class Backwards:
        def log_expected(self, requests: Sequence[Request], now: float) -> FloatArray:
            return -np.arange(len(requests), dtype=np.float64)

    def by_time(requests: Sequence[Request], context: Context) -> FloatArray:
        known = context.run_times
        return np.zeros(len(requests)) if known is None else known.log_expected(requests, context.now)

    strategy = compiled("order", needs(*declared)(by_time) if declared else by_time)
    keys = strategy.order[0]([Request(0, asking(1)), Request(1, asking(1))], Context(run_times=Backwards()))
    assert keys.tolist() == ([0.0, -1.0] if declared else [0.0, 0.0])


def test_a_planner_gets_what_the_scorers_need_to_hand_it_on() -> None:
    on = cluster(node("a"), node("b"))
    known = Context(load=measured(on, {"a": {"cpu": 0.9}, "b": {"cpu": 0.1}}))
    plugin = Plugin(planners={"Mine": planner()})
    for name, node_name in (("LeastMeasuredLoad", "b"), ("BestFit", "a")):
        strategy = compile_strategy(["Age"], [Named(name)], Named("Mine"), plugin=plugin)
        assert place([Request(0, asking(1))], on, strategy, known)[0].node == node_name


@dataclass(frozen=True)
class Reading:
    """Which parts of the context a planner is given."""

    seen: ClassVar[list[set[str]]] = []
    parts: ClassVar[tuple[str, ...]] = ("mix", "load", "plans", "efficiency", "run_times", "survival")

    def __call__(self, requests: Sequence[Request], on: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
        self.seen.append({name for name in self.parts if getattr(context, name) is not None})
        return Greedy()(requests, on, strategy, context)


def test_a_planner_gets_nothing_else() -> None:
    on = cluster(node("a"))
    known = Context(load=measured(on, {"a": {"cpu": 0.5}}), plans={})
    Reading.seen.clear()
    place([Request(0, asking(1))], on, compiled("planner", Reading), known)
    plugin = Plugin(planners={"Mine": Reading})
    by_plan = compile_strategy(["UpwardRank"], [Named("LoadRisk")], Named("Mine"), plugin=plugin)
    place([Request(0, asking(1))], on, by_plan, known)
    assert Reading.seen == [set(), {"load", "plans"}]
