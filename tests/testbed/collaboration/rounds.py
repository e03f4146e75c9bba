"""Rounds of a graph as they end: where each shard ran, and what came out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .manifests import Object
from .status import EndedRound, Entry, entries, history, results


@dataclass(frozen=True)
class SeenRound:
    """A round that is over, and the shards of one task in it."""

    ended: EndedRound
    shards: tuple[Entry, ...]
    """Empty if the state that spoke of them was not seen."""
    samples: tuple[int | None, ...]
    """Of each shard; None: it has said nothing."""

    def lost(self) -> list[int]:
        """The shards that have not succeeded."""
        return [shard for shard, each in enumerate(self.shards) if each.state != "Succeeded"]


def seen(states: Iterable[Object], task: str) -> Iterator[tuple[Object, SeenRound | None]]:
    """Each state of a graph, and the round that has ended with it, if one has.

    The state that has a new line of the history is the last one that still speaks of the tasks of that round.
    """
    known: int | None = None
    for graph in states:
        status = graph.get("status", {})
        over = history(status)
        is_new = known is not None and len(over) > known
        yield graph, _round(status, over[-1], task) if is_new else None
        known = len(over)


_WHERE = 66
"""Characters of the column with the clients."""


def header() -> str:
    """What the columns of `line` are."""
    return f"round   {'clients (images of each), by the node where they ran':<{_WHERE}}   time   accuracy"


def line(each: SeenRound, most: int) -> str:
    """One round in one line."""
    nodes = sorted({entry.node for entry in each.shards if entry.node and entry.state == "Succeeded"})
    where = "   ".join(f"{node}: {_clients(each, node)}" for node in nodes)
    if lost := each.lost():
        where += f"   without {', '.join(map(str, lost))}"
    took = "" if each.ended.seconds is None else f"{each.ended.seconds:.1f} s"
    right = "" if each.ended.figure is None else f"{each.ended.figure:.1%}".replace("%", " %")
    return f"{each.ended.number:>2}/{most:<2}   {where:<{_WHERE}} {took:>6}   {right:>8}"


def _clients(each: SeenRound, node: str) -> str:
    found = enumerate(zip(each.shards, each.samples, strict=True))
    return ", ".join(
        f"{shard}" + ("" if samples is None else f" ({samples})")
        for shard, (entry, samples) in found
        if entry.node == node and entry.state == "Succeeded"
    )


def _round(status: Object, over: EndedRound, task: str) -> SeenRound:
    shards = tuple(entries(status, task)) if status["rounds"]["number"] == over.number else ()
    kept = results(status)
    names = [f"{task}/{shard}" if len(shards) > 1 else task for shard in range(len(shards))]
    return SeenRound(over, shards, tuple(kept.get(name, {}).get("samples") for name in names))
