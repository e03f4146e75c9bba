"""The one task of a graph in whose TaskProfile stands how many rounds graphs of its kind took."""

from bayplan.knowledge.run_times import TaskRun
from bayplan_operator.translate.task_graph import Prepared


def rounds_task(prepared: Prepared) -> TaskRun | None:
    """Of the repeated tasks, the first in the order of the graph that has no candidates; if all have some, the first.

    A task with candidates is learned of under the one that was chosen, and that may be another in each graph. ``None``: nothing
    repeats, or only the last round that is allowed ends it. O(tasks).
    """
    relations = prepared.relations
    if relations.flow is None or relations.flow.repeated is None:
        return None
    if relations.repeating is None or not relations.repeating.may_end_early:
        return None
    repeated = relations.flow.repeated.tasks.nonzero()[0].tolist()
    return prepared.runs[next((task for task in repeated if task not in prepared.candidates), repeated[0])]
