"""The choices of candidates in a simulation, in the words of the record that an operator keeps of them."""

from collections.abc import Iterator

from bayplan.simulation import ChoiceMade, Submission, Trace
from bayplan_operator.translate.choice_record import ChoiceLine, chosen_line, failed_line
from bayplan_operator.views.graphs.choices import view
from bayplan_operator.views.model.choice import ChoiceView
from bayplan_operator.views.model.graph import SimulatedGraph


def by_graph(trace: Trace) -> dict[int, tuple[ChoiceView, ...]]:
    """By number of a graph, in the order in which they were made. O(choices)."""
    found: dict[int, list[ChoiceView]] = {}
    for each in trace.choices:
        name = trace.submissions[each.graph].graph.tasks[each.task].name
        found.setdefault(each.graph, []).append(view(name, list(_lines(name, each))))
    return {number: tuple(views) for number, views in found.items()}


def as_chosen(submission: Submission, graph: SimulatedGraph) -> Submission:
    """A graph as it was read, with the candidates that its tasks have run last. O(choices x tasks)."""
    last = {each.task: each.candidate for each in graph.choices or ()}
    for name, candidate in last.items():
        task = submission.graph.index[name]
        submission = submission.with_candidate(task, submission.candidates[task].terms.names.index(candidate))
    return submission


def _lines(task: str, each: ChoiceMade) -> Iterator[ChoiceLine]:
    for name, failed in each.failed.items():
        yield failed_line(task, failed.round, name, failed.why)
    yield chosen_line(task, each.round, each.made)
