"""Status conditions as the Kubernetes API conventions have them."""

from datetime import UTC, datetime
from typing import Any


def find(conditions: list[dict[str, Any]], kind: str) -> dict[str, Any] | None:
    """The condition of a type."""
    return next((condition for condition in conditions if condition.get("type") == kind), None)


def put(
    conditions: list[dict[str, Any]], kind: str, status: bool | None, reason: str, message: str, generation: int, now: float
) -> bool:
    """Set a condition; answers whether its status flipped (or it is new). The transition time changes only then.

    ``status``: ``None`` is Unknown.
    """
    known = find(conditions, kind)
    word = "Unknown" if status is None else "True" if status else "False"
    flipped = known is None or known.get("status") != word
    condition = {
        "type": kind,
        "status": word,
        "reason": reason,
        "message": message[:4096],
        "observedGeneration": generation,
        "lastTransitionTime": stamp(now) if known is None or flipped else known["lastTransitionTime"],
    }
    if known is None:
        conditions.append(condition)
    else:
        conditions[conditions.index(known)] = condition
    return flipped


def stamp(at: float) -> str:
    """A time in whole seconds."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_stamp(at: float) -> str:
    """A time in microseconds."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
