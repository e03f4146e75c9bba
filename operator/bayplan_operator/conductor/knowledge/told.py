"""The numbers that tasks say of themselves, as Prometheus sees them: the last of each."""

from collections import OrderedDict
from collections.abc import Mapping

from bayplan_operator import metrics
from bayplan_operator.translate.task_identity import TaskId

MOST = 2000
"""Series at once; those that were told longest ago go."""


class ToldNumbers:
    """Bounds how many series there are."""

    def __init__(self) -> None:
        self._told: OrderedDict[tuple[str, str, str, str], None] = OrderedDict()

    def tell(self, task: TaskId, numbers: Mapping[str, float]) -> None:
        """O(numbers)."""
        for name, value in numbers.items():
            series = (task.namespace, task.family, task.task, name)
            metrics.TASK_RESULT.labels(*series).set(value)
            self._told[series] = None
            self._told.move_to_end(series)
        while len(self._told) > MOST:
            oldest, _ = self._told.popitem(last=False)
            metrics.TASK_RESULT.remove(*oldest)
