"""What the status says of a graph's end and its deadline."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bayplan_operator.api.duration import parse_duration
from bayplan_operator.views.model.outlook import LiveOutlook

_MISSED = "DeadlineMissed"
_TROUBLE = (_MISSED, "DeadlineAtRisk")


def read(raw: Mapping[str, Any], conditions: Mapping[str, Mapping[str, Any]]) -> LiveOutlook | None:
    """The outlook in an object of the API server. None: the object has no deadline and no estimate."""
    status = raw.get("status") or {}
    deadline = _deadline(raw)
    trouble = next((conditions[kind] for kind in _TROUBLE if conditions.get(kind, {}).get("status") == "True"), {})
    estimated, earliest = status.get("estimatedCompletion"), status.get("earliestCompletion")
    basis = status.get("estimateBasis") or ""
    if not (deadline or estimated or earliest or basis):
        return None
    probability = status.get("deadlineProbability")
    return LiveOutlook(
        basis,
        estimated=estimated,
        earliest=earliest,
        deadline=deadline,
        probability=probability,
        risk=str(trouble.get("message", "")),
        missed=conditions.get(_MISSED, {}).get("status") == "True",
    )


def _deadline(raw: Mapping[str, Any]) -> str | None:
    text, created = (raw.get("spec") or {}).get("deadline"), raw["metadata"].get("creationTimestamp")
    if text is None or created is None:
        return None
    try:
        at = datetime.fromisoformat(created) + timedelta(seconds=parse_duration(text))
    except ValueError:
        return None  # the condition Accepted says what is wrong with it
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
