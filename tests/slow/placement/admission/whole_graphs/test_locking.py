"""Graphs whose pods meet: admitted task by task they lock each other, admitted as a whole they never do."""

from __future__ import annotations

import random

import pytest

from bayplan.admission.queue import Queue, QuotaRow
from bayplan.admission.tree import QueueTree, tree_of
from bayplan.cluster.quotas import QuotaKey
from bayplan.core.changes import Changes
from bayplan.model.workload import NodeInfo
from bayplan.strategy.presets import compile_preset
from tests.draws import seeds
from tests.slow.placement.admission.whole_graphs.locking import Meeting, Meetings, graph_of
from tests.unit.placement.building import GPU, asking, node

ROW = QuotaKey(GPU)
A, B = QuotaKey(GPU, (("gpu", "a"),)), QuotaKey(GPU, (("gpu", "b"),))
TREES = (
    tree_of([Queue("q", None, (QuotaRow(ROW, 4),))]),
    tree_of([Queue("all"), Queue("q", "all", (QuotaRow(ROW, 3),)), Queue("r", "all", (QuotaRow(ROW, 3, 1, 2),))]),
    tree_of([Queue("all", None, (QuotaRow(ROW, 2),)), Queue("q", "all", (QuotaRow(ROW, 2),)), Queue("r", "all")]),
    tree_of([Queue("q", None, (QuotaRow(A, 4), QuotaRow(B, 4)))]),
    tree_of([Queue("q", None, (QuotaRow(A, 4), QuotaRow(QuotaKey("cpu"), 6000)))]),
)


def nodes() -> list[NodeInfo]:
    """Of each kind as many as all quotas together."""
    return [node(f"{kind}{n}", 64, 8, {"gpu": kind}) for kind in "ab" for n in range(2)]


def drawn(rng: random.Random, number: int, tree: QueueTree) -> Meeting:
    tasks = []
    for each in range(rng.randint(1, 4)):
        before = [parent for parent in range(each) if rng.random() < 0.4]
        tasks.append((rng.randint(1, 2), before))
    at = [{"node_selector": (("gpu", rng.choice("ab")),)} if rng.random() < 0.3 else {} for _ in tasks]
    queue = rng.choice([name for name in tree.queues if name != "all"])
    return Meeting(number, queue, graph_of(tasks), [asking(1, 1, **each) for each in at])


def fits_alone(tree: QueueTree, graph: Meeting) -> bool:
    """Whether it ends where nothing else is."""
    world = Meetings(tree, nodes(), whole=True)
    world.submit(Meeting(0, graph.queue, graph.graph, graph.classes))
    return world.run()


def test_two_graphs_that_each_hold_half() -> None:
    """Each has two tasks that meet, one of a pod and one of three; the queue may hold four."""

    def world(whole: bool) -> Meetings:
        made = Meetings(TREES[0], nodes(), whole)
        for number in range(2):
            made.submit(Meeting(number, "q", graph_of([(1, []), (1, []), (2, [])]), [asking(1, 1)] * 3))
        return made

    # The first gets all four. So that each gets half, let the units come by turns.
    locked = world(whole=False)
    for graph in locked.graphs:
        locked.decider.update(nothing_of(graph))
    for part in ((0, 1), (2, 3)):
        for graph in locked.graphs:
            locked.decider.update(wanting(locked, graph, part))
        locked.step()
    for graph in locked.graphs:
        locked.decider.update(wanting(locked, graph, (0, 1, 2, 3)))
    assert not locked.run()
    assert [len(each.running) for each in locked.graphs] == [2, 2], "each holds half of what both need"
    free = world(whole=True)
    assert free.run()
    assert not free.waited_after_start


def nothing_of(graph: Meeting) -> Changes:
    return Changes(dropped=tuple((graph.number, unit) for unit in range(graph.graph.units)))


def wanting(world: Meetings, graph: Meeting, units: tuple[int, ...]) -> Changes:
    return Changes(wanted=tuple(each for each in world.wishes(graph) if each.request.unit in units))


@pytest.mark.drawn
@pytest.mark.parametrize(("planner", "every_run", "search"), [("BestFit", 150, 500), ("IntegerProgram", 100, 300)])
def test_drawn_sets_never_lock(planner: str, every_run: int, search: int) -> None:
    """Of the same sets some lock where each pod is admitted by itself."""
    locks = ended = 0
    for seed in seeds(every_run, search=search):
        rng = random.Random(seed)
        tree = rng.choice(TREES)
        graphs = [each for n in range(rng.randint(2, 6)) if fits_alone(tree, each := drawn(rng, n, tree))]
        worlds = [Meetings(tree, nodes(), whole, compile_preset(planner)) for whole in (True, False)]
        for world in worlds:
            late = random.Random(seed)
            for number, each in enumerate(graphs):
                world.submit(Meeting(number, each.queue, each.graph, each.classes))
                if late.random() < 0.5:
                    world.step()
                if world.whole and late.random() < 0.2:
                    world.restart()
        assert worlds[0].run(), f"seed {seed}"
        assert not worlds[0].waited_after_start, f"seed {seed}"
        assert not worlds[0].cluster.quotas.graphs.charges, f"seed {seed}: all is free again"
        ended += len(graphs)
        locks += not worlds[1].run()
    assert locks > 3
    assert ended > 100
