"""What is known of the candidates of a task: from earlier runs, and from graphs that are under way."""

from collections import Counter
from collections.abc import Iterable

from bayplan.collaboration.choosing import Experience
from bayplan.knowledge.run_times import TaskRun
from bayplan.lifecycle import UnitState
from bayplan_operator.conductor.knowledge.profiles import Profiles
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.translate.task_identity import TaskId


def experience_of(profiles: Profiles, run: TaskRun) -> Experience:
    """Of a candidate: what its profile knows. O(classes)."""
    task = TaskId.of(run)
    profile = profiles.known.get(task.key)
    if profile is None:
        return Experience()
    by_task = profiles.evaluation.by_task
    return Experience(
        tuple(by_task[task.text, name] for name in profile.runs if (task.text, name) in by_task), profile.attempts
    )


def under_way(graphs: Iterable[GraphRun]) -> Counter[str]:
    """By what candidates are learned as, how many tasks they were chosen for that are not over. O(tasks with candidates)."""
    found: Counter[str] = Counter()
    for graph in graphs:
        running = graph.running
        if running is None or running.choices is None:
            continue
        for task, position in running.choices.chosen.items():
            if not _over(running, task):
                found[TaskId.of(running.prepared.candidates[task][position].run).text] += 1
    return found


def _over(running: Running, task: int) -> bool:
    units = slice(int(running.prepared.graph.unit_start[task]), int(running.prepared.graph.unit_start[task + 1]))
    return bool((running.run.state[units] >= UnitState.SUCCEEDED).all())
