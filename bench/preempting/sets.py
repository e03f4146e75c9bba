"""Drawn sets: a tree of queues, nodes, and gangs that run or wait. Gangs do not divide quotas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bayplan.admission.preemption.rules import Preemption, Reclaim, WithinQueue
from bayplan.admission.queue import Queue, QuotaRow
from bayplan.cluster.quotas import QuotaKey
from bayplan.model.workload import NodeInfo

POOLS = "ab"


@dataclass(slots=True, eq=False)
class Unit:
    """A gang of members that are alike, or one pod."""

    name: str
    queue: str
    priority: int
    members: int
    asks: tuple[tuple[str, int], ...]
    pool: str
    """Empty: any."""
    since: float
    """When it began to run, or to wait."""
    seconds: float
    """How long it is expected to run; infinite: not known."""
    evictions: int = 0
    evicted_at: float | None = None
    nodes: list[str] = field(default_factory=list)
    """Of its members, where they run; none: it waits."""
    leaving: float | None = None
    """When it will have left."""


@dataclass(frozen=True, slots=True)
class DrawnSet:
    """What a decider is told."""

    nodes: tuple[NodeInfo, ...]
    queues: tuple[Queue, ...]
    half_life: float | None
    """By which queues without a parent compare their shares."""
    units: tuple[Unit, ...]


def drawn(seed: Sequence[int], *, ends: bool = False, minimum: float = 0.0) -> DrawnSet:
    """A set. `ends`: what runs says how long; `minimum`: the minimum run time of all queues."""
    random = np.random.default_rng(seed)
    resources = ("gpu",) if random.random() < 0.5 else ("gpu", "cpu")
    nodes = tuple(_nodes(random, resources))
    parents = _parents(random)
    names = list(parents)
    pooled = random.random() < 0.3
    queues = tuple(_queue(random, name, parents[name], (resources, pooled, minimum)) for name in names)
    leaves = [name for name in names if name not in parents.values() or random.random() < 0.2]
    units = [_unit(random, number, leaves, resources, ends) for number in range(int(random.integers(4, 12)))]
    return DrawnSet(nodes, queues, 60.0 if random.random() < 0.2 else None, tuple(units))


def _nodes(random: np.random.Generator, resources: Sequence[str]) -> list[NodeInfo]:
    count = int(random.integers(1, 4))
    size = int(random.choice([4, 8]))
    return [
        NodeInfo(
            f"n{number}",
            {each: size * (1 if each == "gpu" else 2) for each in resources},
            {"pool": str(random.choice([*POOLS]))},
        )
        for number in range(count)
    ]


def _parents(random: np.random.Generator) -> dict[str, str | None]:
    """Parents before their children."""
    found: dict[str, str | None] = {"root": None}
    inner = ["root"]
    if random.random() < 0.4:
        found["mid"] = "root"
        inner.append("mid")
    for number in range(int(random.integers(2, 4))):
        found[f"q{number}"] = str(random.choice(inner))
    return found


def _queue(random: np.random.Generator, name: str, parent: str | None, given: tuple[Sequence[str], bool, float]) -> Queue:
    resources, pooled, minimum = given
    rows: list[QuotaRow] = []
    for each in resources:
        if random.random() < (0.3 if parent is None or name == "mid" else 0.9):
            limited = parent is not None
            borrowing = int(random.integers(0, 6)) if limited and random.random() < 0.2 else None
            lending = int(random.integers(0, 6)) if limited and random.random() < 0.2 else None
            selector = (("pool", "a"),) if pooled and random.random() < 0.5 else ()
            rows.append(QuotaRow(QuotaKey(each, selector), int(random.integers(0, 9)), borrowing, lending))
    rules: Any = random
    preemption = Preemption(
        WithinQueue.LOWER_PRIORITY if rules.random() < 0.5 else WithinQueue.NEVER,
        [Reclaim.ANY, Reclaim.ANY, Reclaim.LOWER_PRIORITY, Reclaim.NEVER][int(random.integers(4))],
        minimum,
    )
    half_life = 60.0 if random.random() < 0.4 else None
    return Queue(name, parent, tuple(rows), float(random.choice([1.0, 2.0])), half_life=half_life, preemption=preemption)


def _unit(random: np.random.Generator, number: int, leaves: Sequence[str], resources: Sequence[str], ends: bool) -> Unit:
    early = number < 6  # small ones, of which later ones need several
    amounts = tuple((each, int(random.integers(1, 3 if early else 5))) for each in resources)
    return Unit(
        f"u{number}",
        str(random.choice(leaves)),
        int(random.choice([0, 0, 5]) if early else random.choice([0, 5, 10])),
        int(random.choice([1, 1, 1, 2] if early else [1, 1, 2, 3, 5])),
        tuple(sorted(amounts)),
        str(random.choice(["", "", "", *POOLS])),
        float(random.integers(1, 100)),
        float(random.integers(1, 400)) if ends else np.inf,
    )
