"""The controls of a run, where they go by the run times that were learned."""

from dataclasses import replace

from bayplan.knowledge.run_times.expectations import Expectations
from bayplan.knowledge.run_times.lateness import lateness
from bayplan_operator.conductor.record.running import Running


def tell_late(running: Running, forecast: Expectations) -> bool:
    """Bring the controls of a run up to date with what is known by now. Answers whether they are others than before.

    O(tasks that go by it).
    """
    prepared, repeating = running.prepared, running.prepared.relations.repeating
    if prepared.relations.flow is None:
        return False
    by_p95 = repeating is not None and repeating.by_p95
    found = lateness(forecast, prepared.graph, prepared.runs, prepared.relations.flow, rounds_by_p95=by_p95)
    if found is None:
        return False
    before = running.controls
    running.controls = replace(before, time_outs=found.time_outs if by_p95 else before.time_outs, late=found.late)
    return (before.time_outs, before.late) != (running.controls.time_outs, running.controls.late)
