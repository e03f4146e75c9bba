"""Between a TaskProfile and what the library has learned of the task."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from bayplan.knowledge.round_counts import RoundCount, RoundCounts
from bayplan.knowledge.run_times import Evidence
from bayplan.knowledge.run_times.evaluation import Figures
from bayplan.knowledge.run_times.running import Running
from bayplan_operator.api import validation
from bayplan_operator.api.v1alpha1 import Figure, Sums, TaskProfile, TaskProfileStatus
from bayplan_operator.translate.task_identity import TaskId

_SUMS = {
    "runs": "runs", "y": "logs", "yy": "log_squares", "sized": "sized", "sized_y": "sized_logs", "z": "log_sizes",
    "zz": "log_size_squares", "zy": "products",
}  # fmt: skip
"""The library's name of a sum to that of the field; a field called y would be taken for a truth value in YAML."""


class InvalidProfile(ValueError):
    """The profile cannot be used; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class ProfileContents:
    """What a profile says."""

    id: TaskId
    metric: str = ""
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    """Node class to what its runs say of their time."""
    figures: Mapping[str, Figures] = field(default_factory=dict)
    """Node class to how well runs went there."""
    runs: Mapping[str, int] = field(default_factory=dict)
    failures: int = 0
    first: float | None = None
    last: float | None = None
    """When runs ended, in seconds since the epoch."""
    rounds: RoundCounts = field(default_factory=RoundCounts)
    """How many rounds graphs took."""
    counted: Mapping[str, float] = field(default_factory=dict)
    """Runs that have been counted to when they ended."""
    counted_until: float = 0.0


def identify(raw: Mapping[str, Any]) -> TaskId:
    """Which task the profile is of. Raises `InvalidProfile` if the profile does not have the name of its task."""
    metadata, spec = raw["metadata"], raw.get("spec") or {}
    found = TaskId(metadata["namespace"], str(spec.get("family", "")), str(spec.get("task", "")))
    if metadata["name"] != found.key[1]:
        raise InvalidProfile(
            f"metadata.name is {metadata['name']}: the profile of family {found.family} and task {found.task} is called "
            f"{found.key[1]}; profiles are made by the operator, delete this one"
        )
    return found


def read(raw: Mapping[str, Any]) -> ProfileContents:
    """What it says. Raises `InvalidProfile` that names the field."""
    identity = identify(raw)
    try:
        profile = TaskProfile.model_validate(raw)
    except ValidationError as error:
        raise InvalidProfile(validation.sentence(error)) from error
    status = profile.status
    evidence, figures = {}, {}
    for number, each in enumerate(status.node_classes):
        try:
            if each.sums is not None:
                evidence[each.name] = _evidence(each.sums)
            figures[each.name] = Figures.from_names({figure.name: _running(figure) for figure in each.figures})
        except ValueError as error:
            raise InvalidProfile(f"status.nodeClasses[{number}] ({each.name}): {error}") from error
    return ProfileContents(
        id=identity,
        metric=profile.spec.metric or "",
        evidence=evidence,
        figures=figures,
        runs={each.name: each.runs for each in status.node_classes},
        failures=status.failures,
        first=None if status.first_run is None else status.first_run.timestamp(),
        last=None if status.last_run is None else status.last_run.timestamp(),
        rounds=_rounds(status.rounds),
        counted=_counted(status),
        counted_until=status.counted_until or 0.0,
    )


def _evidence(written: Sums) -> Evidence:
    sums = {name: getattr(written, field_name) or 0.0 for name, field_name in _SUMS.items()}
    if not sums["runs"] > 0:
        raise ValueError(f"sums.runs is {sums['runs']:g}: it must be above 0")
    try:
        return Evidence(**sums)
    except ValueError as error:
        name, _, why = str(error).partition(" ")
        raise ValueError(f"sums.{to_camel(_SUMS[name])} {why}") from error


def _running(written: Figure) -> Running:
    try:
        return Running.from_plain({"count": written.count, "mean": written.mean, "squares": written.squares})
    except ValueError as error:
        raise ValueError(f"figure {written.name}: {error}") from error


def _counted(status: TaskProfileStatus) -> dict[str, float]:
    found = {}
    for number, entry in enumerate(status.counted):
        run, _, at = entry.partition("@")
        try:
            found[run] = float(at)
        except ValueError as error:
            raise InvalidProfile(f"status.counted[{number}] is {entry}: it must be RUN@SECONDS") from error
    return found


def _rounds(written: tuple[str, ...]) -> RoundCounts:
    return RoundCounts(tuple(RoundCount(int(text.removesuffix("+")), text.endswith("+")) for text in written))


def write_rounds(known: RoundCounts) -> list[str]:
    """As the status has them, the oldest first."""
    return [f"{each.rounds}{'+' if each.censored else ''}" for each in known.counts]


def write_sums(evidence: Evidence) -> dict[str, str]:
    """As the status has them; zeros are left out."""
    return {to_camel(_SUMS[name]): repr(float(value)) for name, value in evidence.as_plain().items()}


def write_figures(figures: Figures) -> list[dict[str, Any]]:
    """As the status has them."""
    found = []
    for name, running in figures.by_name().items():
        plain = running.as_plain()
        mean, squares = repr(float(plain["mean"])), repr(float(plain["squares"]))
        found.append({"name": name, "count": running.count, "mean": mean, "squares": squares})
    return found


def write_counted(counted: Mapping[str, float]) -> list[str]:
    """As the status has them, earliest first."""
    return [f"{run}@{at:.2f}" for run, at in sorted(counted.items(), key=lambda item: (item[1], item[0]))]
