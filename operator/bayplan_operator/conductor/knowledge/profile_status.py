"""What the status of a TaskProfile says."""

from dataclasses import dataclass, field
from typing import Any

from bayplan.knowledge.round_counts import RoundCounts
from bayplan.knowledge.run_times import Evaluation, Evidence, RunTime, RunTimes, TaskRun
from bayplan.knowledge.run_times.evaluation import Figures
from bayplan_operator.api.duration import format_duration
from bayplan_operator.conductor.knowledge.ledger import Ledger
from bayplan_operator.conductor.record import conditions
from bayplan_operator.translate.task_identity import TaskId
from bayplan_operator.translate.task_profile import write_counted, write_figures, write_rounds, write_sums

_HOUR = 3600.0


@dataclass(slots=True)
class Profile:
    """What is known of one task beside what the library keeps of it, and how far that is written."""

    id: TaskId
    ledger: Ledger
    metric: str = field(init=False, default="")
    runs: dict[str, int] = field(init=False, default_factory=dict)
    """Per class of nodes, those that succeeded."""
    failures: int = field(init=False, default=0)
    rounds: RoundCounts = field(init=False, default_factory=RoundCounts)
    """How many rounds graphs took in which it repeated."""
    recurs: bool = field(init=False, default=False)
    """It ran more than once, or is of a family that graphs name: what was learned of it will be asked for."""
    first: float | None = field(init=False, default=None)
    last: float | None = field(init=False, default=None)
    """When runs ended."""
    problem: str = field(init=False, default="")
    """Why its metric is not used."""
    conditions: list[dict[str, Any]] = field(init=False, default_factory=list)
    uid: str = field(init=False, default="")
    version: int = field(init=False, default=0)
    """What the API server called it when it was last written."""
    written: dict[str, Any] = field(init=False, default_factory=dict)
    written_at: float = field(init=False, default=0.0)
    tries: int = field(init=False, default=0)
    """Writes in a row of which nothing came."""

    @property
    def attempts(self) -> int:
        """How many were counted, on all classes of nodes."""
        return sum(self.runs.values()) + self.failures


def status(profile: Profile, run_times: RunTimes, evaluation: Evaluation, now: float) -> dict[str, Any]:
    """All fields of the status; those that are not known are null, which takes them away."""
    task = profile.id
    figures = {each: evaluation.by_task.get((task.text, each), Figures()) for each in sorted(profile.runs)}
    evidence = run_times.evidence(task.task, task.group)
    expected = {each: found for each in figures if each in evidence and (found := _expected(run_times, task, each))}
    best = min(expected, key=lambda each: (expected[each].log_mean, each), default=None)
    classes = [_class(profile, each, figures[each]) | _sums(evidence.get(each), expected.get(each)) for each in figures]
    words = next((each for each in classes if each["name"] == best), {})
    counted = profile.ledger.recent(now)
    conditions.put(
        profile.conditions, "Accepted", not profile.problem, "MetricUnusable" if profile.problem else "Accepted",
        profile.problem or "what stands here is what was learned", 0, now,
    )  # fmt: skip
    return {
        "runs": sum(profile.runs.values()),
        "failures": profile.failures,
        "p50": words.get("p50"),
        "p95": words.get("p95"),
        "best": best,
        **_totals(profile, list(figures.values())),
        "firstRun": None if profile.first is None else conditions.micro_stamp(profile.first),
        "lastRun": None if profile.last is None else conditions.micro_stamp(profile.last),
        "nodeClasses": classes,
        "rounds": write_rounds(profile.rounds),
        "counted": write_counted(counted),
        "countedUntil": repr(profile.ledger.until),
        "conditions": [dict(each) for each in profile.conditions],
    }


def _class(profile: Profile, name: str, figures: Figures) -> dict[str, Any]:
    body: dict[str, Any] = {"name": name, "runs": profile.runs[name], "figures": write_figures(figures)}
    try:
        achieved = figures.achieved(profile.metric)
    except ValueError:
        achieved = None  # said by the condition
    return body if achieved is None else body | {"efficiency": f"{achieved:.4g}"}


def _sums(evidence: Evidence | None, expected: RunTime | None) -> dict[str, Any]:
    """What was learned of a task on one class of nodes; nothing where nothing was."""
    if evidence is None or expected is None:
        return {}
    return {
        "sums": write_sums(evidence),
        "p50": _time(expected.quantile(0.5)),
        "p95": _time(expected.quantile(0.95)),
    }


def _expected(run_times: RunTimes, task: TaskId, node_class: str) -> RunTime | None:
    found = run_times.predict(TaskRun(task.task, task.group, node_class))
    return found if isinstance(found, RunTime) else None


def _totals(profile: Profile, figures: list[Figures]) -> dict[str, str | None]:
    """Over all classes."""
    runs, attempts = sum(each.run.count for each in figures), sum(each.success.count for each in figures)
    span = (profile.last or 0.0) - (profile.first or 0.0)
    busy = sum(each.run.count * each.run.mean for each in figures)
    costs = sum(each.cost.count * each.cost.mean for each in figures)
    waited = sum(each.response.count * each.response.mean for each in figures)
    return {
        "response": _time(waited / attempts) if attempts else None,
        "successRate": f"{runs / attempts:.4g}" if attempts else None,
        "throughput": f"{runs / span * _HOUR:.4g}" if span > 0 else None,
        "utilisation": f"{busy / span:.4g}" if span > 0 else None,
        "cost": f"{costs / attempts:.4g}" if costs > 0 else None,
    }


def _time(seconds: float) -> str:
    """For readers: three digits below a minute, whole seconds above; at most some decades."""
    if seconds < 60:
        return f"{seconds:.3g}s"
    return format_duration(float(round(min(seconds, 1e9))))
