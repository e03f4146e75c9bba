"""Situations for tests of plans, and a checker of plans that shares nothing with what makes them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from bayplan.foresight.graph_plans import Nodes, Plan, Situation
from bayplan.model.graph import Graph, Task
from tests.unit.placement.drawing import among, some_below, whole

SLACK = 1e-6


def check(plan: Plan) -> None:
    """Precedence with what is read, run times, slots, and what runs already. Raises `AssertionError`."""
    now, graph = plan.situation, plan.situation.graph
    going = np.isfinite(plan.finish) & ~now.done
    for unit in np.flatnonzero(going).tolist():
        task = int(graph.unit_task[unit])
        node = int(plan.nodes.slot_node[plan.slot[unit]])
        assert plan.node[unit] == node
        assert plan.start[unit] >= now.now - SLACK
        if now.running[unit]:
            assert node == now.place[unit]
            assert plan.start[unit] == now.now
            assert abs(plan.finish[unit] - now.now - now.left[unit]) < SLACK
            continue
        least = now.seconds[task, now.nodes.node_class[node]] + reading(plan, unit, node)
        assert abs(plan.finish[unit] - plan.start[unit] - least) < SLACK
        assert abs(plan.seconds[unit] - least) < SLACK
        for parent in graph.parents.of(task).tolist():
            for above in range(graph.unit_start[parent], graph.unit_start[parent + 1]):
                assert plan.finish[above] <= plan.start[unit] + SLACK
    for slot in range(len(plan.nodes.slot_node)):
        mine = np.flatnonzero((plan.slot == slot) & (plan.seconds > 0))
        mine = mine[np.argsort(plan.start[mine])]
        assert (plan.finish[mine[:-1]] <= plan.start[mine[1:]] + SLACK).all()
        if len(mine) and slot < len(now.nodes.slot_free):
            assert plan.start[mine[0]] >= now.now + now.nodes.slot_free[slot] - SLACK
    assert (plan.slot[now.done] == -1).all()
    assert np.isinf(plan.finish[~going & ~now.done]).all()


def reading(plan: Plan, unit: int, node: int) -> float:
    """Seconds: the longest part from another node."""
    now, graph = plan.situation, plan.situation.graph
    task, longest = int(graph.unit_task[unit]), 0.0
    for edge in range(graph.parents.indptr[task], graph.parents.indptr[task + 1]):
        parent = graph.parents.indices[edge]
        part = now.data[edge] / graph.tasks[parent].shards / now.bandwidth
        for above in range(graph.unit_start[parent], graph.unit_start[parent + 1]):
            at = now.place[above] if now.done[above] else plan.node[above]
            if at != node and not (now.done[above] and at < 0):
                longest = max(longest, part)
    return float(longest)


@st.composite
def graphs(draw: st.DrawFn, most: int = 7) -> Graph:
    tasks = []
    for number in range(draw(whole(1, most))):
        above = draw(some_below(number, 3)) if number else set()
        tasks.append(
            Task(
                f"t{number}",
                tuple(f"t{each}" for each in sorted(above)),
                draw(among(1, 1, 1, 2, 3, 4)),
                draw(among(1.0, 2.0, 5.5, 30.0)),
            )
        )
    return Graph.build(tasks)


@st.composite
def situations(draw: st.DrawFn, impossible: bool = False) -> Situation:
    """Some units done or running, such as precedence allows; nodes of up to three classes, some without a slot."""
    graph = draw(graphs())
    count = draw(whole(1, 4))
    classes = ("slow", "fast", "odd")
    node_class = np.array([draw(whole(0, 2)) for _ in range(count)])
    slot_node = np.array([0, *(node for node in range(count) for _ in range(draw(whole(0, 2))))], np.int64)
    free = np.array([draw(among(0.0, 0.0, 3.5)) for _ in slot_node])
    nodes = Nodes(tuple(f"n{node}" for node in range(count)), classes, node_class, slot_node, free)
    base = np.array([task.duration for task in graph.tasks])
    seconds = base[:, None] * np.array([2.0, 1.0, 3.0])
    if impossible:
        for task in draw(some_below(len(base), 2)):
            seconds[task, draw(st.sampled_from([[0], [1, 2], [0, 1, 2]]))] = np.inf
    done, left = np.zeros(graph.units, bool), np.full(graph.units, np.nan)
    place = np.full(graph.units, -1)
    for unit in np.concatenate([np.flatnonzero(graph.unit_task == task) for task in graph.topological]).tolist():
        over = [done[graph.unit_task == parent].all() for parent in graph.parents.of(graph.unit_task[unit]).tolist()]
        state = draw(among("waits", "done", "runs")) if all(over) else "waits"
        done[unit] = state == "done"
        if state != "waits":
            place[unit] = draw(whole(0, count - 1)) if state == "runs" else draw(whole(-1, count - 1))
        if state == "runs":
            left[unit] = draw(among(0.0, 4.0))
    data = np.array([draw(among(0.0, 0.0, 10.0, 80.0)) for _ in graph.parents.indices])
    return Situation(graph, seconds, data, 4.0, nodes, draw(among(0.0, 1.7e9)), done, place, left)
