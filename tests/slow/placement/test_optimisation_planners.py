"""The planners that assign a batch at once, through the engine."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.cluster.cluster import Cluster
from bayplan.core.engine import place
from bayplan.model.decision import Decision
from bayplan.model.gpu import GpuAsk, Gpus
from bayplan.model.reasons import Reason
from bayplan.model.workload import Gang, NodeInfo, Request, RequestClass
from bayplan.strategy.compile import Named, Strategy, StrategyError, compile_strategy
from bayplan.strategy.context import Context
from bayplan.strategy.objectives import OBJECTIVES
from tests.unit.placement.building import BEST_FIT, asking, cluster, node
from tests.unit.placement.test_greedy import snapshot

PLANNERS = {
    "LinearProgram": "linear program",
    "IntegerProgram": "integer program",
    "Assignment": "assignment",
    "Auction": "auction",
    "Genetic": "genetic algorithm",
    "AntColony": "ant colony",
}
EVERY = pytest.mark.parametrize("planner", list(PLANNERS))
CPUS = st.lists(st.tuples(st.integers(1, 8), st.integers(-3, 9)), min_size=1, max_size=7)
NODES = st.lists(st.integers(1, 12), min_size=1, max_size=4)
MILLI = "bayplan.dev/gpu-milli"


def strategy(planner: str, **parameters: str) -> Strategy:
    return compile_strategy(["Priority", "Age"], [Named("BestFit")], Named(planner, parameters=parameters))


def requests(asked: list[tuple[int, int]]) -> list[Request]:
    return [Request(number, asking(cpu), priority, arrival=(number,)) for number, (cpu, priority) in enumerate(asked)]


def nodes(cpus: list[int]) -> list[NodeInfo]:
    return [node(f"n{number}", cpu=cpu) for number, cpu in enumerate(cpus)]


def weight(asked: list[tuple[int, int]], decisions: list[Decision]) -> int:
    raised = max(1 - min(priority for _, priority in asked), 0)
    return sum(priority + raised for (_, priority), each in zip(asked, decisions, strict=True) if each.node is not None)


@EVERY
@settings(max_examples=25, deadline=None)
@given(CPUS, NODES)
def test_never_worse_than_greedy_by_the_objective(planner: str, asked: list[tuple[int, int]], cpus: list[int]) -> None:
    on = cluster(*nodes(cpus))
    before = snapshot(on)
    greedy, better = place(requests(asked), on, BEST_FIT, Context()), place(requests(asked), on, strategy(planner), Context())
    assert weight(asked, better) >= weight(asked, greedy)
    assert snapshot(on) == before


@EVERY
@settings(max_examples=10, deadline=None)
@given(CPUS, NODES, st.integers(0, 3))
def test_the_order_in_which_nodes_came_does_not_matter(
    planner: str, asked: list[tuple[int, int]], cpus: list[int], seed: int
) -> None:
    one = place(requests(asked), cluster(*nodes(cpus)), strategy(planner), Context(seed=seed))
    other = place(requests(asked), cluster(*reversed(nodes(cpus))), strategy(planner), Context(seed=seed))
    assert one == other


@EVERY
def test_what_competes_is_placed_by_priority_and_the_message_says_how(planner: str) -> None:
    asked = [(7, 5), (6, 3), (5, 2), (6, 4), (4, 1)]
    decisions = place(requests(asked), cluster(*nodes([10, 8, 6])), strategy(planner), Context())
    assert weight(asked, decisions) == 13
    for each in decisions:
        if each.node is not None:
            assert each.message.startswith(f"{PLANNERS[planner]}: Priority 13, ")
        else:
            assert each.reason is Reason.NO_CAPACITY
            assert re.match(r"0/3 nodes: .*too little cpu", each.message)


def test_the_linear_program_says_what_the_scarcest_resource_is_worth() -> None:
    decisions = place(requests([(7, 5), (6, 3), (5, 2)]), cluster(*nodes([7, 6])), strategy("LinearProgram"), Context())
    assert decisions[0].message == "linear program: Priority 8, the best there is; shadow price of cpu 0.4 per core"
    assert decisions[1].node == "n1"


def test_the_integer_program_finds_what_greedy_misses() -> None:
    asked = [(6, 5), (4, 4), (4, 4)]
    on = cluster(*nodes([8]))
    assert weight(asked, place(requests(asked), on, BEST_FIT, Context())) == 5
    decisions = place(requests(asked), on, strategy("IntegerProgram"), Context())
    assert [each.node for each in decisions] == [None, "n0", "n0"]
    assert decisions[1].message.startswith("integer program: Priority 8, the best there is")
    assert decisions[0].message == "0/1 nodes: 1 has too little cpu free (6 asked, at most 0 free)"


@EVERY
def test_time_that_is_up_at_once_leaves_greedys_answer(planner: str) -> None:
    asked, on = [(6, 5), (4, 4), (4, 4)], cluster(*nodes([8]))
    decisions = place(requests(asked), on, strategy(planner), Context(stop=lambda: True))
    assert [each.node for each in decisions] == ["n0", None, None]
    assert decisions[0].message == f"{PLANNERS[planner]}: Priority 5, no bound (cut short)"


@EVERY
def test_a_gang_is_placed_whole_or_not(planner: str) -> None:
    gang = [Request(("g", n), asking(4), 9, gang=Gang("g")) for n in range(3)]
    single = [Request("s", asking(8), 1)]
    whole = place([*gang, *single], cluster(*nodes([8, 8])), strategy(planner), Context())
    assert [each.node is not None for each in whole] == [True, True, True, False]
    none = place([*gang, *single], cluster(*nodes([8])), strategy(planner), Context())
    assert [each.node for each in none] == [None, None, None, "n0"]
    assert {each.reason for each in none[:3]} == {Reason.GANG_INCOMPLETE}
    assert none[0].message.startswith(("no place for all 3 of the gang", "only 2 of the 3 of the gang"))


@EVERY
def test_nodes_that_a_filter_or_kube_scheduler_turns_away_are_left_out(planner: str) -> None:
    on = cluster(node("a", labels={"pool": "x"}), node("b"), node("c", labels={"pool": "x"}))
    chosen = asking(1, node_selector=(("pool", "x"),))
    context = Context(rejected={chosen: frozenset({"a", "gone"})})
    decisions = place([Request(n, chosen) for n in range(10)], on, strategy(planner), context)
    assert [each.node for each in decisions] == ["c"] * 8 + [None] * 2
    assert "1 has refused or evicted such a pod lately" in decisions[-1].message


@EVERY
def test_gpus_are_told_one_by_one(planner: str) -> None:
    on = Cluster()
    on.set_node(NodeInfo("n", {"cpu": 9000, MILLI: 3000}, gpus=Gpus(3, "T4")))

    def request(number: int, priority: int, ask: GpuAsk) -> Request:
        return Request(number, RequestClass((("bayplan.dev/gpu-milli", ask.total), ("cpu", 1000)), gpus=ask), priority)

    asked = [request(0, 1, GpuAsk(3)), request(1, 9, GpuAsk(1, 600)), request(2, 9, GpuAsk(1, 600)), request(3, 9, GpuAsk(1))]
    asked += [request(4, 8, GpuAsk(1, 400)), request(5, 8, GpuAsk(1, 400)), request(6, 1, GpuAsk(1, 300))]
    decisions = place(asked, on, strategy(planner), Context())
    assert [each.node is not None for each in decisions] == [False, True, True, True, True, True, False]
    left = [1000] * 3
    for each, decision in zip(asked, decisions, strict=True):
        ask = each.request_class.gpus
        assert ask is not None
        assert len(decision.gpus) == (ask.count if decision.node else 0)
        for device in decision.gpus:
            left[device] -= ask.thousandths
    assert left == [0, 0, 0]


@EVERY
@pytest.mark.parametrize("objective", list(OBJECTIVES))
def test_every_planner_takes_every_objective(planner: str, objective: str) -> None:
    decisions = place(
        requests([(6, 5), (4, 4), (4, 4)]), cluster(*nodes([8, 9])), strategy(planner, objective=objective), Context()
    )
    assert sum(each.node is not None for each in decisions) == 3


@pytest.mark.parametrize(
    ("planner", "parameters", "sentence"),
    [
        (
            "LinearProgram",
            {"objective": "Prioritty"},
            'parameters.objective is "Prioritty", which is unknown: did you mean "Pri',
        ),
        ("IntegerProgram", {"programs": "0"}, "planner.parameters.programs is 0: it must be at least 1"),
        ("IntegerProgram", {"program": "1"}, 'planner.parameters is "program", which is unknown: did you mean "programs"?'),
        ("Auction", {"precision": "0"}, "planner.parameters.precision is 0: it must be above 0 and below 1"),
        ("Auction", {"bids": "-4"}, "planner.parameters.bids is -4: it must be at least 1"),
        ("Genetic", {"population": "1"}, "planner.parameters.population is 1: it must be above 2"),
        ("Genetic", {"objectiveWeight": "0"}, "successRateWeight are all 0: at least one must be above"),
        ("Genetic", {"mutation": "nan"}, 'planner.parameters.mutation is "nan": it must be a number'),
        ("AntColony", {"evaporation": "1"}, "planner.parameters.evaporation is 1: it must be above 0 and below 1"),
    ],
)
def test_parameters_are_checked_and_named(planner: str, parameters: dict[str, str], sentence: str) -> None:
    with pytest.raises(StrategyError, match=re.escape(sentence)):
        strategy(planner, **parameters)
