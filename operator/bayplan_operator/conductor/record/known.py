"""What is said of a graph: by its author, and by the policy that it names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bayplan.lifecycle import Controls
from bayplan.model.reasons import Reason
from bayplan_operator.translate.policy import CompiledPolicy
from bayplan_operator.translate.task_graph import Prepared


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a graph may start nothing: a CamelCase reason and a sentence."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class QueueStop:
    """Why a graph's queue lets nothing of it start: what its shards wait for, and a sentence."""

    reason: Reason
    message: str


class Checking:
    """What the API server makes of the pods of a graph, as far as it has been asked. Templates are told by their hash."""

    def __init__(self) -> None:
        self.tasks: dict[str, int] = {}
        """Per template, the first task that has it, in the order in which tasks can start; empty: not looked at yet."""
        self.until = 0.0
        """How long answers are waited for, in seconds since the epoch."""
        self.awaited = False
        """The graph waits for them."""
        self.open: set[str] = set()
        """Templates whose answers it waits for, or waited for in vain so far."""
        self.admitted: dict[str, Mapping[str, Any]] = {}
        """Per template, the spec of its pods as far as it decides where they can go."""
        self.against: dict[str, Problem] = {}
        """Per template, what was said against it, or why nothing was said."""
        self.refused: Problem | None = None
        """Pods of a task will never be created: the graph cannot run."""
        self.doubt: Problem | None = None
        """The graph may run, although not all was said that was asked."""


class Known:
    """Follows the object, the policies and the pods as they are seen."""

    def __init__(self, generation: int, created: str, *, deleting: bool) -> None:
        """``created``: as its metadata says, RFC 3339."""
        self.generation, self.created, self.deleting = generation, created, deleting
        self.suspended = False
        self.ttl: float | None = None
        """Seconds from its end to its deletion; ``None``: it stays."""
        self.deadline: float | None = None
        """When it should be done, in seconds since the epoch."""
        self.prepared: Prepared | None = None
        """Its spec, without the numbers of shards that were decided; ``None``: it was never valid, or is over."""
        self.controls: Controls | None = None
        """What its author may change while it runs."""
        self.invalid: Problem | None = None
        """The spec itself cannot run."""
        self.checking = Checking()
        self.policy: CompiledPolicy | None = None
        self.unserved: Problem | None = None
        """There is no policy that would place it; may pass."""
        self.queue_stop: QueueStop | None = None
        """Its queue lets nothing of it start; may pass. What runs goes on."""
        self.stale_pods = False
        """It has ended, and its pods have not been looked through since they changed."""

    @property
    def refused(self) -> Problem | None:
        """Why it can never run, by itself or by what the API server says of it."""
        return self.invalid or self.checking.refused
