"""The scorer that keeps long tasks off nodes that fail."""

from bayplan.core.engine import place
from bayplan.knowledge.node_states import NodeState, NodeStates, Survival
from bayplan.knowledge.node_states.survival import horizon
from bayplan.model.workload import Request
from bayplan.strategy.compile import Named, compile_strategy
from bayplan.strategy.context import Context
from tests.unit.placement.building import asking, cluster, node

STRATEGY = compile_strategy(["Age"], [Named("NodeSurvival")], Named("Greedy"))
SPOT = node("a", node_class="spot")
STEADY = node("b", node_class="steady")


def failing(mean_hours: float, hours: int = 1000) -> NodeStates:
    states = NodeStates()
    for _ in range(int(hours / mean_hours)):
        states.observe(NodeState.IDLE, mean_hours * 3600.0, NodeState.FAILING)
        states.observe(NodeState.FAILING, 60.0, NodeState.IDLE)
    return states


SURVIVAL = Survival({"spot": failing(2.0), "steady": failing(500.0)}, {})


def decided(duration: float, survival: Survival | None) -> str | None:
    on = cluster(SPOT, STEADY)
    return place([Request(0, asking(1), duration=duration)], on, STRATEGY, Context(survival=survival))[0].node


def test_a_long_task_goes_where_nodes_hold_out() -> None:
    assert decided(3600.0, SURVIVAL) == "b"
    assert decided(0.0, SURVIVAL) == "b", "of unknown length: an hour"


def test_where_nothing_was_learned_all_are_equal() -> None:
    assert decided(3600.0, None) == "a"
    assert decided(3600.0, Survival({}, {})) == "a"


def test_survival_is_that_of_the_chain_over_the_rounded_horizon() -> None:
    on = cluster(SPOT, STEADY)
    found = SURVIVAL.of(on, 3000.0)
    assert horizon(3000.0) == 4096.0
    assert found.tolist() == [failing(2.0).survival(NodeState.IDLE, 4096.0), failing(500.0).survival(NodeState.IDLE, 4096.0)]
    assert SURVIVAL.of(on, 4000.0) is found
    on.remove_node("a")
    assert SURVIVAL.of(on, 4000.0) is not found


def test_what_a_node_is_doing_counts() -> None:
    on = cluster(SPOT, STEADY)
    failed = Survival(SURVIVAL.states, {"b": NodeState.FAILING})
    assert failed.of(on, 3600.0)[1] == 0.0
