"""What can be said of a graph's end before it runs: the bound, the estimate, and the chance to meet its deadline."""

from collections.abc import Iterable

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.estimates import (
    Basis,
    Bound,
    Durations,
    Estimate,
    Luck,
    Scenario,
    Suggestion,
    advice,
    durations,
    earliest,
    samples,
)
from bayplan.foresight.graph_plans import Situation, expected_seconds, slots
from bayplan.knowledge.run_times import TaskRun
from bayplan.simulation import Setup, Submission
from bayplan_operator.views.model.outlook import PlannedOutlook, SuggestionView

_WANTED = 0.9
_SLOTS = 1_000
_DIGITS = 6


def outlooks(submissions: Iterable[Submission], setup: Setup) -> dict[str, PlannedOutlook]:
    """By name, of each graph as if the nodes, beside what occupies them, were its own."""
    cluster = Cluster()
    for node in setup.nodes:
        cluster.set_node(node)
    for number, each in enumerate(setup.occupied):
        cluster.occupy(number, each.node, each.resources, each.gpus)
    return {each.name: _outlook(each, setup, cluster) for each in submissions}


def _outlook(submission: Submission, setup: Setup, cluster: Cluster) -> PlannedOutlook:
    graph, selector = submission.graph, setup.policies[submission.policy].strategy.node_selector
    there, known = _situation(submission, setup, cluster)
    none = np.full(graph.units, np.nan)
    fastest = known.expected.min(axis=1, initial=np.inf)
    least = np.where((known.basis == Basis.NOTHING) | np.isinf(fastest), 0.0, fastest)
    first = earliest(cluster, graph, submission.classes, selector, least, none)
    bound = first.bound
    if first.nowhere or not known.informed:
        return PlannedOutlook(known.words, lower_bound=_round(bound.seconds), nowhere=first.nowhere)
    scenario = Scenario.on(there, known, none, Luck.draw(graph, samples(graph.units), setup.seed))
    found = scenario.estimate()
    if not np.isfinite(found.ends[-1]):
        return PlannedOutlook(known.words, lower_bound=_round(bound.seconds))
    probability, helps = _deadline(submission, scenario, found, bound)
    return PlannedOutlook(
        lower_bound=_round(bound.seconds),
        basis=known.words,
        estimate=_round(found.quantile(0.5)),
        low=_round(found.quantile(0.1)),
        high=_round(found.quantile(0.9)),
        probability=probability,
        advice=tuple(SuggestionView(each.help.value, each.subject, each.probability, _round(each.seconds)) for each in helps),
    )


def _situation(submission: Submission, setup: Setup, cluster: Cluster) -> tuple[Situation, Durations]:
    graph, times = submission.graph, setup.run_times
    said = [task.duration for task in graph.tasks] if submission.expected is None else submission.expected.tolist()
    runs = [TaskRun(task.name, hint=hint or None) for task, hint in zip(graph.tasks, said, strict=True)]
    asks = {asked: submission.classes.count(asked) for asked in dict.fromkeys(submission.classes)}
    nodes = slots(cluster, asks, _SLOTS, setup.policies[submission.policy].strategy.node_selector)
    speeds = np.array([times.speeds.get(name, 1.0) for name in nodes.classes])
    seconds = expected_seconds(graph, runs, nodes.classes) / speeds
    seconds[~nodes.admitting(submission.classes)] = np.inf
    nothing = (np.zeros(graph.units, bool), np.full(graph.units, -1), np.full(graph.units, np.nan))
    data = np.zeros(len(graph.parents.indices)) if submission.data is None else submission.data
    there = Situation(graph, seconds, data, setup.bandwidth, nodes, 0.0, *nothing)
    return there, durations(graph, runs, nodes.classes, seconds, None)


def _deadline(
    submission: Submission, scenario: Scenario, found: Estimate, bound: Bound
) -> tuple[float | None, tuple[Suggestion, ...]]:
    if submission.deadline is None:
        return None, ()
    probability = found.probability_by(submission.deadline)
    if probability >= _WANTED:
        return probability, ()
    return probability, advice(scenario, bound, submission.deadline, _WANTED)


def _round(seconds: float) -> float:
    return round(seconds, _DIGITS)
