"""The jobs of a trace, in columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.workload import RequestClass


@dataclass(frozen=True, slots=True, eq=False)
class TraceJobs:
    """In the order of the file. All columns have the shape (jobs,)."""

    path: Path
    names: Sequence[str]
    """As the file says them; several jobs may have one name."""
    submitted: FloatArray
    """Seconds; the first job of the file that came is at 0."""
    seconds: FloatArray
    """That each ran, above 0."""
    requested: FloatArray
    """Seconds that its owner allowed it at most; where nothing is said, those that it ran."""
    parts: IntArray
    """Pods that run together, or processors; 1 or above."""
    classes: Sequence[RequestClass]
    """What one part asks."""
    priority: IntArray
    queue: Sequence[str]
    user: Sequence[str]
    group: Sequence[str]
    """As the file says them; empty: it does not."""
    divisible: bool = False
    """Parts are processors: one pod may have several of them."""
    numbered: bool = False
    """Queues, users and groups are numbers."""
    notes: Sequence[str] = field(default_factory=tuple)
    """What became of lines that count otherwise than they are written: one sentence each."""
    left_out: Sequence[str] = field(default_factory=tuple)
    """What was not read, one sentence each."""

    def __len__(self) -> int:
        return len(self.names)
