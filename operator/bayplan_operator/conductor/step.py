"""What a tick consists of."""

from dataclasses import dataclass
from typing import Protocol

from bayplan.lifecycle import Run
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.register import Register


@dataclass(frozen=True, slots=True)
class Tick:
    """One tick: an instant, and the graphs."""

    now: float
    """In seconds since the epoch."""
    graphs: Register

    @property
    def touched(self) -> list[GraphRun]:
        """Open graphs of which something may have changed since the tick before, as far as the steps before this one know."""
        return self.graphs.touched


class Step(Protocol):
    """One part of a tick. Nothing in it waits for anything."""

    def step(self, tick: Tick) -> None:
        """Do it."""
        ...

    def next_time(self, now: float) -> float | None:
        """When it next has something to do though nothing happens, in seconds since the epoch; ``None``: not by the clock."""
        return None

    def forget(self, uid: str) -> None:
        """A graph is over or gone: nothing is decided about it any more."""
        return


class Follower(Protocol):
    """Has to know how the runs of graphs go on."""

    def advanced(self, graph: GraphRun, before: Run, now: float) -> None:
        """The run of a graph has gone on from that state to that which it holds."""
        ...
