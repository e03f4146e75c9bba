"""The whole line, put in order at once, is what asking for the next unit again and again gives."""

from __future__ import annotations

import numpy as np
import pytest

from bayplan.admission.line import whole
from bayplan.admission.line.whole import whole_line
from bayplan.admission.queue import Ageing, Queue, QuotaRow
from bayplan.admission.shares import QueueShares
from bayplan.admission.tree import QueueTree, tree_of
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.quotas import QuotaKey
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.occupant import Tenant
from bayplan.model.workload import Gang, Request
from bayplan.strategy.wish import Wish
from tests.unit.placement.building import BEST_FIT, asking, cluster, node

CPU = QuotaKey("cpu")


def drawn_tree(draw: np.random.Generator) -> QueueTree:
    """Up to nine queues, up to four deep; some compare shares, some age."""
    queues: list[Queue] = []
    for number in range(int(draw.integers(1, 10))):
        parent = None if not queues or draw.random() < 0.3 else queues[int(draw.integers(len(queues)))].name
        quotas = (QuotaRow(CPU, 1000 * int(draw.integers(0, 6))),) if draw.random() < 0.6 else ()
        half_life = 3600.0 if draw.random() < 0.5 else None
        ageing = Ageing(float(draw.integers(1, 50)), 20.0) if draw.random() < 0.5 else None
        weight = float(draw.integers(1, 4))
        queues.append(Queue(f"q{number}", parent, quotas, weight, half_life=half_life, ageing=ageing))
    return tree_of(queues, 7200.0 if draw.random() < 0.5 else None)


def drawn_wishes(draw: np.random.Generator, tree: QueueTree) -> list[Wish]:
    """Up to 40 requests in queues, or in none; some are gangs."""
    names = [*tree.queues, None]
    found: list[Wish] = []
    for number in range(int(draw.integers(1, 25))):
        gang = Gang(f"g{number}") if draw.random() < 0.2 else None
        queue, cpu, duration = names[int(draw.integers(len(names)))], int(draw.integers(1, 5)), float(draw.integers(0, 900))
        priority, since = int(draw.integers(0, 3)), float(draw.integers(0, 4000))
        for member in range(1 if gang is None else 3):
            request = Request(
                (number, member), asking(cpu), priority, float(draw.integers(0, 2)), (since, number), gang=gang,
                duration=duration, queue=queue, since=since, unit=member,
            )  # fmt: skip
            found.append(Wish(request, BEST_FIT))
    return [found[at] for at in draw.permutation(len(found)).tolist()]


def shares_of(draw: np.random.Generator, tree: QueueTree, on: Cluster) -> QueueShares:
    """Some of the queues hold something."""
    decider = Decider(on)
    decider.update(Changes(queues=tree))
    for number, name in enumerate(tree.queues):
        if draw.random() < 0.5:
            tenant = Tenant(queue=name, since=3000.0, expected_end=4000.0 + 1000.0 * float(draw.random()))
            on.occupy(("old", number), "n0", {"cpu": 1000 * int(draw.integers(1, 8))}, tenant=tenant)
    found = QueueShares(on, tree, decider.promises.running)
    found.step(4000.0)
    return found


@pytest.mark.parametrize("seed", range(200))
def test_at_once_or_step_by_step(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(seed)
    tree = drawn_tree(draw)
    wishes, shares = drawn_wishes(draw, tree), shares_of(draw, tree, cluster(node("n0", 200, 0)))
    at_once = whole_line(wishes, tree, shares.apart(), 4000.0)
    monkeypatch.setattr(whole, "merges", lambda *_: False)
    steps = whole_line(wishes, tree, shares.apart(), 4000.0)
    assert [each.requests for each in at_once] == [each.requests for each in steps]
    assert [each.age for each in at_once] == [each.age for each in steps]
    for one, other in zip(at_once, steps, strict=True):
        assert (one.share is None) == (other.share is None)
        assert one.share is None or one.share == pytest.approx(other.share, rel=1e-9, abs=1e-12)


def test_half_of_the_drawn_lines_are_merged_at_once() -> None:
    merged = 0
    for seed in range(200):
        draw = np.random.default_rng(seed)
        tree = drawn_tree(draw)
        numbers = {name: number for number, name in enumerate(tree.queues)}
        queue = np.array([numbers.get(each.request.queue or "", len(numbers)) for each in drawn_wishes(draw, tree)])
        parents = [-1 if each.parent is None else numbers[each.parent] for each in tree.queues.values()]
        merged += tree.rules and whole.merges(queue, parents, shares_of(draw, tree, cluster(node("n0", 200, 0))))
    assert 60 <= merged <= 190
