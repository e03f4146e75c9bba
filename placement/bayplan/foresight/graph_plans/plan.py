"""What a graph is planned to do."""

from dataclasses import dataclass, replace

from bayplan.foresight.graph_plans.nodes import Nodes
from bayplan.foresight.graph_plans.progress import Progress
from bayplan.foresight.graph_plans.situation import Situation
from bayplan.model.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Plan:
    """A schedule of one graph, from the situation that it was made in on."""

    made_at: float
    """Seconds since the epoch."""
    rank: FloatArray
    """Shape (tasks,): upward rank in seconds, transfers included; 0 of tasks that are done."""
    slot: IntArray
    """Shape (units,): the slot in `nodes`; -1: done, or no node could hold it or what it waits for."""
    node: IntArray
    """Shape (units,): the node in `nodes.names`; of done ones where they were; -1: none."""
    start: FloatArray
    """Shape (units,): seconds since the epoch; of done ones `made_at`, infinite where there is no place."""
    finish: FloatArray
    """Shape (units,): as `start`."""
    nodes: Nodes
    """With a slot for each unit that runs."""
    seconds: FloatArray
    """Shape (units,): expected run time where it is planned, or until its end if it runs; infinite without a place."""
    situation: Situation
    """What it was made of."""
    progress: Progress
    """What has become of the units: as they were when it was made, until `followed` says more."""

    @property
    def completion(self) -> float:
        """When the last unit ends, in seconds since the epoch; infinite where one has no place."""
        return float(self.finish.max(initial=self.made_at))

    def followed(self, progress: Progress) -> "Plan":
        """The same plan, with what has become of the units since. O(1)."""
        return replace(self, progress=progress)
