"""What the pod of a shard is for other pods."""

from bayplan.model.neighbour import Neighbour
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.translate.pod import neighbour, one_for_all


def neighbour_of_unit(graph: GraphRun, running: Running, unit: int) -> Neighbour:
    """What others see of its next pod, and what that asks of them; shared by the pods of a task that are alike."""
    known = running.prepared.graph
    task = int(known.unit_task[unit])
    shared = running.asking.neighbours.get(task)
    if shared is not None:
        return shared
    template, name = running.prepared.templates[task], known.tasks[task].name
    if one_for_all(template):
        made = running.asking.neighbours[task] = neighbour(graph.ref, template, name, None)
        return made
    attempt = unit - int(known.unit_start[task]), int(running.run.incarnation[unit]) + 1
    return neighbour(graph.ref, template, name, attempt)
