"""How long tasks wait for their pods once the last of their parents has ended, as one watcher sees both."""

import numpy as np

from bench.layered import Layered
from bench.pod_watch import Seen


def delays(graph: Layered, seen: Seen) -> list[float]:
    """Seconds per task that has parents and was started."""
    return [
        seen.created[task] - max(seen.ended[parent] for parent in parents)
        for task, parents in graph.parents.items()
        if parents and task in seen.created and all(parent in seen.ended for parent in parents)
    ]


def delay_rows(graph: Layered, seen: Seen) -> list[tuple[str, float, str]]:
    """As metric, value, unit; none where no task has parents."""
    found = np.array(delays(graph, seen)) * 1000.0
    if not len(found):
        return []
    p50, p99 = np.percentile(found, [50, 99])
    return [("delay_p50", float(p50), "ms"), ("delay_p99", float(p99), "ms"), ("delay_max", float(found.max()), "ms")]
