"""What goes by the run times that were learned of a task: the time-out of rounds, and when backups begin."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bayplan.knowledge.run_times.expectations import Expectations
from bayplan.knowledge.run_times.runs import TaskRun
from bayplan.lifecycle import Flow
from bayplan.model.graph import Graph

SEEN = 5.0
"""Seconds that a round waits longer than its shards are expected to run: they do not start all at once, and an end is seen a
little later than it was."""


@dataclass(frozen=True, slots=True)
class LearnedLateness:
    """By task, in seconds. A task that is missing has nothing learned."""

    time_outs: dict[int, float] = field(default_factory=dict)
    """From the first start of a repeated task until a round goes on without those that have not ended."""
    late: dict[int, float] = field(default_factory=dict)
    """That a unit runs before it gets a backup."""


def lateness(
    forecast: Expectations, graph: Graph, runs: Sequence[TaskRun], flow: Flow, *, rounds_by_p95: bool
) -> LearnedLateness | None:
    """As it is known by now; `None`: nothing of the graph goes by it. O(tasks that go by it).

    `runs`: per task, under what its run times are learned; `rounds_by_p95`: the time-out of rounds goes by it.
    """
    repeated = flow.repeated.tasks.nonzero()[0].tolist() if rounds_by_p95 and flow.repeated is not None else []
    backed_up = [rule.task for rule in flow.backups if rule.learned]
    if not repeated and not backed_up:
        return None
    whole = {task: forecast.late(runs[task], graph.tasks[task].shards) for task in repeated}
    return LearnedLateness(
        time_outs={task: seconds + SEEN for task, seconds in whole.items() if seconds is not None},
        late={task: seconds for task in backed_up if (seconds := forecast.late(runs[task])) is not None},
    )
