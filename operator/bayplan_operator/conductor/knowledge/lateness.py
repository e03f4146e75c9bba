"""What goes by the run times that were learned of a task: the time-out of rounds, and when backups begin."""

from dataclasses import replace

from bayplan.knowledge.run_times.expectations import Expectations
from bayplan_operator.conductor.record.running import Running


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
    late = {task: forecast.late(running.prepared.runs[task]) for task in {*repeated, *backed_up}}
    known = {task: seconds for task, seconds in late.items() if seconds is not None}
    time_outs = {task: known[task] for task in repeated if task in known} if repeated else running.controls.time_outs
    running.controls = replace(running.controls, time_outs=time_outs, late={t: known[t] for t in backed_up if t in known})
