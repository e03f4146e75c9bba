"""The figures of a simulation, as `-o json` gives them and `bayplan report` reads them.

Times are seconds since the begin of the simulation; null: it has not happened.
"""

from typing import Literal

import msgspec

Format = Literal["bayplan.dev/simulation-v1"]
FORMAT: Format = "bayplan.dev/simulation-v1"


class Figures(msgspec.Struct, frozen=True, rename="camel"):
    """Of all graphs together."""

    makespan: float
    """From the first submission to the end of the last attempt."""
    lower_bound: float
    """What no schedule could beat: the longest chain on the fastest nodes, or the work over what the nodes have."""
    completion: float | None
    """Mean time from a graph's submission to its success."""
    waiting: float
    """Mean time that attempts waited for a place; also its 95th percentile, and the longest."""
    waiting_p95: float
    waiting_longest: float
    utilisation: dict[str, float]
    """Per resource, the share (0 to 1) that was taken, on average over the makespan."""
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


class Node(msgspec.Struct, frozen=True, rename="camel"):
    """One node."""

    name: str
    node_class: str
    cost_per_hour: float
    allocatable: dict[str, int]
    attempts: int
    utilisation: dict[str, float]


class Task(msgspec.Struct, frozen=True, rename="camel"):
    """One task of a graph."""

    name: str
    depends_on: tuple[str, ...]
    shards: int
    critical: bool
    """It is on the critical path, by the durations of this run."""
    start: float | None
    """Of its first attempt."""
    end: float | None
    """Of its last shard, once all have succeeded."""


class ShardChoice(msgspec.Struct, frozen=True, rename="camel"):
    """What a task takes with so many shards."""

    shards: int
    seconds: float
    """Until the last shard has ended."""
    node_seconds: float
    """Of all shards together: what it costs."""


class Shards(msgspec.Struct, frozen=True, rename="camel"):
    """How many shards pay off for a task."""

    task: str
    auto: bool
    """The number was decided by itself."""
    shards: int
    """It has."""
    advised: int
    work: float
    """Seconds of all shards together on a node of speed 1, start-up left aside."""
    startup: float
    serial: float
    """The share, 0 to 1, that every shard does in full."""
    places: int
    """How many shards can run at once on the nodes, each taken as empty."""
    choices: tuple[ShardChoice, ...]
    why: str


class Suggestion(msgspec.Struct, frozen=True, rename="camel"):
    """What would help to meet the deadline."""

    help: str
    """MoreNodes, FasterNodes, ShorterTask or LaterDeadline."""
    subject: str
    """The class of nodes or the task."""
    probability: float
    """Of meeting the deadline with as much of it as can be used."""
    seconds: float
    """From the submission, by which the graph has then ended with 90 %."""


class Outlook(msgspec.Struct, frozen=True, rename="camel"):
    """What can be said of a graph's end before it runs, as if the nodes were its own. Seconds from its submission."""

    lower_bound: float
    """What no schedule beats, by the expected run times: the longest chain on the fastest nodes, or the work over all nodes."""
    basis: str
    """What is known of the run times, in words."""
    nowhere: tuple[str, ...] = ()
    """Tasks that no node could hold."""
    estimate: float | None = None
    """By which it has ended in half of the cases; null: nothing is known of its run times, or a task finds no place."""
    low: float | None = None
    high: float | None = None
    """Four cases in five lie between these."""
    probability: float | None = None
    """Of meeting the deadline, 0 to 1; null: there is none."""
    advice: tuple[Suggestion, ...] = ()
    """Where the probability is below 0.9."""


class Graph(msgspec.Struct, frozen=True, rename="camel"):
    """One graph."""

    name: str
    policy: str
    priority: int
    submitted: float
    started: float | None
    ended: float | None
    status: Literal["Succeeded", "Failed", "Unfinished"]
    failure: str
    deadline: float | None
    missed: bool
    critical_path: tuple[str, ...]
    critical_seconds: float
    """Seconds of the critical path, as it ran."""
    lower_bound: float
    """Seconds of the longest chain on the fastest nodes."""
    tasks: tuple[Task, ...]
    strategy: str = ""
    """The candidate of an adaptive policy that placed it; empty: the policy has but one strategy."""
    shards: tuple[Shards, ...] = ()
    """Of tasks with a known run time; `bayplan plan` says it."""
    outlook: Outlook | None = None
    """`bayplan plan` says it."""


class Attempt(msgspec.Struct, frozen=True, rename="camel"):
    """One attempt of one shard of a task, in the order in which they were placed."""

    graph: str
    task: str
    shard: int
    number: int
    """Counts the attempts of the shard, from 1."""
    node: str | None
    gpus: tuple[int, ...]
    wanted: float
    placed: float | None
    start: float | None
    end: float | None
    outcome: str
    """Succeeded, Failed, Lost, Stopped, TakenBack; Open or Waiting when the simulation ended."""
    reason: str
    """Why it was not placed at once; empty: it was."""
    why: str
    """Why there, or why nowhere."""


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


class Simulation(msgspec.Struct, frozen=True, rename="camel"):
    """Everything about one run."""

    format: Format
    policy: str
    seed: int
    figures: Figures
    waiting: dict[str, float]
    """Reason to the seconds that all shards together have waited for it."""
    nodes: tuple[Node, ...]
    graphs: tuple[Graph, ...]
    attempts: tuple[Attempt, ...]
    usage: tuple[Usage, ...]
    switches: tuple[Switch, ...] = ()
