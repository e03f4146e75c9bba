"""What the thread that plans is told of a graph and the cluster."""

from __future__ import annotations

import numpy as np

from bayplan.foresight.graph_plans import make_plan
from bayplan.lifecycle import UnitState
from bayplan_operator.conductor.outlook.graph_plans.glimpse import glimpse, situation
from tests.unit.operator.planned import CREATED, cluster, graph, node, running, task

NOW = CREATED + 20.0


def test_what_is_done_what_runs_and_what_is_left_of_it() -> None:
    made = graph(
        "g", task("a", seconds=15), task("b", "a", seconds=30), task("c", "a", seconds=30), task("d", "b", "c", seconds=None),
        lines=("a Succeeded 1/0 n1 0+15", "b Running 1/0 n0 15", "c Ready", "d Pending"),
    )  # fmt: skip
    found = situation(glimpse(made, cluster(3), 125e6, NOW))
    assert found.done.tolist() == [True, False, False, False]
    names = ["" if place < 0 else found.nodes.names[place] for place in found.place.tolist()]
    assert names == ["n1", "n0", "", ""]
    assert found.left[1] == 25.0, "5 of its 30 s are over"
    assert np.isnan(found.left[[0, 2, 3]]).all()
    assert found.seconds[:, 0].tolist() == [15.0, 30.0, 30.0, 60.0]


def test_a_unit_that_is_bound_and_does_not_run_yet_needs_all_its_time() -> None:
    made = graph("g", task("a", seconds=15), task("b", "a"), lines=("a Ready", "b Pending"))
    run = running(made).run
    run.state[0], run.node[0] = UnitState.BINDING, "n0"
    assert situation(glimpse(made, cluster(1), 125e6, NOW)).left[0] == 15.0


def test_who_runs_longer_than_expected_needs_a_quarter_of_that_more() -> None:
    made = graph("g", task("a", seconds=5), task("b", "a"), lines=("a Running 1/0 n0 0", "b Pending"))
    assert situation(glimpse(made, cluster(1), 125e6, NOW)).left[0] == 5.0


def test_what_runs_has_to_read_before_all_parts_at_once() -> None:
    made = graph(
        "g", task("a", shards=3), task("b"), task("c", ("a", "300"), ("b", "60"), seconds=30),
        lines=(
            "a " + " | ".join(f"Succeeded 1/0 n{at} 0+10" for at in (0, 1, 1)),
            "b Succeeded 1/0 n1 0+5",
            "c Running 1/0 n0 20",
        ),
    )  # fmt: skip
    found = situation(glimpse(made, cluster(2), 10.0, NOW))
    assert found.left[-1] == 30.0 + 100 / 10.0, "its own node's part lies there already"


def test_whoever_runs_on_a_node_that_is_gone_is_planned_anew() -> None:
    made = graph("g", task("a"), task("b", "a"), lines=("a Running 1/0 gone 15", "b Pending"))
    found = situation(glimpse(made, cluster(1), 125e6, NOW))
    assert found.place.tolist() == [-1, -1]
    assert np.isnan(found.left).all()
    assert np.isfinite(make_plan(found).completion)


def test_a_task_is_not_planned_where_it_cannot_run() -> None:
    nodes = cluster(2)
    nodes.set_node(node("gpu", labels={"kind": "gpu"}, node_class="gpu"))
    pod = {"nodeSelector": {"kind": "gpu"}, "containers": [{"image": "i", "resources": {"requests": {"cpu": "1"}}}]}
    made = graph("g", task("a"), task("b", "a", template={"spec": pod}))
    found = situation(glimpse(made, nodes, 125e6, NOW))
    plan = make_plan(found)
    assert plan.nodes.names[plan.node[1]] == "gpu"
    assert sorted(np.isfinite(found.seconds[1]).tolist()) == [False, True]


def test_nodes_that_the_policy_leaves_out_have_no_slots() -> None:
    nodes = cluster(1)
    nodes.set_node(node("mine", labels={"pool": "mine"}))
    made = graph("g", task("a", shards=4), task("b", "a"))
    assert made.known.policy is not None
    object.__setattr__(made.known.policy.strategy, "node_selector", (("pool", "mine"),))
    found = situation(glimpse(made, nodes, 125e6, NOW))
    assert {found.nodes.names[number] for number in found.nodes.slot_node.tolist()} == {"mine"}


def test_what_happens_later_changes_nothing_in_it() -> None:
    nodes = cluster(3)
    made = graph("g", task("a"), task("b", "a"), lines=("a Running 1/0 n0 15", "b Pending"))
    seen = glimpse(made, nodes, 125e6, NOW)
    before = situation(seen)
    nodes.remove_node("n1")
    nodes.occupy("other", "n2", {"cpu": 2000})
    running(made).run.state[0] = UnitState.SUCCEEDED
    running(made).run.node[0] = "n2"
    after = situation(seen)
    assert after.nodes.names == before.nodes.names
    assert after.nodes.slot_node.tolist() == before.nodes.slot_node.tolist()
    assert after.place.tolist() == before.place.tolist()
    assert not after.done.any()
