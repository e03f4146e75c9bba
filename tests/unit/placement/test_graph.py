from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.model.graph import Graph, Task
from tests.unit.placement.building import QUICK

DIAMOND = [
    Task("end", ("left", "right"), duration=5.0),
    Task("start", duration=10.0),
    Task("left", ("start",), shards=3, duration=20.0),
    Task("right", ("start",), duration=30.0),
]


@st.composite
def acyclic(draw: st.DrawFn) -> list[Task]:
    """Tasks in a shuffled order, each depending on some that come before it in another order."""
    size = draw(st.integers(1, 9))
    tasks = []
    for number in range(size):
        before = draw(st.lists(st.integers(0, number - 1), max_size=4)) if number else []
        parents = tuple(f"t{parent}" for parent in before)
        tasks.append(Task(f"t{number}", parents, draw(st.integers(1, 4)), float(draw(st.integers(1, 50)))))
    return draw(st.permutations(tasks))


def chains(tasks: list[Task], task: Task) -> Iterator[list[Task]]:
    """All chains that start with a task and go on to the end."""
    after = [each for each in tasks if task.name in each.depends_on]
    if not after:
        yield [task]
    for each in after:
        for chain in chains(tasks, each):
            yield [task, *chain]


def seconds(chain: list[Task]) -> float:
    return sum(task.duration for task in chain)


def test_a_graph_in_columns() -> None:
    graph = Graph.build(DIAMOND)
    assert graph.index == {"end": 0, "start": 1, "left": 2, "right": 3}
    assert [graph.parents.of(task).tolist() for task in range(4)] == [[2, 3], [], [1], [1]]
    assert [graph.children.of(task).tolist() for task in range(4)] == [[], [2, 3], [0], [0]]
    assert graph.edge_parent.tolist() == [2, 3, 1, 1]
    assert graph.edge_child.tolist() == [0, 0, 2, 3]
    assert graph.topological.tolist() == [1, 2, 3, 0]
    assert graph.units == 6
    assert graph.unit_task.tolist() == [0, 1, 2, 2, 2, 3]
    assert graph.unit_start.tolist() == [0, 1, 2, 5, 6]


def test_ranks_path_and_bounds_of_the_diamond() -> None:
    graph = Graph.build(DIAMOND)
    assert graph.upward_rank().tolist() == [5, 45, 25, 35]
    assert graph.critical_path() == [1, 3, 0]
    assert graph.critical_path_length() == 45
    assert graph.lower_bound(None) == 45
    assert graph.lower_bound(2) == (5 + 10 + 3 * 20 + 30) / 2
    assert graph.lower_bound(100) == 45


def test_other_durations_than_the_tasks_own() -> None:
    graph = Graph.build(DIAMOND)
    durations = np.array([1.0, 1.0, 9.0, 1.0])
    assert graph.upward_rank(durations).tolist() == [1, 11, 10, 2]
    assert graph.critical_path(durations) == [1, 2, 0]
    assert graph.lower_bound(1, durations) == 1 + 1 + 27 + 1
    assert durations.tolist() == [1, 1, 9, 1]
    with pytest.raises(ValueError, match=r"durations has shape \(3,\): it must be \(4,\)"):
        graph.upward_rank(np.ones(3))


def test_a_capacity_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="capacity_units is 0: it must be at least 1"):
        Graph.build(DIAMOND).lower_bound(0)


def test_of_equally_long_chains_the_first_tasks_are_named() -> None:
    graph = Graph.build([Task("a"), Task("b"), Task("c", ("a", "b")), Task("d", ("a", "b"))])
    assert graph.critical_path() == [0, 2]


def test_tasks_without_dependencies() -> None:
    graph = Graph.build([Task("a", duration=3.0), Task("b", duration=4.0)])
    assert graph.upward_rank().tolist() == [3, 4]
    assert graph.topological.tolist() == [0, 1]
    assert graph.edge_parent.shape == graph.edge_child.shape == (0,)
    assert [graph.parents.of(0).tolist(), graph.children.of(1).tolist()] == [[], []]


def test_a_dependency_named_twice_is_one() -> None:
    assert Graph.build([Task("a"), Task("b", ("a", "a"))]).edge_parent.tolist() == [0]


def test_a_very_long_chain_needs_no_recursion() -> None:
    tasks = [Task(f"t{n}", (f"t{n - 1}",) if n else (), duration=2.0) for n in range(5_000)]
    graph = Graph.build(tasks[::-1])
    assert graph.critical_path_length() == 10_000
    assert len(graph.critical_path()) == 5_000


@QUICK
@given(acyclic())
def test_upward_rank_is_the_longest_of_all_chains(tasks: list[Task]) -> None:
    expected = [max(seconds(chain) for chain in chains(tasks, task)) for task in tasks]
    assert Graph.build(tasks).upward_rank().tolist() == expected


@QUICK
@given(acyclic())
def test_the_critical_path_is_a_longest_chain(tasks: list[Task]) -> None:
    graph = Graph.build(tasks)
    path = [tasks[number] for number in graph.critical_path()]
    assert path in [chain for task in tasks for chain in chains(tasks, task)]
    assert seconds(path) == graph.critical_path_length() == max(seconds(c) for t in tasks for c in chains(tasks, t))


@QUICK
@given(acyclic())
def test_the_topological_order_has_parents_before_children(tasks: list[Task]) -> None:
    graph = Graph.build(tasks)
    place = {int(task): number for number, task in enumerate(graph.topological)}
    assert sorted(place) == list(range(len(tasks)))
    assert all(place[graph.index[parent]] < place[n] for n, task in enumerate(tasks) for parent in task.depends_on)


@QUICK
@given(acyclic())
def test_parents_and_children_are_each_others_mirror(tasks: list[Task]) -> None:
    graph = Graph.build(tasks)
    expected = {(graph.index[parent], n) for n, task in enumerate(tasks) for parent in task.depends_on}
    numbers = range(len(tasks))
    assert {(int(parent), n) for n in numbers for parent in graph.parents.of(n)} == expected
    assert {(n, int(child)) for n in numbers for child in graph.children.of(n)} == expected
    assert set(zip(graph.edge_parent.tolist(), graph.edge_child.tolist(), strict=True)) == expected


@QUICK
@given(acyclic(), st.integers(1, 6))
def test_no_schedule_beats_the_lower_bound(tasks: list[Task], capacity: int) -> None:
    graph = Graph.build(tasks)
    ends: dict[str, float] = {}
    free = [0.0] * capacity
    for number in graph.topological.tolist():
        task = tasks[number]
        ready = max((ends[parent] for parent in task.depends_on), default=0.0)
        for _ in range(task.shards):
            free.sort()
            free[0] = max(free[0], ready) + task.duration
            ends[task.name] = max(ends.get(task.name, 0.0), free[0])
    assert max(ends.values()) >= graph.lower_bound(capacity)
