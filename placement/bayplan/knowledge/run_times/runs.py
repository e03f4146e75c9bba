"""Which run is meant: what its time is learned under, and what is said of it beforehand."""

from dataclasses import dataclass

from bayplan.knowledge.run_times.evidence import above_zero


@dataclass(frozen=True, slots=True)
class TaskRun:
    """A run that is asked for, or that has ended. Raises `ValueError` for a hint or size that is not above 0."""

    task: str
    """The task's identity, which stays the same whenever it comes back."""
    family: str = ""
    """What is asked while the task itself is new: its queue, its user, its kind."""
    node_class: str = ""
    """Nodes of one class run a task equally fast; empty: not known yet."""
    hint: float | None = None
    """Seconds that its owner expects."""
    size: float | None = None
    """Of its input, in any one unit."""

    def __post_init__(self) -> None:
        """Check the figures. Raises `ValueError`."""
        if self.hint is not None:
            above_zero("hint", self.hint)
        if self.size is not None:
            above_zero("size", self.size)


@dataclass(frozen=True, slots=True)
class Unknown:
    """The answer where nothing is known: no number at all."""

    reason: str
