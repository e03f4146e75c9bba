"""What a task says of itself: numbers, as a JSON object in the termination message of its pod's first container."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from bayplan_operator.api.v1alpha1.task_profile import MAX_METRIC_NAME, MAX_METRICS, METRIC_NAME
from bayplan_operator.kube import wire

_NAME = re.compile(METRIC_NAME.strip("^$"), re.ASCII)
_LARGEST = 1e15


@dataclass(frozen=True, slots=True)
class SelfReport:
    """The numbers by name; and what was left out, in one sentence."""

    numbers: Mapping[str, float] = field(default_factory=dict)
    ignored: str = ""


NOTHING = SelfReport()


def self_report(pod: wire.Pod) -> SelfReport:
    """Of a pod that has ended."""
    first = pod.spec.containers[0].name if pod.spec.containers else ""
    for status in pod.status.container_statuses:
        if status.name == first and status.state.terminated is not None:
            return read(status.state.terminated.message)
    return NOTHING


def read(message: str) -> SelfReport:
    """From a termination message, which Kubernetes cuts at 4 KiB."""
    if not message.lstrip().startswith("{"):
        return NOTHING  # plain text is what containers usually leave there, and no attempt at a report
    try:
        found = msgspec.json.decode(message)
    except (msgspec.DecodeError, RecursionError):
        return SelfReport(ignored='the termination message is not a JSON object such as {"accuracy": 0.93}')
    good = {name: float(value) for name, value in found.items() if _is_good(name, value)}
    numbers = dict(list(good.items())[:MAX_METRICS])
    return SelfReport(numbers, _left_out(len(found) - len(good), len(good) - len(numbers)))


def _is_good(name: str, value: object) -> bool:
    if len(name) > MAX_METRIC_NAME or _NAME.fullmatch(name) is None:
        return False
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST and math.isfinite(value)


def _left_out(bad: int, beyond: int) -> str:
    parts = []
    if bad:
        parts.append(
            f"{bad} of the termination message's fields: each must be a number up to {_LARGEST:g}, under a name of letters, "
            f"digits, '-', '_' and '.' with at most {MAX_METRIC_NAME} characters"
        )
    if beyond:
        parts.append(f"{beyond} fields beyond the first {MAX_METRICS}")
    return "; ".join(parts)
