import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.model.graph import Graph, GraphError, Task
from tests.unit.placement.building import QUICK


def complaint(*tasks: Task) -> str:
    with pytest.raises(GraphError) as error:
        Graph.build(tasks)
    return str(error.value)


def cycle(*tasks: Task) -> list[str]:
    """The cycle named, without its repeated start at the end."""
    named = re.fullmatch(
        r"dependsOn forms a cycle: (.*): each waits for the one before it, so none can start; "
        r"remove one of these dependencies",
        complaint(*tasks),
    )
    assert named is not None
    names = named[1].split(" → ")
    assert names[0] == names[-1]
    return names[:-1]


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ([], "tasks is empty: a graph needs at least one task"),
        ([Task("a"), Task("")], "tasks[1].name is empty: every task needs a name"),
        (
            [Task("a"), Task("b"), Task("a")],
            'tasks[2].name is "a", as is that of tasks[0]: give each task its own name',
        ),
        ([Task("a", shards=0)], 'task "a": shards is 0: it must be at least 1'),
        ([Task("a", shards=-3)], 'task "a": shards is -3: it must be at least 1'),
        ([Task("a", duration=0.0)], 'task "a": duration is 0.0: it must be a positive number of seconds'),
        (
            [Task("a", duration=math.inf)],
            'task "a": duration is inf: it must be a positive number of seconds',
        ),
        (
            [Task("a", duration=math.nan)],
            'task "a": duration is nan: it must be a positive number of seconds',
        ),
        ([Task("a", ("a",))], 'task "a": dependsOn names the task itself: remove that dependency'),
        (
            [Task("collect"), Task("train", ("colect",))],
            'task "train": dependsOn names "colect", which is unknown: did you mean "collect"?',
        ),
        (
            [Task("collect"), Task("train", ("collect", "zzz"))],
            'task "train": dependsOn names "zzz", which is unknown: there is no such task in this graph',
        ),
    ],
)
def test_what_is_wrong_is_named(tasks: list[Task], message: str) -> None:
    assert complaint(*tasks) == message


def test_a_cycle_is_named_in_the_order_in_which_its_tasks_would_run() -> None:
    assert complaint(Task("c", ("b",)), Task("a", ("c",)), Task("b", ("a",))) == (
        "dependsOn forms a cycle: c → a → b → c: each waits for the one before it, so none can start; "
        "remove one of these dependencies"
    )


def test_what_merely_hangs_on_a_cycle_is_not_named() -> None:
    tasks = [
        Task("before"),
        Task("x", ("y", "before")),
        Task("y", ("x",)),
        Task("after", ("y",)),
        Task("last", ("after",)),
    ]
    assert cycle(*tasks) == ["x", "y"]


def test_the_shortest_cycle_is_named() -> None:
    ring = [Task(f"t{n}", (f"t{(n - 1) % 9}",)) for n in range(9)]
    ring[2] = Task("t2", ("t1", "t3"))
    assert cycle(*ring) == ["t2", "t3"]


def test_a_short_cycle_behind_many_tasks_that_hang_on_it_is_found() -> None:
    hanging = [Task(f"h{n}", ("x",)) for n in range(500)]
    assert cycle(*hanging, Task("x", ("z",)), Task("y", ("x",)), Task("z", ("y",))) == ["x", "y", "z"]


def test_of_a_very_long_cycle_the_start_and_the_end_are_shown() -> None:
    message = complaint(*(Task(f"t{n}", (f"t{(n - 1) % 5_000}",)) for n in range(5_000)))
    assert "cycle: t0 → t1 → t2 → t3 → t4 → t5 → … → t4995 → t4996 → t4997 → t4998 → t4999 → t0 (5000 tasks): " in message


@QUICK
@given(st.lists(st.lists(st.integers(0, 7), max_size=3), min_size=8, max_size=8))
def test_a_graph_is_refused_exactly_if_it_has_a_cycle_and_the_one_named_is_there(
    parents: list[list[int]],
) -> None:
    tasks = [Task(f"t{n}", tuple(f"t{p}" for p in of_one if p != n)) for n, of_one in enumerate(parents)]
    below = {task.name: set(task.depends_on) for task in tasks}
    reach = dict(below)
    for _ in tasks:
        reach = {name: found.union(*(below[each] for each in found)) for name, found in reach.items()}
    if not any(name in found for name, found in reach.items()):
        Graph.build(tasks)
        return
    names = cycle(*tasks)
    assert len(names) == len(set(names)) >= 2
    assert all(before in below[name] for before, name in zip([names[-1], *names], names, strict=False))
    if any(a in below[b] and b in below[a] for a in below for b in below):
        assert len(names) == 2
