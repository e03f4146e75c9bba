"""What is said of a graph: by its author, and by the policy that it names."""

from dataclasses import dataclass

from bayplan.lifecycle import Controls
from bayplan_operator.translate.policy import CompiledPolicy
from bayplan_operator.translate.task_graph import Prepared


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a graph may start nothing: a CamelCase reason and a sentence."""

    reason: str
    message: str


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
        self.policy: CompiledPolicy | None = None
        self.unserved: Problem | None = None
        """There is no policy that would place it; may pass."""
        self.stale_pods = False
        """It has ended, and its pods have not been looked through since they changed."""
