"""What can be observed of a unit's attempts (in a cluster: its pods)."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from bayplan.lifecycle.conditions import Value


class Phase(IntEnum):
    """How far an attempt has come."""

    PENDING = 0
    RUNNING = 1
    SUCCEEDED = 2
    FAILED = 3


@dataclass(frozen=True, slots=True)
class Attempt:
    """One incarnation of a unit, as it is seen now. Instants are seconds since the epoch."""

    unit: int
    incarnation: int
    """Counts creations of this unit, from 1."""
    key: Hashable
    """The caller's handle of it; comes back in what is wanted."""
    phase: Phase = Phase.PENDING
    node: str = ""
    """The node it was placed on."""
    bound: bool = False
    """The node has it for certain; an unbound attempt can be taken back."""
    started: float | None = None
    finished: float | None = None
    terminating: bool = False
    """Its end was requested."""
    ended: bool = False
    """Nothing of it runs any more, whatever its phase says."""
    held: bool = False
    """Its outcome is kept for us: it does not disappear before it is released."""
    disrupted: bool = False
    """It ends, or has failed, through no fault of its own: evicted, preempted, refused by the node."""
    preempted: bool = False
    """It ends so that something else can run: whatever becomes of it, that is no failure, and it waits on as if it had not
    run."""
    preempted_at: float | None = None
    """When it was asked to, where that is known."""
    unschedulable: str = ""
    """Why the node cannot have it, in the scheduler's words; empty if nothing was said."""
    gates: tuple[str, ...] = ()
    """What others hold it back by: it cannot be bound before all of these are gone."""
    stuck: str = ""
    """Why its containers cannot start, e.g. ``ImagePullBackOff``."""
    stuck_since: float = 0.0
    exit_code: int | None = None
    cause: str = ""
    """The reason in one word, e.g. ``OOMKilled``."""
    message: str = ""
    results: Mapping[str, Value] = field(default_factory=dict)
    """Of one that has succeeded, what the graph needs of what it said."""
    round: int = 0
    """For which round it was made; 0: for none, or it does not say."""

    @property
    def words(self) -> str:
        """Why it ends, or has failed, in words. An attempt that the cluster ended has no exit code of its own."""
        if (self.disrupted or self.preempted) and self.message and self.cause:
            return f"{self.message} ({self.cause})"
        code = f"exit code {self.exit_code}" if self.exit_code is not None and not self.disrupted else ""
        return ", ".join(part for part in (self.cause, code, self.message) if part)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An attempt that could not even be created."""

    unit: int
    incarnation: int
    final: bool
    """Trying again cannot help."""
    cause: str
    message: str


@dataclass(frozen=True, slots=True)
class Observations:
    """All that is seen of one graph's attempts at one instant.

    ``attempts`` must be complete: an attempt that is not in it does not exist any more.
    """

    attempts: Sequence[Attempt] = ()
    refusals: Sequence[Refusal] = ()
    lost_nodes: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class News:
    """What is seen of one graph's attempts otherwise than before."""

    attempts: Sequence[Attempt] = ()
    """New ones, and those of which something else is seen than before. The key tells which."""
    gone: Sequence[Hashable] = ()
    """Keys of attempts that do not exist any more. Unknown ones are ignored."""
    refusals: Sequence[Refusal] = ()
    lost_nodes: frozenset[str] = field(default_factory=frozenset)
    """All of them, also those that were lost before."""
