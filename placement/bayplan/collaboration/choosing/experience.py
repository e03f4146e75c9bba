"""What is known of a candidate from the runs that have ended."""

from collections.abc import Iterable
from dataclasses import dataclass

from bayplan.collaboration.choosing.belief import Learned
from bayplan.collaboration.choosing.chosen import ChoosingError
from bayplan.collaboration.choosing.contender import Contender
from bayplan.knowledge.run_times.evaluation import Figures
from bayplan.knowledge.run_times.running import Running


@dataclass(frozen=True, slots=True)
class Experience:
    """Of one candidate."""

    figures: tuple[Figures, ...] = ()
    """On each class of nodes."""
    attempts: int = 0
    """Runs that have ended, well or badly."""

    def reported(self, metric: str) -> Learned:
        """What its runs have said of themselves, on all classes of nodes together. O(classes)."""
        return _together(each.reported.get(metric) for each in self.figures)

    @property
    def cost(self) -> float | None:
        """The mean price of a run; `None`: there was none. O(classes)."""
        found = _together(each.cost for each in self.figures)
        return max(0.0, found.mean) if found.count else None

    def contender(self, name: str, metric: str, under_way: int, failed: str = "") -> Contender:
        """As a choice looks at it. Runs that said nothing of the metric, most of them since they failed, count as tries.

        `under_way`: choices of it whose tasks are not over; `failed`: why it failed in this graph and task.
        """
        learned = self.reported(metric)
        return Contender(name, learned, under_way + max(0, self.attempts - learned.count), failed)


def _together(figures: Iterable[Running | None]) -> Learned:
    """What a record says that was edited beyond all bounds counts as not said."""
    try:
        return Learned.of(Learned(each.count, each.mean, each.variance) for each in figures if each is not None)
    except ChoosingError:
        return Learned()
