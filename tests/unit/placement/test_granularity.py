"""How many shards pay off: against simulation and against every possible choice."""

from __future__ import annotations

import heapq
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.foresight.shards import Places, Splitting, advise, decide, explain, places_for, table
from bayplan.foresight.shards.in_graph import longest_through
from bayplan.model.graph import Graph, Task
from tests.unit.placement.building import QUICK, asking, cluster, node

CLOSE = 1 + 1e-6


@st.composite
def splittings(draw: st.DrawFn) -> Splitting:
    least = draw(st.integers(1, 5))
    return Splitting(
        work=draw(st.floats(1, 1000)),
        startup=draw(st.sampled_from([0.0, 0.5, 5.0, 100.0])),
        serial=draw(st.sampled_from([0.0, 0.05, 0.5, 1.0])),
        merge=draw(st.sampled_from([0.0, 0.0, 1.0])),
        least=least,
        most=least + draw(st.integers(0, 25)),
    )


@st.composite
def several_places(draw: st.DrawFn) -> Places:
    speeds = draw(st.lists(st.sampled_from([0.5, 1.0, 1.5, 2.0, 4.0]), min_size=1, max_size=3, unique=True))
    slots = draw(st.lists(st.integers(0, 6), min_size=len(speeds), max_size=len(speeds)).filter(any))
    return Places(tuple(slots), tuple(speeds))


def one_by_one(splitting: Splitting, places: Places, shards: int) -> tuple[float, float]:
    """End of the last shard and seconds of all, each sent to the place where it ends first; of equals, to the fastest."""
    part = splitting.serial * splitting.work + (1 - splitting.serial) * splitting.work / shards
    unit = [(splitting.startup + part) / speed for speed in places.speeds]
    heap = [(round(seconds, 9), seconds, 1) for slots, seconds in zip(places.slots, unit, strict=True) for _ in range(slots)]
    heapq.heapify(heap)
    used = last = 0.0
    for _ in range(shards):
        last, seconds, wave = heapq.heappop(heap)
        used += seconds
        heapq.heappush(heap, (round((wave + 1) * seconds, 9), seconds, wave + 1))
    joined = splitting.merge * (shards - 1)
    return last + joined, used + joined


@QUICK
@given(splittings(), several_places())
def test_the_trade_off_is_that_of_a_list_schedule(splitting: Splitting, places: Places) -> None:
    found = table(splitting, places)
    assert found.shards.tolist() == list(range(splitting.least, splitting.most + 1))
    for shards, seconds, used in zip(found.shards.tolist(), found.seconds, found.node_seconds, strict=True):
        expected = one_by_one(splitting, places, shards)
        assert (seconds, used) == pytest.approx(expected, rel=1e-6)


@QUICK
@given(splittings(), several_places(), st.sampled_from([0.0, 0.05, 0.5]))
def test_the_smallest_number_that_is_fast_enough(splitting: Splitting, places: Places, tolerance: float) -> None:
    numbers = [n for n in range(splitting.least, splitting.most + 1) if n == splitting.least or worth(splitting, n)]
    seconds = {number: one_by_one(splitting, places, number)[0] for number in numbers}
    shortest = min(seconds.values())
    found = advise(splitting, places, tolerance)
    assert found.shortest == pytest.approx(shortest)
    assert found.seconds == pytest.approx(seconds[found.shards])
    assert found.seconds <= shortest * (1 + tolerance) * CLOSE
    assert all(seconds[number] > shortest * (1 + tolerance) / CLOSE for number in numbers if number < found.shards)
    assert found.efficient == max(numbers)


def worth(splitting: Splitting, shards: int) -> bool:
    """At least half of the time is work, the joining counted."""
    spent = splitting.shard(shards) * shards + splitting.merge * (shards - 1)
    return splitting.work >= 0.5 * spent


@QUICK
@given(st.floats(1, 1000), st.sampled_from([1.0, 20.0]), st.integers(1, 40))
def test_on_places_alike_fewer_shards_never_cost_more(work: float, startup: float, slots: int) -> None:
    cost = table(Splitting(work, startup, 0.1, most=50), Places((slots,))).node_seconds
    assert (np.diff(cost) > 0).all()


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Graph, list[Splitting | None], list[Places]]:
    count = draw(st.integers(1, 6))
    tasks, parts, places = [], [], []
    groups = [Places((draw(st.integers(1, 8)),), shared=name) for name in "ab"]
    for number in range(count):
        after = [f"t{parent}" for parent in range(number) if draw(st.booleans())]
        tasks.append(Task(f"t{number}", tuple(after), draw(st.integers(1, 3)), draw(st.floats(1, 200))))
        parts.append(draw(st.none() | splittings()))
        places.append(draw(st.sampled_from(groups)))
    return Graph.build(tasks), parts, places


def taken(graph: Graph, parts: list[Splitting | None], places: list[Places], shards: list[int]) -> tuple[float, float]:
    """Longest chain, and all work over the places of the busier group, by the plain definition."""
    seconds, work = [], {"a": 0.0, "b": 0.0}
    for task, part, where, number in zip(graph.tasks, parts, places, shards, strict=True):
        whole = part or Splitting(task.duration, serial=1.0, least=number, most=number)
        seconds.append(one_by_one(whole, where, number)[0])
        work[str(where.shared)] += whole.shard(number) * number / where.count
    return float(longest_through(graph, np.array(seconds)).max()), max(work.values())


@QUICK
@given(graphs())
def test_a_graph_is_no_longer_than_its_chain_or_its_work(made: tuple[Graph, list[Splitting | None], list[Places]]) -> None:
    graph, parts, places = made
    found = decide(graph, parts, places)
    assert [each is None for each in found] == [part is None for part in parts]
    fast, chosen = [], []
    for task, each, part in zip(graph.tasks, found, parts, strict=True):
        fast.append(each.fast if each else task.shards)
        chosen.append(each.shards if each else task.shards)
        if each is not None and part is not None:
            assert part.least <= each.shards <= each.fast <= part.most
    fast_chain, fast_work = taken(graph, parts, places, fast)
    chain, work = taken(graph, parts, places, chosen)
    assert max(chain, work) <= max(fast_chain, fast_work) * CLOSE
    assert sum(chosen) <= sum(fast)
    if fast_work <= fast_chain:
        assert chain <= fast_chain * CLOSE, "places abound, so nothing may be slower than with the fastest numbers"


@QUICK
@given(st.lists(splittings(), min_size=2, max_size=2), st.integers(1, 6), st.booleans())
def test_two_tasks_against_every_choice(parts: list[Splitting], slots: int, in_a_row: bool) -> None:
    graph = Graph.build([Task("a"), Task("b", ("a",) if in_a_row else ())])
    places = [Places((slots,), shared="a")] * 2
    found = [each.shards for each in decide(graph, parts, places, tolerance=0.0) if each is not None]
    numbers = [[n for n in range(each.least, each.most + 1) if n == each.least or worth(each, n)] for each in parts]
    choices = product(*numbers)
    best = min(max(taken(graph, list(parts), places, list(choice))) for choice in choices)
    assert max(taken(graph, list(parts), places, found)) <= best * CLOSE


def test_a_task_beside_the_longest_chain_is_cut_no_further_than_its_slack() -> None:
    graph = Graph.build([Task("start", duration=10), Task("long", ("start",), duration=100), Task("side", ("start",))])
    part = Splitting(300, 5, most=100)
    (_, _, side) = decide(graph, [None, None, part], [Places((40,))] * 3)
    assert side is not None
    assert (side.shards, side.fast) == (4, 37)  # 5 s + 300 s / 4 is within the 100 s of the long one
    assert "with 37 it would be faster, but not the graph as a whole" in explain(side)


def test_tasks_side_by_side_divide_the_places_among_them() -> None:
    part = Splitting(600, 20, most=64)
    graph = Graph.build([Task(name) for name in "abcd"])
    together = decide(graph, [part] * 4, [Places((16,), shared="cpu")] * 4)
    assert [each.shards for each in together if each] == [4, 4, 4, 4]
    apart = decide(graph, [part] * 4, [Places((16,), shared=name) for name in "abcd"])
    assert [each.shards for each in apart if each] == [15, 15, 15, 15]


def test_waves_are_whole() -> None:
    found = table(Splitting(96, 4, most=9), Places((4,)))
    assert found.seconds.tolist() == pytest.approx(
        [100, 52, 36, 28, 2 * 23.2, 2 * 20, 2 * (4 + 96 / 7), 2 * 16, 3 * (4 + 96 / 9)]
    )
    assert advise(Splitting(96, 4, most=9), Places((4,))).shards == 4


SENTENCES = {
    "6 shards, 20 s: 60 s of work, 10 s start-up, 30 places; of more than 6, less than 50 % of the time would be work": (
        Splitting(60, 10), Places((30,)),
    ),
    "11 shards, 101.8 s: 600 s of work (5 % of it in every shard), 20 s start-up, 26 places; up to 12 would save less than 5 "
    "%, and of more than 12, less than 50 % of the time would be work": (Splitting(600, 20, 0.05), Places((26,))),
    "5 shards, 1002 s: 10 s of work, 1000 s start-up, 9 places; fewer are not allowed": (
        Splitting(10, 1000, least=5), Places((9,)),
    ),
    "1 shard, 3 s: 3 s of work, 1 place; no other number is allowed": (Splitting(3, most=1), Places((1,))),
    "10 shards, 65 s: 600 s of work, 5 s start-up, 10 places; more would not be faster": (Splitting(600, 5), Places((10,))),
    "28 shards, 41.43 s: 600 s of work, 20 s start-up, 30 places; more would save less than 5 %": (
        Splitting(600, 20), Places((30,)),
    ),
    "8 shards, 75 s: 600 s of work, 30 places; more are not allowed": (Splitting(600, most=8), Places((30,))),
}  # fmt: skip


@pytest.mark.parametrize(("sentence", "given_"), list(SENTENCES.items()))
def test_the_sentence(sentence: str, given_: tuple[Splitting, Places]) -> None:
    assert explain(advise(*given_)) == sentence


def test_the_sentence_names_speeds_and_places_that_are_not_there_yet() -> None:
    both = Places((2, 3), (2.0, 1.0))
    assert "5 places (2 of speed 2, 3 of speed 1)" in explain(advise(Splitting(10), both))
    empty = places_for(cluster(node("n", cpu=1)), asking(cpu=2), unlimited=7)
    assert "no node for it yet, so as many places as shards" in explain(advise(Splitting(70, most=7), empty))
    assert empty.slots == (7,)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"work": 0.0}, "work is 0.0: it must be a number of seconds above 0"),
        ({"work": 1.0, "startup": -1.0}, "startup is -1.0: it must be a number of seconds, 0 or above"),
        ({"work": 1.0, "serial": 1.5}, "serial is 1.5: it must be a share from 0 to 1"),
        ({"work": 1.0, "least": 3, "most": 2}, "least is 3 and most is 2"),
    ],
)
def test_wrong_figures(wrong: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Splitting(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="there must be at least one"):
        Places((0,))
    with pytest.raises(ValueError, match="speeds has 0"):
        Places((1,), (0.0,))
    with pytest.raises(ValueError, match="tolerance is -1"):
        advise(Splitting(1), Places((1,)), -1)
    with pytest.raises(ValueError, match="one each is needed"):
        decide(Graph.build([Task("a")]), [], [])


def test_places_are_those_of_empty_nodes_that_fit() -> None:
    nodes = cluster(
        node("a", cpu=8, labels={"pool": "x"}, node_class="fast"),
        node("b", cpu=5, labels={"pool": "x"}),
        node("c", cpu=64),
        node("d", cpu=64, labels={"pool": "x"}, unschedulable=True),
    )
    nodes.occupy("pod", "a", {"cpu": 8000, "pods": 1})
    found = places_for(nodes, asking(cpu=2), (("pool", "x"),), {"fast": 3.0})
    assert (found.slots, found.speeds) == ((4, 2), (3.0, 1.0))
    assert places_for(nodes, asking(cpu=2), (("pool", "x"),)).slots == (6,)
    assert places_for(cluster(node("d", unschedulable=True)), asking(cpu=2)).slots == (4,), "it could later"


def test_places_on_gpus() -> None:
    nodes = cluster(node("a", cpu=64, gpu=4), node("b", cpu=64, gpu=2), node("c", cpu=64))
    assert places_for(nodes, asking(gpu=2)).slots == (3,)
