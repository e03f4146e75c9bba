"""What the units of a submission ask the engine for."""

from collections.abc import Sequence

from bayplan.knowledge.run_times import Run
from bayplan.model.workload import Request
from bayplan.simulation.submission import Submission


def unit_requests(number: int, submission: Submission) -> Sequence[Request]:
    """Per unit, as the operator asks for it. `number`: the submission's, in the order in which they come."""
    graph = submission.graph
    units = [0] if graph.units == 1 else graph.unit_task.tolist()
    rank = graph.upward_rank().tolist() if len(graph.tasks) > 1 else [graph.tasks[0].duration]
    expected = [task.duration for task in graph.tasks] if submission.expected is None else submission.expected.tolist()
    deadline = None if submission.deadline is None else submission.at + submission.deadline
    name = submission.name.rpartition("/")[2]
    return [
        Request(
            id=(number, unit),
            request_class=submission.classes[task],
            priority=submission.priority,
            critical_path=rank[task],
            arrival=(submission.at, number),
            task=_identity(submission.runs[task]) if submission.runs else f"{name}/{graph.tasks[task].name}",
            name=f"{name}/{graph.tasks[task].name}" if submission.runs else "",
            deadline=deadline,
            duration=expected[task],
        )
        for unit, task in enumerate(units)
    ]


def _identity(run: Run) -> str:
    return f"{run.family}/{run.task}"
