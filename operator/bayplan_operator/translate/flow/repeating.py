"""Rounds, in the library's terms."""

from dataclasses import dataclass

from bayplan.lifecycle import Condition
from bayplan.model.graph import Graph
from bayplan.model.spelling import unknown
from bayplan_operator.api.v1alpha1 import P95, Sampling, TaskGraphSpec
from bayplan_operator.translate.flow.build import condition_of
from bayplan_operator.translate.flow.errors import FlowError


@dataclass(frozen=True, slots=True)
class Repeating:
    """When rounds are over, and who takes part in them."""

    max: int
    until: Condition | None
    patience: int | None
    metric: tuple[str, str] | None
    """Task and key of what patience looks at, and what is told of each round; ``None``: nothing is."""
    maximize: bool
    timeout: float | None
    """Seconds; ``None``: until each has ended, or by what was learned."""
    by_p95: bool
    """The time-out is what was learned of each task."""
    sampling: Sampling | None


def repeating_of(spec: TaskGraphSpec, graph: Graph) -> Repeating | None:
    """``None``: nothing repeats. Raises `FlowError`."""
    rounds = spec.rounds
    if rounds is None:
        return None
    until = None
    if rounds.until is not None:
        until = condition_of("spec.rounds.until", rounds.until, {each.name: each.shards for each in graph.tasks})
        for each in until.references:
            if each.task not in rounds.tasks:
                raise FlowError(
                    f'spec.rounds.until speaks of "{each.task}", which does not repeat: put it into spec.rounds.tasks, or '
                    "speak of a task that does"
                )
    metric = _metric(spec, graph, until)
    if rounds.patience is not None and metric is None:
        raise FlowError(
            'spec.rounds.patience needs spec.rounds.metric, such as "evaluate.accuracy": say what has to get better'
        )
    return Repeating(
        max=rounds.max,
        until=until,
        patience=rounds.patience,
        metric=metric,
        maximize=rounds.goal != "Minimize" if rounds.goal is not None else _maximize(rounds.until or ""),
        timeout=None if isinstance(rounds.timeout, str) else rounds.timeout,
        by_p95=rounds.timeout == P95,
        sampling=rounds.sample,
    )


def _metric(spec: TaskGraphSpec, graph: Graph, until: Condition | None) -> tuple[str, str] | None:
    assert spec.rounds is not None
    if spec.rounds.metric is None:
        spoken_of = {(each.task, each.key) for each in (() if until is None else until.references)}
        found = next(iter(spoken_of)) if len(spoken_of) == 1 else None
        return found if found is not None and graph.tasks[graph.index[found[0]]].shards == 1 else None
    task, _, key = spec.rounds.metric.partition(".")
    if task not in spec.rounds.tasks:
        raise FlowError(unknown("the task of spec.rounds.metric", task, spec.rounds.tasks))
    if not key:
        raise FlowError(f'spec.rounds.metric is "{spec.rounds.metric}": write TASK.KEY, such as "{task}.accuracy"')
    if graph.tasks[graph.index[task]].shards > 1:
        raise FlowError(f'spec.rounds.metric speaks of "{task}", which has several shards: take a task with one')
    return task, key


def _maximize(until: str) -> bool:
    """What ends once something is below a bound is to become less."""
    return "<" not in until
