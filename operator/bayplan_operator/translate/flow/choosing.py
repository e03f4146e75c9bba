"""How the candidate of a task is chosen, in the library's terms."""

from collections.abc import Mapping

from bayplan.collaboration.choosing import ChoiceTerms, ChoosingRule, RuleCase, Tariff
from bayplan.model.graph import Graph
from bayplan_operator.api.v1alpha1 import Choose, Task, TaskGraphSpec
from bayplan_operator.translate.flow.ancestors import Ancestors
from bayplan_operator.translate.flow.build import condition_of
from bayplan_operator.translate.flow.errors import Faults, FlowError


def choosers_of(spec: TaskGraphSpec, graph: Graph, ancestors: Ancestors) -> Mapping[int, ChoiceTerms]:
    """By number of a task with candidates. Raises `FlowError`. O(tasks + conditions)."""
    repeated = frozenset(() if spec.rounds is None else spec.rounds.tasks)
    shards = {each.name: each.shards for each in graph.tasks} if any(task.choose for task in spec.tasks) else {}
    found, faults = {}, Faults()
    for number, task in enumerate(spec.tasks):
        if task.choose is None:
            continue
        with faults:
            if task.choose.every == "Round" and task.name not in repeated:
                raise FlowError(
                    f'spec.tasks[{number}].choose.every ("{task.name}") is Round, and the task does not repeat: put it into '
                    "spec.rounds.tasks, or leave every out"
                )
        with faults:
            found[number] = _chooser(number, task, task.choose, (graph, ancestors, shards))
    faults.told()
    return found


def _chooser(number: int, task: Task, choose: Choose, around: tuple[Graph, Ancestors, Mapping[str, int]]) -> ChoiceTerms:
    graph, ancestors, shards = around
    cases, faults = [], Faults()
    for position, rule in enumerate(choose.rules):
        with faults:
            where = f'spec.tasks[{number}].choose.rules[{position}].when ("{task.name}")'
            condition = condition_of(where, rule.when, shards)
            for each in condition.references:
                if not ancestors.is_before(graph.index[each.task], number):
                    raise FlowError(
                        f'{where} speaks of "{each.task}", which need not have run by then: put it, or a task that follows it, '
                        f'into dependsOn of "{task.name}"'
                    )
            cases.append(RuleCase(condition, rule.candidate))
    faults.told()
    names = tuple(each.name for each in task.candidates)
    maximise = choose.goal == "Maximize"
    return ChoiceTerms(
        names=names,
        by=choose.by,
        rule=ChoosingRule(tuple(cases), choose.default or names[0]),
        metric=choose.metric or "",
        tariff=Tariff(choose.worth, choose.price_per_second, maximise),
        retry_failed=choose.retry_failed,
        each_round=choose.every == "Round",
    )
