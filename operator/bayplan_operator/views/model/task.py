"""One task of a graph."""

import msgspec

Result = bool | int | float | str


class TaskView(msgspec.Struct, frozen=True, rename="camel"):
    """What every task has."""

    name: str
    depends_on: tuple[str, ...]
    critical: bool
    """It is on the critical path, by the durations of this run."""
    start: float | None
    """When its first attempt began; in a cluster, when the last attempt of the shard that began first did."""


class ShardView(msgspec.Struct, frozen=True, rename="camel"):
    """How far one shard of a task is."""

    state: str
    node: str
    attempts: int
    failures: int
    start: float | None
    duration: float | None
    results: dict[str, Result] | msgspec.UnsetType = msgspec.UNSET
    """What it said of itself when it succeeded, as far as the graph keeps it; missing: nothing is kept."""


class LiveTask(TaskView, frozen=True, kw_only=True, rename="camel"):
    """How far a task is in a cluster."""

    state: str
    """What its furthest-behind shards do: Pending, Ready, Binding, Running, Succeeded; or Failed, Skipped."""
    shards: tuple[ShardView, ...]
    attempts: int
    failures: int
    duration: float | None
    """Seconds of the longest shard in its last attempt; while the shard runs, seconds so far."""
    why: str
    """Why its newest pod is where it is."""
    waiting: str
    """Why it does not run, if it could some day."""
    skipped: str | msgspec.UnsetType = msgspec.UNSET
    """Why it was skipped, in a graph that goes on without the task; missing: it was not."""
    rounds: int | msgspec.UnsetType = msgspec.UNSET
    """How many rounds have begun with it; its attempts are those of all rounds. Missing: it does not repeat."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """Where its shards are or were last, each node once."""
        return tuple(dict.fromkeys(shard.node for shard in self.shards if shard.node))

    @property
    def in_state(self) -> int:
        """How many shards are in the task's state."""
        return sum(shard.state == self.state for shard in self.shards)

    @property
    def retries(self) -> int:
        """Attempts beyond the first of each shard, in each round; fewer are counted where a shard sat rounds out."""
        return sum(max(0, shard.attempts - (self.rounds or 1)) for shard in self.shards)


class SimulatedTask(TaskView, frozen=True, kw_only=True, rename="camel"):
    """A task in a simulation."""

    shards: int
    end: float | None
    """Of its last shard, once all have succeeded."""
    gate: str | msgspec.UnsetType = msgspec.UNSET
    """Any, BestOf or Always; missing: it starts once all before it have succeeded."""
    when: str | msgspec.UnsetType = msgspec.UNSET
    """The condition that must hold."""
    repeats: bool | msgspec.UnsetType = msgspec.UNSET
    """It runs again in each round."""
