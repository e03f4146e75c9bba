"""Why a task does not run yet."""

import re
from collections.abc import Mapping

from bayplan.lifecycle import Run, UnitState
from bayplan.model.graph import Graph
from bayplan.model.reasons import Reason
from bayplan_operator.views.graphs.following import Following, listed
from bayplan_operator.views.units import seconds

_REASONS = "|".join(reason.value for reason in Reason)
# The sentences that the operator joins in the condition Waiting: "Reason: task name (and 3 more): why".
_SENTENCE = re.compile(rf"({_REASONS}): task (\S+?)(?: \(and \d+ more\))?: (.*?)(?=; (?:{_REASONS}): task |$)", re.DOTALL)


def said(message: str) -> dict[str, str]:
    """Task name to what the condition Waiting says about it."""
    return {name: f"{reason}: {why}".rstrip(": ") for reason, name, why in _SENTENCE.findall(message)}


def reason(graph: Graph, run: Run, task: int, told: Mapping[str, str], now: float, following: Following | None = None) -> str:
    """One reason why the task waits, in words. Empty: none of its shards waits.

    ``following``: how tasks stand to those before them; ``None``: each waits until all of these have succeeded.
    """
    units = range(int(graph.unit_start[task]), int(graph.unit_start[task + 1]))
    states = {UnitState(run.state[unit]) for unit in units}
    if UnitState.READY in states:
        return _ready(run, units, _told(told, graph.tasks[task].name), now)
    if UnitState.PENDING in states:
        return _pending(graph, run, task, following)
    if UnitState.BINDING in states:
        gated = _told(told, graph.tasks[task].name)
        if gated.startswith(Reason.SCHEDULING_GATED.value):
            return gated
        nodes = dict.fromkeys(run.node[unit] for unit in units if run.state[unit] == UnitState.BINDING)
        return f"{Reason.BINDING.value}: starts on {listed(list(nodes))}"
    return ""


def _ready(run: Run, units: range, told: str, now: float) -> str:
    soonest = min(float(run.not_before[unit]) for unit in units if run.state[unit] == UnitState.READY)
    backing_off = Reason.BACKING_OFF.value
    if soonest > now:
        why = told.removeprefix(f"{backing_off}: ") if told.startswith(f"{backing_off}: ") else ""
        again = f"{backing_off}: tried again in {seconds(soonest - now)}"
        return f"{again}; {why}" if why else again
    # What was said of a wait that is over is no reason any more.
    return "" if told.startswith(backing_off) else told


def _told(told: Mapping[str, str], task: str) -> str:
    """Only the first task of each reason is named; where there is but one reason, it is that of the others too."""
    if task in told or len(told) != 1:
        return told.get(task, "")
    ((first, words),) = told.items()
    return f"{words.partition(':')[0]}, as task {first}"


def _pending(graph: Graph, run: Run, task: int, following: Following | None) -> str:
    if following is not None:
        after = following.waits_for(task)
    else:
        done, parents = run.finished_tasks(graph), graph.edge_parent[graph.edge_child == task].tolist()
        missing = [graph.tasks[parent].name for parent in parents if not done[parent]]
        after = f"after {listed(missing)}" if missing else ""
    return f"{Reason.DEPENDENCY_PENDING.value}: {after}" if after else ""
