"""Quotas hold at every instant, while queues borrow from each other and the operator is killed again and again."""

from __future__ import annotations

import random
import time
import uuid
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.cluster.kube import GROUP, PATIENCE, VERSION, Kube, Object, task, wait_for
from tests.cluster.quota_watch import QuotaWatch
from tests.testbed.installation import OperatorProcess

KILLS = 20
NOMINAL = {"lends": 4, "borrows": 4, "alone": 2}
TOGETHER = sum(NOMINAL.values())
KEPT = 2
"""Processors that `lends` lends to no other."""


@pytest.fixture
def queues(kube: Kube) -> Iterator[dict[str, str]]:
    """The names of three queues with one parent, by what they are to each other."""
    parent = f"parent-{uuid.uuid4().hex[:6]}"
    limits: dict[str, Object] = {
        "lends": {"lendingLimit": 4 - KEPT},
        "borrows": {"borrowingLimit": 3},
        "alone": {"borrowingLimit": 0},
    }
    specs: dict[str, Object] = {parent: {}}
    for role, limit in limits.items():
        quota = {"resource": "cpu", "nominal": NOMINAL[role], **limit}
        specs[f"{parent}-{role}"] = {"parentName": parent, "namespaceSelector": {}, "quotas": [quota]}
    for name, spec in specs.items():
        body = {"apiVersion": f"{GROUP}/{VERSION}", "kind": "Queue", "metadata": {"name": name}, "spec": spec}
        kube.custom.create_cluster_custom_object(GROUP, VERSION, "queues", body)
    yield {role: f"{parent}-{role}" for role in limits}
    for name in reversed(specs):
        kube.custom.delete_cluster_custom_object(GROUP, VERSION, "queues", name)


def drawn(rng: random.Random) -> list[Object]:
    """A sharded task, a chain, or both: pods of one to three processors."""
    cpu, seconds = str(rng.randint(1, 3)), [round(rng.uniform(0.5, 2.0), 2) for _ in range(3)]
    wide = task("wide", seconds=seconds[0], cpu="1", shards=rng.randint(2, 5))
    chain = [task("first", seconds=seconds[1], cpu=cpu), task("second", "first", seconds=seconds[2], cpu="2")]
    return rng.choice([[wide], chain, [wide, *chain]])


def test_sums_hold_at_every_event_with_twenty_kills(kube: Kube, operator: OperatorProcess, queues: dict[str, str]) -> None:
    rng = random.Random(20)

    def fault(held: Counter[str]) -> str:
        lends, borrows, alone = (held[queues[role]] for role in ("lends", "borrows", "alone"))
        if borrows > 7 or alone > 2:
            return "a queue holds more than its quota and what it may borrow"
        if borrows + alone > TOGETHER - KEPT:
            return "others hold what a queue does not lend"
        return "more is held together than all quotas" if lends + borrows + alone > TOGETHER else ""

    watch = QuotaWatch(kube, fault)
    made = 0

    def make(role: str) -> None:
        nonlocal made
        kube.create(f"g{made:03d}", *drawn(rng), queueName=queues[role])
        made += 1

    for _ in range(4):
        make("borrows")  # the others hold nothing: it borrows
    wait_for(lambda: watch.most[queues["borrows"]] > NOMINAL["borrows"], "it borrows")
    for role in queues:
        make(role)
    for _ in range(KILLS):
        make(rng.choice(sorted(queues)))
        if rng.random() < 0.3:  # else it dies before it has decided much
            operator.wait_until_leading()
        time.sleep(rng.uniform(0.05, 1.5))
        operator.restart()
    operator.wait_until_leading()
    wait_for(lambda: all("completionTime" in each.get("status", {}) for each in kube.graphs()), "all graphs end", 2 * PATIENCE)
    units = sum(each.get("shards", 1) for graph in kube.graphs() for each in graph["spec"]["tasks"])
    wait_for(lambda: len(watch.pods) >= units and not watch.holding, "the watcher has seen every pod end")
    assert watch.alive
    watch.stop()
    assert watch.faults == []
    assert watch.most_together == TOGETHER, "the quotas were never all in use"
    assert watch.most[queues["lends"]] >= NOMINAL["lends"], "it never got back what it had lent"
    assert {graph["status"]["summary"] for graph in kube.graphs()} == {"Succeeded"}
