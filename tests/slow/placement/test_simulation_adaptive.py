"""Adaptive policies and run times that are learned, on the virtual cluster."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.knowledge.run_times import TaskRun
from bayplan.model.gpu import Gpus
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import Policy, Setup, SetupError, Submission, TrueRunTimes, figures, simulate
from bayplan.strategy.adaptive import Adaptive
from bayplan.strategy.compile import Named, compile_strategy
from bayplan.strategy.ordering.shortest_expected import shortest_expected
from bayplan.strategy.presets import compile_preset
from bayplan.strategy.protocols import Strategy
from tests.draws import cases
from tests.unit.placement.simulation_checks import check, nodes, same, setups, submissions

WHOLE = RequestClass((("cpu", 4000),))
HALF = RequestClass((("cpu", 2000),))


def adaptive(*names: str, **fields: object) -> Policy:
    candidates = {name: compile_preset(name) for name in names}
    return Policy(candidates[names[0]], adaptive=Adaptive(candidates, **fields))  # type: ignore[arg-type]


def coming_back(count: int, every: float, policy: str = "") -> list[Submission]:
    """One graph again and again: nobody says how long its tasks run."""
    graph = Graph.build([Task("load"), Task("fit", ("load",), shards=2), Task("check", ("fit",))])
    runs = tuple(TaskRun(task.name, "nightly") for task in graph.tasks)
    seconds = np.array([10.0, 60.0, 5.0])
    return [
        Submission(
            f"g{number}", graph, (HALF,) * 3, at=every * number, expected=np.zeros(3), actual=seconds, runs=runs, policy=policy
        )
        for number in range(count)
    ]


def two_classes(policy: Policy, seed: int = 0, learn: bool = False) -> Setup:
    """A small slow node, which best fit fills first, and larger quick ones."""
    cluster = [NodeInfo("a", {"cpu": 4000}, node_class="slow")]
    cluster += [NodeInfo(f"b{number}", {"cpu": 8000}, node_class="quick") for number in range(3)]
    times = TrueRunTimes({"slow": 0.25}, noise=0.1)
    return Setup(cluster, {"": policy}, times, seed=seed, learn=learn)


@cases(20, search=40)
@given(submissions(), setups(), st.booleans())
def test_whatever_it_chooses_nothing_is_overbooked_and_shortcuts_change_nothing(
    work: list[Submission], setup: Setup, learn: bool
) -> None:
    policy = replace(adaptive("BestFit", "Spread", "Efficiency"), node_loss_grace=setup.policies[""].node_loss_grace)
    setup = replace(setup, policies={"": policy}, learn=learn)
    trace = simulate(work, setup)
    check(trace)
    assert set(trace.graphs.strategy) <= {"BestFit", "Spread", "Efficiency", ""}
    slow = simulate(work, setup, shortcuts=False)
    assert same(trace, slow)
    assert trace.graphs.strategy == slow.graphs.strategy
    assert trace.switches == slow.switches


@settings(max_examples=30, deadline=None)
@given(submissions(), setups())
def test_learning_that_no_strategy_goes_by_changes_nothing(work: list[Submission], setup: Setup) -> None:
    by_age = compile_strategy(["Priority", "Age"], [Named("BestFit")], Named("Greedy"))
    setup = replace(setup, policies={"": replace(setup.policies[""], strategy=by_age)})
    assert same(simulate(work, setup), simulate(work, replace(setup, learn=True)))


def test_most_graphs_go_to_the_better_candidate_and_the_switch_is_told() -> None:
    work = [replace(each, expected=each.actual) for each in coming_back(60, 100.0)]
    trace = simulate(work, two_classes(adaptive("BestFit", "Spread")))
    late = Counter(trace.graphs.strategy[20:])
    assert late["Spread"] > 0.8 * 40
    (switch,) = trace.switches
    assert (switch.policy, switch.strategy) == ("", "Spread")
    assert switch.why.startswith("Spread: expected slowdown ")
    assert switch.at < work[10].at
    by_hand = {
        name: figures.completion(simulate(work, two_classes(Policy(compile_preset(name))))) for name in ("BestFit", "Spread")
    }
    worth = (by_hand["BestFit"] - figures.completion(trace)) / (by_hand["BestFit"] - by_hand["Spread"])
    assert worth > 0.7, "of what the better candidate gains over the worse"


def test_learned_run_times_show_that_nodes_are_slow_where_nobody_said_how_long_tasks_run() -> None:
    work = coming_back(60, 100.0)
    shares = {}
    for learn in (False, True):
        trace = simulate(work, two_classes(adaptive("BestFit", "Spread"), learn=learn))
        shares[learn] = Counter(trace.graphs.strategy[20:])["Spread"] / 40
    assert shares[True] > 0.75
    assert shares[True] > shares[False] + 0.2


def test_efficiency_learns_where_tasks_run_well() -> None:
    work = coming_back(40, 100.0)
    policy = Policy(compile_preset("Efficiency"))
    without = simulate(work, two_classes(policy))
    learned = simulate(work, two_classes(policy, learn=True))
    assert figures.completion(learned) < 0.6 * figures.completion(without)
    used = learned.attempts.node[learned.attempts.graph >= 10]
    assert (used == 0).mean() < 0.1 < (without.attempts.node == 0).mean()


def test_the_shortest_goes_first_once_it_is_known_which_that_is() -> None:
    """One machine, a queue that grows: the best order is by run time, which only what has ended can tell."""
    graph = Graph.build([Task("t")])
    generator = np.random.default_rng(3)
    kinds = generator.integers(0, 4, 160)
    seconds = np.array([2.0, 10.0, 40.0, 160.0])
    work = [
        Submission(
            f"j{number}", graph, (WHOLE,), at=20.0 * number, expected=np.zeros(1), actual=seconds[[kind]],
            runs=(TaskRun(f"kind-{kind}", "jobs"),),
        )
        for number, kind in enumerate(kinds.tolist())
    ]  # fmt: skip
    fifo = compile_preset("BestFit")
    by_length = Strategy((shortest_expected,), fifo.scoring, fifo.planner)
    oracle = [replace(each, expected=each.actual) for each in work]
    machine = [NodeInfo("n", {"cpu": 4000})]

    def mean_wait(jobs: list[Submission], strategy: Strategy, learn: bool) -> float:
        setup = Setup(machine, {"": Policy(strategy)}, TrueRunTimes(noise=0.2), learn=learn)
        return float(figures.waits(simulate(jobs, setup)).mean())

    first_come, known = mean_wait(work, fifo, False), mean_wait(oracle, by_length, True)
    learned = mean_wait(work, by_length, True)
    assert mean_wait(work, by_length, False) == pytest.approx(first_come), "nothing is known: who came first goes first"
    assert (first_come - learned) / (first_come - known) > 0.9


def test_of_several_policies_only_the_adaptive_ones_choose() -> None:
    work = [replace(each, policy="fixed" if number % 2 else "free") for number, each in enumerate(coming_back(12, 10.0))]
    setup = Setup(
        nodes(4),
        {"fixed": Policy(compile_preset("BestFit")), "free": adaptive("Spread", "Random", minimum=1)},
        learn=True,
    )
    trace = simulate(work, setup)
    check(trace)
    assert set(trace.graphs.strategy[1::2]) == {""}
    assert set(trace.graphs.strategy[::2]) == {"Spread", "Random"}


def test_deadlines_that_are_missed_count_against_their_candidate() -> None:
    """Best fit takes the small node, where a task of 10 s takes 100 s."""
    graph = Graph.build([Task("t", duration=10.0)])
    work = [Submission(f"g{number}", graph, (HALF,), at=30.0 * number, deadline=60.0) for number in range(40)]
    setup = Setup(
        [NodeInfo("a", {"cpu": 2000}, node_class="slow"), NodeInfo("b", {"cpu": 64000}, gpus=Gpus(0))],
        {"": adaptive("BestFit", "Spread", objective="DeadlineMisses")},
        TrueRunTimes({"slow": 0.1}),
    )
    trace = simulate(work, setup)
    late = Counter(trace.graphs.strategy[15:])
    assert late["Spread"] > 0.8 * 25


def test_runs_must_fit_the_tasks() -> None:
    with pytest.raises(SetupError, match="graph g: there are 2 runs for 1 tasks: there must be one each"):
        Submission("g", Graph.build([Task("t")]), (HALF,), runs=(TaskRun("a"), TaskRun("b")))
