"""What is learned while requests wait reaches them in the simulator, and graphs are spared plans that could gain nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bayplan.foresight.graph_plans import Plan, Situation, make_plan, matters
from bayplan.foresight.graph_plans.spared import Spared
from bayplan.knowledge.run_times import TaskRun
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import Crash, Delays, Failures, Policy, Setup, Submission, TrueRunTimes, simulate
from bayplan.simulation.world import World
from bayplan.strategy.compile import Named, compile_strategy
from bayplan.strategy.presets import compile_preset

LONGEST_FIRST = Policy(compile_strategy(["CriticalPath", "Age"], [Named("BestFit")], Named("Greedy")))


def asking(pool: str) -> RequestClass:
    return RequestClass((("pods", 1),), node_selector=(("pool", pool),))


def submitted(name: str, at: float, pool: str, *tasks: tuple[str, float, float]) -> Submission:
    """A chain of tasks, each by name, the seconds that its author says, and those that it takes."""
    chain = [Task(task, (tasks[n - 1][0],) if n else (), duration=said) for n, (task, said, _) in enumerate(tasks)]
    return Submission(
        name,
        Graph.build(chain),
        (asking(pool),) * len(tasks),
        at=at,
        expected=np.array([said for _, said, _ in tasks]),
        actual=np.array([takes for _, _, takes in tasks]),
        runs=tuple(TaskRun(task, "f", hint=said) for task, said, _ in tasks),
    )


WORK = [
    submitted("blocks", 0.0, "main", ("blocker", 100.0, 100.0)),
    submitted("long, they say", 1.0, "main", ("short", 90.0, 5.0)),
    submitted("short, they say", 1.0, "main", ("long", 10.0, 500.0), ("tail", 20.0, 20.0)),
    submitted("teaches short", 0.0, "other", ("short", 90.0, 5.0)),
    submitted("teaches long", 0.0, "third", ("long", 10.0, 50.0)),
]


def setup(learn: bool) -> Setup:
    nodes = [NodeInfo(pool, {"pods": 1}, {"pool": pool}) for pool in ("main", "other", "third")]
    return Setup(nodes, {"": LONGEST_FIRST}, learn=learn)


@pytest.mark.parametrize("shortcuts", [True, False])
def test_the_order_of_two_waiting_graphs_turns_round_once_it_is_learned_how_long_they_take(shortcuts: bool) -> None:
    for learn, expected in ((False, ["long, they say", "short, they say"]), (True, ["short, they say", "long, they say"])):
        trace = simulate(WORK, setup(learn), shortcuts=shortcuts)
        starts = {trace.submissions[n].name: at for n, at in enumerate(trace.graphs.started_at.tolist())}
        assert sorted(expected, key=starts.__getitem__) == expected
        assert min(starts[each] for each in expected) == 100.0


def waiting(world: World, until: float) -> dict[str, tuple[float, float]]:
    """By graph, the expected seconds and the critical path of what waits after an instant."""
    while (now := world.agenda.next_at) is not None and now <= until:
        world.tick(now)
    requests = world.conductor.waits
    return {world.submissions[n].name: (each.duration, each.critical_path) for (n, _), each in requests.items()}


def test_requests_that_wait_are_made_again_with_what_was_learned() -> None:
    ordered = sorted(WORK, key=lambda each: each.at)
    world = World(ordered, setup(True), True)
    assert waiting(world, 4.0) == {"long, they say": (90.0, 90.0), "short, they say": (10.0, 30.0)}
    found = waiting(world, 60.0)
    (short, of_short), (long, of_long) = found["long, they say"], found["short, they say"]
    assert of_short == short < 30.0
    assert 20.0 < long < 100.0
    assert of_long == long + 20.0, "what nobody has run counts as its author says"


def test_without_learning_the_same_requests_wait_on() -> None:
    world = World(sorted(WORK, key=lambda each: each.at), setup(False), True)
    said = waiting(world, 4.0)
    requests = dict(world.conductor.waits)
    assert waiting(world, 60.0) == said
    assert all(world.conductor.waits[id_] is each for id_, each in requests.items())


# Graphs that are spared a plan


def chain(seconds: float, count: int = 7) -> Submission:
    tasks = [Task(f"t{n}", (f"t{n - 1}",) if n else (), duration=seconds) for n in range(count)]
    return Submission("g", Graph.build(tasks), (RequestClass((("pods", 1),)),) * count, at=1.0)


def looked_at(monkeypatch: pytest.MonkeyPatch, preset: str, *crashes: Crash) -> tuple[list[float], list[float]]:
    """When it was looked whether a plan matters to a graph, and when one was made. The fast node is ten times as fast."""
    looks: list[float] = []
    made: list[float] = []

    def looking(situation: Situation) -> bool:
        looks.append(situation.now)
        return matters(situation)

    def making(situation: Situation) -> Plan:
        made.append(situation.now)
        return make_plan(situation)

    monkeypatch.setattr("bayplan.simulation.planning.matters", looking)
    monkeypatch.setattr("bayplan.simulation.planning.make_plan", making)
    nodes = [NodeInfo(name, {"pods": 1}, node_class=name) for name in ("fast", "slow", "slow too")]
    speeds = TrueRunTimes({"fast": 10.0, "slow": 1.0, "slow too": 1.0})
    policies = {"": Policy(compile_preset(preset), node_loss_grace=0.0)}
    trace = simulate([chain(25.0)], Setup(nodes, policies, speeds, Failures(crashes), Delays(noticing=0.0)))
    assert trace.graphs.succeeded.all()
    return looks, made


NEVER_THERE = Crash("fast", 0.0, math.inf)


def test_a_graph_that_gains_nothing_is_spared_a_plan_and_looked_at_again_after_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A task ends every 25 s; what was seen once holds for a minute."""
    looks, made = looked_at(monkeypatch, "Auto", NEVER_THERE)
    assert looks == [1.0, 76.0, 151.0]
    assert made == []


def test_it_is_looked_at_again_once_nodes_change(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, made = looked_at(monkeypatch, "Auto", NEVER_THERE, Crash("slow too", 30.0, 40.0))
    assert looks == [1.0, 30.0, 40.0, 101.0]
    assert made == []


def test_once_a_faster_node_is_there_a_plan_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, made = looked_at(monkeypatch, "Auto", Crash("fast", 0.0, 40.0))
    assert looks[:2] == [1.0, 40.0]
    assert made[0] == 40.0


def test_a_policy_that_always_goes_by_plans_spares_none(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, made = looked_at(monkeypatch, "GraphPlan", NEVER_THERE)
    assert looks == []
    assert made[0] == 1.0


def test_what_was_seen_holds_on_the_same_nodes_for_a_minute() -> None:
    spared = Spared(frozenset("ab"), 100.0)
    assert spared.until == 160.0
    assert spared.holds(frozenset("ba"), 159.9)
    assert not spared.holds(frozenset("ab"), 160.0)
    assert not spared.holds(frozenset("a"), 101.0)
    assert not spared.holds(frozenset("abc"), 101.0)
