"""A run that is over, in the library's terms."""

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.strategy.adaptive import Ended
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running


def ended(graph: GraphRun, running: Running, now: float) -> Ended:
    """What is known of it. Its end is that of its last attempt, which may have been seen late; where it failed, it is now."""
    library, run = running.prepared.graph, running.run
    accepted = graph.decided.accepted_at if graph.decided.accepted_at is not None else now
    finished = run.finished[~np.isnan(run.finished)]
    end = float(finished.max()) if run.succeeded and len(finished) else now
    return Ended(
        graph=library,
        classes=[template.request_class for template in running.prepared.templates],
        response=max(0.0, end - accepted),
        succeeded=run.succeeded,
        hints=_hints(running),
        took=np.maximum(run.finished - run.started, 0.0),
        nodes=run.node,
        deadline=None if graph.known.deadline is None else graph.known.deadline - accepted,
        rounds=_rounds(running),
    )


def _rounds(running: Running) -> IntArray | None:
    """How often each task ran; none: nothing repeats."""
    flow = running.prepared.relations.flow
    return None if flow is None or flow.repeated is None else np.where(flow.repeated.tasks, running.run.round, 1)


def _hints(running: Running) -> FloatArray:
    """What the author says of one shard, or else what was learned; 0: nothing is known."""
    tasks = zip(running.prepared.graph.tasks, running.prepared.spec.tasks, strict=True)
    said = np.array([task.duration if written.expected_duration else 0.0 for task, written in tasks])
    return said if running.foreseen.seconds is None else np.where(said > 0, said, np.nan_to_num(running.foreseen.seconds))
