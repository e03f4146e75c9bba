"""The figures of a graph's run, as `bayplan show -o json` gives them.

Times are seconds since the graph was accepted. Those of each shard's last attempt are what the operator recorded; those
of earlier attempts are what the pods say, in whole seconds. None: not known, or not yet.
"""

import msgspec

STARTING, RUNNING, SUCCEEDED, FAILED, LOST = "Starting", "Running", "Succeeded", "Failed", "Lost"


class Attempt(msgspec.Struct, frozen=True, rename="camel"):
    """One pod that was made for one shard of a task."""

    task: str
    shard: int
    number: int
    """Counts the attempts of this shard, from 1."""
    node: str
    outcome: str
    """Starting, Running, Succeeded, Failed, or Lost: ended through no fault of its own."""
    start: float | None = None
    end: float | None = None
    why: str = ""
    """Why on this node."""
    message: str = ""
    """How it failed."""
    reported: dict[str, float] = {}
    """What it says of itself, in its termination message."""
    ignored: str = ""
    """What of that message could not be taken."""


class Shard(msgspec.Struct, frozen=True, rename="camel"):
    """How far one shard of a task is."""

    state: str
    node: str
    attempts: int
    failures: int
    start: float | None
    duration: float | None


class Task(msgspec.Struct, frozen=True, rename="camel"):
    """How far a task is."""

    name: str
    state: str
    """What its furthest-behind shards do: Pending, Ready, Binding, Running, Succeeded; or Failed, Skipped."""
    shards: tuple[Shard, ...]
    depends_on: tuple[str, ...]
    attempts: int
    failures: int
    start: float | None
    """Of the first shard."""
    duration: float | None
    """Of the longest shard, in its last attempt; so far, while it runs."""
    why: str
    """Why its newest pod is where it is."""
    waiting: str
    """Why it does not run, if it could some day."""
    critical: bool
    """It is on the critical path."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """Where its shards are or were last, each node once."""
        return tuple(dict.fromkeys(shard.node for shard in self.shards if shard.node))

    @property
    def in_state(self) -> int:
        """How many shards are in the task's state."""
        return sum(shard.state == self.state for shard in self.shards)


class NodeUse(msgspec.Struct, frozen=True, rename="camel"):
    """What the graph's pods asked of a node, as shares (0 to 1) of what it has, on average over the graph's run."""

    name: str
    attempts: int
    cpu: float | None
    memory: float | None
    gpu: float | None
    """None: the node has no GPU."""
    resource: str
    """What the timeline is about: gpu, or cpu where there is none."""
    timeline: tuple[float, ...]
    """The share in each of equally long parts of the run."""


class Bound(msgspec.Struct, frozen=True, rename="camel"):
    """What no schedule could beat, however many nodes there are: the longest chain of tasks."""

    seconds: float
    critical_path: tuple[str, ...]
    measured: bool
    """All durations were measured; otherwise hints stand in for those that were not."""
    remaining: float
    """Seconds that are still needed at least."""


class Outlook(msgspec.Struct, frozen=True, rename="camel"):
    """What the operator expects of the graph's end, and of its deadline. Instants in RFC 3339; none: unknown."""

    estimated: str | None
    earliest: str | None
    basis: str
    deadline: str | None
    probability: int | None
    """Of meeting the deadline, in percent."""
    risk: str
    """Why the deadline is at risk or missed, and what would help; empty: it is not."""


class GraphReport(msgspec.Struct, frozen=True, rename="camel"):
    """Everything about one graph."""

    namespace: str
    name: str
    uid: str
    status: str
    """Waiting, Running, Suspended, Failing, Succeeded, Failed, Invalid; Unknown before the operator has seen it."""
    over: bool
    progress: str
    policy: str
    priority: int
    accepted_at: str | None
    problem: str
    """Why the graph cannot run, or has failed. Empty: nothing of that kind."""
    waiting: str
    """Why tasks that could start have not."""
    makespan: float | None
    """From acceptance to the last pod's end; so far, while it runs."""
    bound: Bound | None
    tasks: tuple[Task, ...]
    attempts: tuple[Attempt, ...]
    nodes: tuple[NodeUse, ...]
    other_nodes: int | None
    """Nodes that the graph did not use. None: nodes may not be listed."""
    retries: int
    """Attempts beyond the first of each shard."""
    strategy: str = ""
    """What an adaptive policy has chosen for it."""
    outlook: Outlook | None = None
    """None: the operator has said nothing of its end."""

    @property
    def succeeded(self) -> bool:
        """It is over, and all tasks have succeeded."""
        return self.status == "Succeeded"

    @property
    def span(self) -> float:
        """Seconds that charts show."""
        return max(self.makespan or 0.0, 1.0)


class GraphLine(msgspec.Struct, frozen=True, rename="camel"):
    """One graph of many."""

    namespace: str
    name: str
    status: str
    progress: str
    waiting: str
    age: float
    """Seconds since it was created."""
    duration: float | None
    """Seconds from acceptance to the end, or until now."""
