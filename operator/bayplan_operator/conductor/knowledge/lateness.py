"""What goes by the run times that were learned of a task: the time-out of rounds, and when backups begin."""

from dataclasses import replace

from bayplan.knowledge.run_times.expectations import Expectations
from bayplan_operator.conductor.record.running import Running

SEEN = 5.0
"""Seconds that a round waits longer than its shards are expected to run: they do not start all at once, and an end is seen a
little later than it was."""


def tell_late(running: Running, forecast: Expectations) -> None:
    """Bring the controls of a run up to date with what is known by now. O(tasks that go by it)."""
    relations = running.prepared.relations
    flow, repeating = relations.flow, relations.repeating
    if flow is None:
        return
    repeated: list[int] = []
    if repeating is not None and repeating.by_p95 and flow.repeated is not None:
        repeated = flow.repeated.tasks.nonzero()[0].tolist()
    backed_up = [rule.task for rule in flow.backups if rule.learned]
    if not repeated and not backed_up:
        return
    prepared = running.prepared
    late = {task: seconds for task in backed_up if (seconds := forecast.late(prepared.runs[task])) is not None}
    time_outs = running.controls.time_outs
    if repeated:
        whole = {task: forecast.late(prepared.runs[task], prepared.graph.tasks[task].shards) for task in repeated}
        time_outs = {task: seconds + SEEN for task, seconds in whole.items() if seconds is not None}
    running.controls = replace(running.controls, time_outs=time_outs, late=late)
