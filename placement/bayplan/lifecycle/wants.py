"""What a run wants done now."""

from dataclasses import dataclass, field

from bayplan.lifecycle.attempt import Attempt


@dataclass(slots=True)
class Wants:
    """Wanted actions. Each is wanted again at every step until its effect is seen."""

    start: list[int] = field(default_factory=list)
    """Units that want a place, lowest first."""
    stop: list[Attempt] = field(default_factory=list)
    """Attempts to end, giving them their grace period."""
    take_back: list[Attempt] = field(default_factory=list)
    """Attempts to delete only if their node still does not have them."""
    release: list[Attempt] = field(default_factory=list)
    """Attempts whose outcome is recorded durably: they may disappear."""
    forget: list[Attempt] = field(default_factory=list)
    """Attempts that have ended, are recorded and are not held: nothing about them can matter any more."""
    wake_at: float | None = None
    """The instant at which the next step is due even if nothing is observed before."""

    def wake(self, at: float) -> None:
        """Ask for a step at ``at`` or earlier."""
        if self.wake_at is None or at < self.wake_at:
            self.wake_at = at
