"""Rounds, in the library's terms."""

from collections.abc import Iterable
from dataclasses import dataclass

from bayplan.collaboration.rounds import EffectAction, JointRule, JointTerm, Patience, RoundError, RoundLots, RoundRule
from bayplan.lifecycle import Condition, ConditionError
from bayplan.lifecycle.conditions import Measure, measured_by, parse_measure
from bayplan.lifecycle.conditions.values import Reference
from bayplan.model.graph import Graph
from bayplan_operator.api.v1alpha1 import P95, Task, TaskGraphSpec
from bayplan_operator.api.v1alpha1.flow import Rounds
from bayplan_operator.translate.execution import is_backup
from bayplan_operator.translate.flow.build import condition_of
from bayplan_operator.translate.flow.errors import Faults, FlowError


@dataclass(frozen=True, slots=True)
class Repeating:
    """When rounds are over, and which shards take part in them."""

    rule: RoundRule
    metric: Measure | None
    """What is told of each round; ``None``: nothing is."""
    joint: JointRule | None
    timeout: float | None
    """Seconds; ``None``: until each has ended, or by what was learned."""
    by_p95: bool
    """The time-out is what was learned of each task."""
    sampling: RoundLots | None

    @property
    def may_end_early(self) -> bool:
        """Before the last round that is allowed."""
        return self.rule.until is not None or self.rule.patience is not None or self.joint is not None

    @property
    def references(self) -> Iterable[tuple[Reference, str]]:
        """The results that are looked at, each with the field that speaks of it."""
        if self.rule.until is not None:
            yield from ((each, "spec.rounds.until") for each in self.rule.until.references)
        if self.metric is not None:
            yield self.metric.reference, "spec.rounds.metric"
        if self.joint is not None:
            yield from ((each.loss.reference, f"spec.rounds.joint, term {each.name}") for each in self.joint.terms)


def repeating_of(spec: TaskGraphSpec, graph: Graph) -> Repeating | None:
    """``None``: nothing repeats. Raises `FlowError`."""
    rounds = spec.rounds
    if rounds is None:
        return None
    shards = {each.name: each.shards for each in graph.tasks if each.name in rounds.tasks}
    faults, until, metric, joint = Faults(), None, None, None
    rule = RoundRule(rounds.max, None, None)
    with faults:
        until = None if rounds.until is None else condition_of("spec.rounds.until", rounds.until, shards)
    with faults:
        metric = _metric(rounds, until, shards)
    if not faults:
        with faults:
            rule = _rule(rounds, until, metric)
    with faults:
        joint = _joint(spec, rounds, shards)
    with faults:
        _check_sampling(spec, graph)
    with faults:
        _check_asynchronous(spec)
    faults.told()
    return Repeating(
        rule=rule,
        metric=metric,
        joint=joint,
        timeout=None if isinstance(rounds.timeout, str) else rounds.timeout,
        by_p95=rounds.timeout == P95,
        sampling=None if rounds.sample is None else RoundLots(rounds.sample.clients, float(rounds.sample.floor)),
    )


def _rule(rounds: Rounds, until: Condition | None, metric: Measure | None) -> RoundRule:
    try:
        return RoundRule(rounds.max, until, None if rounds.patience is None else _patience(rounds, until, metric))
    except RoundError as error:
        raise FlowError(f"spec.rounds: {error}") from error


def _measure(where: str, text: str, shards: dict[str, int]) -> Measure:
    try:
        measure = parse_measure(text)
        measure.check(shards)
    except ConditionError as error:
        raise FlowError(f"{where}: {error}") from error
    return measure


def _metric(rounds: Rounds, until: Condition | None, shards: dict[str, int]) -> Measure | None:
    if rounds.metric is not None:
        return _measure("spec.rounds.metric", rounds.metric, shards)
    found = None if until is None else measured_by(until)
    return None if found is None else found[0]


def _patience(rounds: Rounds, until: Condition | None, metric: Measure | None) -> Patience:
    assert rounds.patience is not None
    towards = None if until is None else measured_by(until)
    if metric is None:
        return Patience.by_condition(rounds.patience, until)
    maximise = rounds.goal != "Minimize" if rounds.goal is not None else towards is None or towards[0] != metric or towards[1]
    return Patience(rounds.patience, metric, maximise)


def _joint(spec: TaskGraphSpec, rounds: Rounds, shards: dict[str, int]) -> JointRule | None:
    if rounds.joint is None:
        return None
    terms = tuple(
        JointTerm(each.name, _measure(f"spec.rounds.joint.terms[{number}].loss", each.loss, shards), each.weight)
        for number, each in enumerate(rounds.joint.terms)
    )
    if rounds.joint.otherwise == "ChooseAgain":
        able = {task.name for task in spec.tasks if task.candidates}
        for number, each in enumerate(terms):
            if each.loss.reference.task not in able:
                raise FlowError(
                    f'spec.rounds.joint.otherwise is ChooseAgain, and "{each.loss.reference.task}" of terms[{number}] has no '
                    "candidates: give it some, or write Round, Reweigh or Stop"
                )
    try:
        return JointRule(terms, rounds.joint.bound, EffectAction(rounds.joint.otherwise), rounds.joint.limit)
    except RoundError as error:
        raise FlowError(f"spec.rounds: {error}") from error


def _check_asynchronous(spec: TaskGraphSpec) -> None:
    rounds = spec.rounds
    if rounds is None or not rounds.asynchronous:
        return
    faults = Faults()
    with faults:
        if rounds.minimum is None:
            raise FlowError("spec.rounds has asynchronous: true and no minimum: say how many shards a round goes by")
    for name, value in (("sample", rounds.sample), ("timeout", rounds.timeout)):
        with faults:
            if value is not None:
                raise FlowError(
                    f"spec.rounds has asynchronous: true and {name}: a round waits for no shard then, so leave {name} out"
                )
    for number, task in enumerate(spec.tasks):
        if task.name in rounds.tasks and not is_backup(task):
            with faults:
                _check_alone(f'spec.tasks[{number}] ("{task.name}")', task)
    faults.told()


def _check_alone(where: str, task: Task) -> None:
    """Each shard of an asynchronous task goes on by itself."""
    if task.gang is not None or task.backups is not None or task.candidates:
        what = "a gang" if task.gang is not None else "backups" if task.backups is not None else "candidates"
        raise FlowError(f"{where} has {what} in asynchronous rounds: leave one of them out")


def _check_sampling(spec: TaskGraphSpec, graph: Graph) -> None:
    assert spec.rounds is not None
    sample = spec.rounds.sample
    if sample is None:
        return
    gangs = {task.name for task in spec.tasks if task.gang is not None}
    several = {name: graph.tasks[graph.index[name]].shards for name in spec.rounds.tasks if name not in gangs}
    several = {name: shards for name, shards in several.items() if shards > 1}
    if len(set(several.values())) != 1:
        words = ", ".join(f"{name} has {shards}" for name, shards in several.items()) or "none of them has several"
        raise FlowError(f"spec.rounds.sample needs repeated tasks with equally many shards, and {words}")
    count = next(iter(several.values()))
    if sample.clients > count:
        raise FlowError(
            f"spec.rounds.sample.clients is {sample.clients}: the repeated tasks have {count} shards, so at most {count}"
        )
    if not 0 < sample.floor <= sample.clients / count:
        raise FlowError(
            f"spec.rounds.sample.floor is {sample.floor:g}: it must be above 0, and at most {sample.clients / count:.4g} for "
            f"{sample.clients} of {count} shards"
        )
    if spec.rounds.minimum is not None and spec.rounds.minimum > sample.clients:
        raise FlowError(
            f"spec.rounds.minimum is {spec.rounds.minimum}: it must be at most sample.clients, which is {sample.clients}"
        )
