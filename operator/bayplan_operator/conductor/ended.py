"""A run that is over, in the library's terms."""

import numpy as np

from bayplan.adaptive import Ended
from bayplan_operator.conductor.graph_run import GraphRun, Running


def ended(graph: GraphRun, running: Running, now: float) -> Ended:
    """What is known of it. Its end is that of its last attempt, which may have been seen late; where it failed, it is now."""
    library, run = running.prepared.graph, running.run
    accepted = graph.accepted_at if graph.accepted_at is not None else now
    finished = run.finished[~np.isnan(run.finished)]
    end = float(finished.max()) if run.succeeded and len(finished) else now
    return Ended(
        graph=library,
        classes=[template.request_class for template in running.prepared.templates],
        response=max(0.0, end - accepted),
        succeeded=run.succeeded,
        hints=np.array([task.expected_duration or 0.0 for task in running.prepared.spec.tasks]),
        took=np.maximum(run.finished - run.started, 0.0),
        nodes=run.node,
        deadline=None if graph.deadline is None else graph.deadline - accepted,
    )
