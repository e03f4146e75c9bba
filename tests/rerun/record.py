"""What a run of pytest showed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Record:
    """What one run of pytest showed."""

    collected: int = 0
    """Tests that were to run."""
    outcomes: dict[str, str] = field(default_factory=dict)
    """Test id to `passed`, `failed`, `skipped`, `xfailed` or `xpassed`."""
    failures: dict[str, str] = field(default_factory=dict)
    """Test id to the last lines of its first failure."""
    uncollected: list[str] = field(default_factory=list)
    """Modules that could not be collected."""
    crashed: list[str] = field(default_factory=list)
    """Tests during which a worker process ended."""

    @property
    def complete(self) -> bool:
        """True if every test ran in a process that lived on, so that the failures are failures of tests and nothing else."""
        return not self.uncollected and not self.crashed and len(self.outcomes) == self.collected

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Record | None:
        """Read what `write` wrote; None if pytest ended before it came to that."""
        return cls(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None
