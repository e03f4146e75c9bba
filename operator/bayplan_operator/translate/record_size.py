"""How many bytes the record of a run takes in the status of its graph, before anything has run."""

from bayplan.model.graph import Graph
from bayplan_operator.api.v1alpha1.task_graph_status import MAX_CHOICE
from bayplan_operator.translate.flow import Relations
from bayplan_operator.translate.flow.needed import MAX_VALUE
from bayplan_operator.translate.round_record import LONGEST_LINE

_PER_UNIT, _PER_TASK = 45, 35
"""What the record of a unit and the managed fields of a task come to, beside the task's name."""
_NUMBER, _AROUND = 32, 12
"""A number as JSON, at most; and what stands around a value: quotes, commas, the number of the shard."""
_PER_ATTEMPT = 8
"""Of a repeated unit: its attempt in the round before, and whether it takes part in the next one."""
_PER_WEIGHT = 28
"""Of a unit that may be drawn: its number, and what it counts."""


def plain_size(graph: Graph, units: int) -> int:
    """Of a graph whose tasks are the ones given, with so many shards in all."""
    return 2 * sum(len(task.name) for task in graph.tasks) + _PER_UNIT * units + _PER_TASK * len(graph.tasks)


def size_of_relations(graph: Graph, relations: Relations) -> int:
    """Of the results that are kept, of choices, and of rounds. O(tasks + results)."""
    backups = {} if relations.flow is None else relations.flow.backed_up_by
    # A line for each candidate: all but one may have failed before the last was chosen.
    size = (MAX_CHOICE + 3) * sum(len(chooser.names) for chooser in relations.choosers.values())
    for task, needs in relations.needed.items():
        if task in backups:
            continue  # what a backup says is kept as what its task says
        of_one = sum(len(need.key) + _AROUND + (_NUMBER if need.number else MAX_VALUE) for need in needs.values())
        size += graph.tasks[task].shards * (len(graph.tasks[task].name) + _AROUND + of_one)
    if relations.repeating is not None and relations.flow is not None and relations.flow.repeated is not None:
        units = int(relations.flow.repeated.units.sum())
        per_unit = 2 * _PER_ATTEMPT + (_PER_WEIGHT if relations.repeating.sampling is not None else 0)
        terms = () if relations.repeating.joint is None else relations.repeating.joint.terms
        size += relations.repeating.rule.most * (LONGEST_LINE + 3) + per_unit * units + (_NUMBER + 3) * len(terms)
    return size
