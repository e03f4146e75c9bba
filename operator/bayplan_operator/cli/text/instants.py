"""Points in time, as Kubernetes writes them, and how long ago they were."""

from datetime import UTC, datetime, timedelta

from bayplan_operator.views import units


def instant(text: str, seconds: float = 0.0) -> str:
    """So many seconds after an instant in RFC 3339, to the second."""
    return (datetime.fromisoformat(text) + timedelta(seconds=seconds)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ago(seconds: float) -> str:
    """`3m20s ago`; for what lies ahead, `in 3m20s`."""
    return f"{units.seconds(seconds)} ago" if seconds >= 0 else f"in {units.seconds(-seconds)}"


def between(first: str, last: str) -> float:
    """Seconds from one instant in RFC 3339 to another."""
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()
