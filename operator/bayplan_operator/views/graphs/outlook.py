"""What the status says of a graph's end and its deadline."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bayplan_operator.api.duration import parse_duration
from bayplan_operator.views.graphs.model import Outlook

_TROUBLE = ("DeadlineMissed", "DeadlineAtRisk")


def read(raw: Mapping[str, Any], conditions: Mapping[str, Mapping[str, Any]]) -> Outlook | None:
    """From the object as the API server has it; none: there is neither a deadline nor an estimate."""
    status = raw.get("status") or {}
    deadline = _deadline(raw)
    trouble = next((conditions[kind] for kind in _TROUBLE if conditions.get(kind, {}).get("status") == "True"), {})
    estimated, earliest = status.get("estimatedCompletion"), status.get("earliestCompletion")
    basis = status.get("estimateBasis") or ""
    if not (deadline or estimated or earliest or basis):
        return None
    probability = status.get("deadlineProbability")
    return Outlook(estimated, earliest, basis, deadline, probability, str(trouble.get("message", "")))


def words(outlook: Outlook, *, over: bool) -> Iterator[str]:
    """One line for the end, one for the deadline."""
    if not over:
        if outlook.estimated is not None:
            first = f"; by the expected run times, not before {outlook.earliest}" if outlook.earliest is not None else ""
            yield f"Expected end: {outlook.estimated} ({outlook.basis}){first}"
        elif outlook.basis:
            yield f"Expected end: unknown ({outlook.basis})"
    if outlook.deadline is not None:
        chance = f", met with a probability of {outlook.probability} %" if outlook.probability is not None and not over else ""
        yield f"Deadline: {outlook.deadline}{chance}"


def _deadline(raw: Mapping[str, Any]) -> str | None:
    text, created = (raw.get("spec") or {}).get("deadline"), raw["metadata"].get("creationTimestamp")
    if text is None or created is None:
        return None
    try:
        at = datetime.fromisoformat(created) + timedelta(seconds=parse_duration(text))
    except ValueError:
        return None  # the condition Accepted says what is wrong with it
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
