"""Which candidates simulated graphs run: what rules choose by the results that are given beforehand, or else the largest."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bayplan.collaboration.choosing import Contender, by_rule
from bayplan.lifecycle import Flow, Value
from bayplan.simulation import Ending
from bayplan_operator.translate.candidates import largest
from bayplan_operator.translate.task_graph import Prepared, with_candidates
from bayplan_operator.workflows.documents import Document
from bayplan_operator.workflows.endings import endings


def with_choices(document: Document, prepared: Prepared) -> Prepared:
    """The graph as it is simulated. Raises `InputError`."""
    choices: dict[int, int] = {}
    for task in prepared.graph.topological.tolist():
        if task in prepared.candidates and prepared.relations.choosers[task].by == "Rule":
            choices[task] = _by_rule(document, with_candidates(prepared, choices), task)
    return with_candidates(prepared, choices)


def choices_not_simulated(name: str, prepared: Prepared) -> Iterator[str]:
    """Which choices of a graph a simulation does not make, one sentence each."""
    for task, pods in prepared.candidates.items():
        chooser = prepared.relations.choosers[task]
        if chooser.by != "Rule":
            yield (
                f"graph {name}: the choice of task {prepared.graph.tasks[task].name} by {chooser.by} is not simulated: "
                f"it runs {largest(pods).name}, its largest candidate"
            )


def _by_rule(document: Document, prepared: Prepared, task: int) -> int:
    """The position of the candidate, by what the tasks before are given to say."""
    relations, index = prepared.relations, prepared.graph.index
    plain = replace(prepared, relations=replace(relations, flow=relations.flow or Flow.plain(prepared.graph)))
    given = endings(document, plain)
    chooser = relations.choosers[task]
    made = by_rule([Contender(name) for name in chooser.names], chooser.rule, lambda name, key: _said(given[index[name]], key))
    return chooser.names.index(made.winner or chooser.rule.default)


def _said(given: Ending, key: str) -> Sequence[Value | None]:
    """All shards say the same. Nothing is given: none has said anything, and a condition on it is undecided."""
    said = given.said(0)
    return [said.get(key)] if said else []
