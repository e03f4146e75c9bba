"""Whether reality has left a plan behind."""

import numpy as np

from bayplan.foresight.graph_plans.plan import Plan
from bayplan.foresight.graph_plans.progress import Progress
from bayplan.model.arrays import BoolArray, FloatArray

OVERDUE = 0.25
"""A unit that has run longer than expected is expected to need another such share of the time that it has run."""
OF_THE_UNIT = 0.25
"""A unit is early or late by more than this share of its expected run time..."""
OF_THE_REST = 0.02
"""... and by more than this share of the time that the graph was still expected to take."""


def why_remake(plan: Plan, progress: Progress, usable: frozenset[str], now: float) -> str:
    """In words, what makes the plan worth making again; empty: it holds. O(units + nodes).

    A node on which units are planned is gone, or there is a new one (`usable`: names of the nodes that can be used now, as
    `usable` says of a cluster); a unit that had begun has to begin again; or a unit is early or late by more than a
    quarter of its run time and a fiftieth of what was left of the graph.
    """
    if usable != plan.nodes.usable:
        missing = plan.nodes.usable - usable
        ahead = np.unique(plan.node[(plan.node >= 0) & ~progress.done]).tolist()
        for node in ahead:
            if plan.nodes.names[node] in missing:
                return f"node {plan.nodes.names[node]} is gone"
        new = usable - plan.nodes.usable
        if new:
            return f"node {min(new)} is new"
    again = np.flatnonzero(plan.progress.begun & ~progress.begun)
    if len(again):
        return f"{_named(plan, int(again[0]))} has to run again"
    off = _off(plan, progress, now)
    worst = int(np.argmax(np.abs(off))) if len(off) else 0
    if len(off) and off[worst] != 0:
        return f"{_named(plan, worst)} is {abs(off[worst]):.0f} s {'late' if off[worst] > 0 else 'early'}"
    return ""


def still_needs(expected: float, elapsed: float) -> float:
    """Seconds until a unit ends that was expected to run so long and has run so long, both in seconds."""
    return max(expected - elapsed, OVERDUE * elapsed)


def _off(plan: Plan, progress: Progress, now: float) -> FloatArray:
    """Per unit, seconds behind the plan, below 0 ahead of it; 0 where it is not worth a word."""
    # What was done when it was planned is neither early nor late.
    known: BoolArray = ~np.isnan(progress.ended) & ~plan.situation.done
    off = np.zeros(len(plan.finish))
    off[known] = progress.ended[known] - plan.finish[known]
    running, waiting = progress.running, ~progress.begun
    off[running] = np.maximum(now - plan.finish[running], 0.0)
    off[waiting] = np.maximum(now - plan.start[waiting], 0.0)
    rest = max(plan.completion - plan.made_at, 0.0)
    matters = np.maximum(OF_THE_UNIT * plan.seconds, OF_THE_REST * rest)
    return np.where(np.isfinite(plan.finish) & (np.abs(off) > matters), off, 0.0)


def _named(plan: Plan, unit: int) -> str:
    graph = plan.situation.graph
    task = int(graph.unit_task[unit])
    shard = f" [{unit - int(graph.unit_start[task])}]" if graph.tasks[task].shards > 1 else ""
    return f"{graph.tasks[task].name}{shard}"
