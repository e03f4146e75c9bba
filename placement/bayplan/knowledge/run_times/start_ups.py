"""How long pods take to start: from the moment their node has them until they run. No run time says it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.knowledge.run_times.evaluation import Evaluation
from bayplan.knowledge.run_times.running import Running
from bayplan.model.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class StartUps:
    """As it was learned at one time; never changes itself."""

    of_task: Mapping[tuple[str, str], float]
    """(task, node class) to mean seconds."""
    of_class: Mapping[str, float]
    """Node class to the mean over all tasks."""
    of_all: float
    """The mean over everything, in seconds."""

    @classmethod
    def of(cls, evaluation: Evaluation) -> "StartUps | None":
        """What the figures say; none: nothing was seen of it. O(tasks and classes)."""
        seen = {key: each.start for key, each in evaluation.by_task.items() if each.start.count}
        if not seen:
            return None
        by_class: dict[str, list[Running]] = {}
        for (_, node_class), each in seen.items():
            by_class.setdefault(node_class, []).append(each)
        of_class = {name: _mean(each) for name, each in by_class.items()}
        return cls({key: each.mean for key, each in seen.items()}, of_class, _mean(list(seen.values())))

    def table(self, tasks: Sequence[str], classes: Sequence[str]) -> FloatArray:
        """Shape (tasks, classes): seconds to be expected. O(tasks * classes).

        Of a task that was not seen on a class, those of all tasks there; where nothing was seen, those of all classes.
        """
        return np.array(
            [[self.of_task.get((task, name), self.of_class.get(name, self.of_all)) for name in classes] for task in tasks],
            np.float64,
        ).reshape(len(tasks), len(classes))


def _mean(figures: Sequence[Running]) -> float:
    return sum(each.count * each.mean for each in figures) / sum(each.count for each in figures)
