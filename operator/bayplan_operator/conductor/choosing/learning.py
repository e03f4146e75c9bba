"""What is known of the candidates of a task: from earlier runs, and from graphs that are under way."""

from collections import Counter
from collections.abc import Iterable

from bayplan.collaboration.choosing import ChoosingError, Learned
from bayplan.knowledge.run_times import TaskRun
from bayplan.knowledge.run_times.evaluation import Figures
from bayplan.knowledge.run_times.running import Running as Figure
from bayplan.lifecycle import UnitState
from bayplan_operator.conductor.knowledge.profiles import Profiles
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.translate.task_identity import TaskId


def metric_of(profiles: Profiles, run: TaskRun, metric: str) -> Learned:
    """What the runs of a candidate reported, on all classes of nodes together. O(classes)."""
    return _together(each.reported.get(metric) for each in _figures(profiles, run))


def cost_of(profiles: Profiles, run: TaskRun) -> float | None:
    """The mean price of a run; ``None``: there was none. O(classes)."""
    found = _together(each.cost for each in _figures(profiles, run))
    return max(0.0, found.mean) if found.count else None


def silent_tries(profiles: Profiles, run: TaskRun, learned: Learned) -> int:
    """Runs of a candidate that said nothing of the metric, most of them since they failed: they count as tries."""
    profile = profiles.known.get(TaskId.of(run).key)
    return 0 if profile is None else max(0, profile.attempts - learned.count)


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


def _figures(profiles: Profiles, run: TaskRun) -> Iterable[Figures]:
    task = TaskId.of(run)
    profile = profiles.known.get(task.key)
    for node_class in () if profile is None else profile.runs:
        figures = profiles.evaluation.by_task.get((task.text, node_class))
        if figures is not None:
            yield figures


def _together(figures: Iterable[Figure | None]) -> Learned:
    """What a profile says that was edited beyond all bounds counts as not said."""
    try:
        return Learned.of(Learned(each.count, each.mean, each.variance) for each in figures if each is not None)
    except ChoosingError:
        return Learned()
