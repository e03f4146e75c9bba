"""A simulation of several graphs, as `-o json` gives it and `bayplan report` reads it."""

from typing import Literal

import msgspec

from bayplan_operator.views.model.attempt import SimulatedAttempt
from bayplan_operator.views.model.graph import SimulatedGraph
from bayplan_operator.views.model.node import SimulatedNode
from bayplan_operator.views.model.queue_outcome import QueueOutcomes

Format = Literal["bayplan.dev/simulation-v1"]
FORMAT: Format = "bayplan.dev/simulation-v1"


class Figures(msgspec.Struct, frozen=True, rename="camel"):
    """Of all graphs together."""

    makespan: float | None
    """From the first submission to the end of the last attempt; none: a graph had not ended when the simulation did."""
    lower_bound: float
    """What no schedule could beat: the longest chain on the fastest nodes, or the work over what the nodes have. A graph that
    has not ended counts with the work that has been done of it, but with its whole chain."""
    completion: float | None
    """Mean time from a graph's submission to its success."""
    waiting: float
    """Mean time that attempts waited for a place; also its 95th percentile, and the longest."""
    waiting_p95: float
    waiting_longest: float
    utilisation: dict[str, float]
    """Per resource, the share (0 to 1) that was taken, on average until the end of the last attempt."""
    graphs: int
    succeeded: int
    deadlines: int
    missed: int
    attempts: int
    failed: int
    lost: int
    unplaced: int
    """Shards that had no place when the simulation ended."""
    cost: float
    """Price of the hours in which nodes had something to do."""
    events: int
    """Arrivals of graphs, starts and ends of attempts."""
    ended_at: float
    """The instant of the last event."""

    @property
    def met(self) -> bool:
        """All graphs have completed, and none has missed its deadline."""
        return self.succeeded == self.graphs and not self.missed


class Usage(msgspec.Struct, frozen=True, rename="camel"):
    """What is taken of a resource over time: from `times[i]` on, `used[i]`."""

    resource: str
    capacity: int
    times: tuple[float, ...]
    used: tuple[float, ...]


class Switch(msgspec.Struct, frozen=True, rename="camel"):
    """An adaptive policy prefers another candidate from then on."""

    at: float
    policy: str
    strategy: str
    why: str


class Origin(msgspec.Struct, frozen=True, rename="camel"):
    """Where a simulation comes from."""

    command: str
    """The command line that made it."""
    inputs: tuple[str, ...]
    """What it read: the files as they were named, and the cluster."""
    version: str
    """Of Bayplan."""


class Simulation(msgspec.Struct, frozen=True, rename="camel"):
    """Everything about one run."""

    format: Format
    policy: str
    seed: int
    figures: Figures
    waiting: dict[str, float]
    """Reason to the seconds that all shards together have waited for it."""
    nodes: tuple[SimulatedNode, ...]
    graphs: tuple[SimulatedGraph, ...]
    attempts: tuple[SimulatedAttempt, ...]
    usage: tuple[Usage, ...]
    switches: tuple[Switch, ...] = ()
    origin: Origin | None = None
    queues: QueueOutcomes | msgspec.UnsetType = msgspec.UNSET
    """Where files have Queues, or jobs say theirs."""
