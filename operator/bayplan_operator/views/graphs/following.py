"""How the tasks of a graph stand to those before them, where that is more than "once all before have succeeded".

The status keeps no words on that. They follow from the record, the results and the spec, as the operator's decisions did.
"""

from functools import cached_property

from bayplan.lifecycle import Flow, Gate, Run, TaskOutcome, Undecidable, values_of
from bayplan.model.graph import Graph

_NAMED = 3
_GRAPH_FAILED = "the graph has failed"
_ENDED = {TaskOutcome.SUCCEEDED: "Succeeded", TaskOutcome.FAILED: "Failed", TaskOutcome.SKIPPED: "Skipped"}


class Following:
    """Of one graph, at one instant."""

    def __init__(self, graph: Graph, flow: Flow, run: Run, *, failed: bool) -> None:
        """``failed``: the graph has, or is about to."""
        self._graph, self._flow, self._run, self._failed = graph, flow, run, failed
        self._outcomes = flow.outcomes(graph, run)

    def ended(self, task: int) -> str:
        """The state of a task that has ended; empty: it has not."""
        return _ENDED.get(TaskOutcome(self._outcomes[task]), "")

    def bearable(self, task: int) -> bool:
        """The graph goes on though shards of the task have failed."""
        return self._flow.bearable(self._graph, self._run, task)

    def begun(self, task: int) -> int:
        """How many rounds have begun with the task; 0: it does not repeat."""
        repeated = self._flow.repeated
        return max(self._run.round, 1) if repeated is not None and repeated.tasks[task] else 0

    def skipped(self, task: int) -> str:
        """Why the task was skipped; empty: it was not, or that is not known."""
        return self._reasons.get(task, "")

    def waits_for(self, task: int) -> str:
        """What has to come before the task may start; empty: nothing that is known."""
        parents = dict.fromkeys(self._graph.parents.of(task).tolist())
        missing = [parent for parent in parents if self._seen(parent, task) == TaskOutcome.OPEN]
        if not missing and task in self._flow.when:
            named = {self._graph.index[each.task]: None for each in self._flow.when[task].references}
            missing = [other for other in named if self._seen(other, task) == TaskOutcome.OPEN]
        if not missing:
            return ""
        one = "one of " if self._flow.gate[task] == Gate.ANY and len(missing) > 1 else ""
        last = "the last round of " if all(self._repeats_for(parent, task) for parent in missing) else ""
        return f"after {last}{one}{listed([self._graph.tasks[parent].name for parent in missing])}"

    @cached_property
    def _reasons(self) -> dict[int, str]:
        """By task that was skipped. O(edges at these tasks, and their conditions)."""
        found: dict[int, str] = {}
        for task in self._graph.topological.tolist():
            if self._outcomes[task] == TaskOutcome.SKIPPED:
                seen = {parent: self._seen(parent, task) for parent in self._graph.parents.of(task).tolist()}
                why = self._condition(task) if self._opens(task, seen) else self._gate(task, seen, found)
                found[task] = why or self._otherwise(task)
        return found

    def _opens(self, task: int, seen: dict[int, TaskOutcome]) -> bool:
        """The gate lets it run, or the task waits for none."""
        if self._flow.gate[task] == Gate.ALL:
            return all(outcome == TaskOutcome.SUCCEEDED for outcome in seen.values())
        return self._flow.gate[task] == Gate.ALWAYS or TaskOutcome.SUCCEEDED in seen.values()

    def _gate(self, task: int, seen: dict[int, TaskOutcome], reasons: dict[int, str]) -> str:
        """Why its gate never opens; empty: it might have, or it is only because the graph has failed."""
        if self._failed and any(self._because_of_the_graph(parent, outcome, reasons) for parent, outcome in seen.items()):
            return ""
        if self._flow.gate[task] != Gate.ALL:
            return "" if TaskOutcome.OPEN in seen.values() else "no task before it has succeeded"
        for outcome, words in ((TaskOutcome.FAILED, "has failed"), (TaskOutcome.SKIPPED, "was skipped")):
            names = [self._graph.tasks[parent].name for parent in seen if seen[parent] == outcome]
            if names:
                return f"a task before it {words}: {listed(names)}"
        return ""

    def _because_of_the_graph(self, parent: int, outcome: TaskOutcome, reasons: dict[int, str]) -> bool:
        if outcome == TaskOutcome.SKIPPED:
            return reasons.get(parent) == _GRAPH_FAILED
        return outcome == TaskOutcome.FAILED and not self.bearable(parent)

    def _condition(self, task: int) -> str:
        """Why its condition does not let it run; empty: it does, or it was not looked at."""
        condition = self._flow.when.get(task)
        if condition is None:
            return ""
        if any(self._seen(self._graph.index[each.task], task) == TaskOutcome.OPEN for each in condition.references):
            return ""
        holds = condition.evaluate(lambda name, key: values_of(self._graph, self._run, name, key))
        if isinstance(holds, Undecidable):
            return f"its condition cannot be decided: {holds.why}"
        return "" if holds else f"its condition does not hold: {condition}"

    def _otherwise(self, task: int) -> str:
        if self._failed:
            return _GRAPH_FAILED
        return f"it takes no part in round {self._run.round}" if self.begun(task) else ""

    def _seen(self, task: int, by: int) -> TaskOutcome:
        """The outcome of a task, as the task ``by`` sees it: what repeats is not over before its last round."""
        return TaskOutcome.OPEN if self._repeats_for(task, by) else TaskOutcome(self._outcomes[task])

    def _repeats_for(self, task: int, by: int) -> bool:
        repeated = self._flow.repeated
        return repeated is not None and not self._run.rounds_over and bool(repeated.tasks[task]) and not repeated.tasks[by]


def listed(names: list[str]) -> str:
    """The first of them, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
