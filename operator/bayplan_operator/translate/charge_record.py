"""The record of what is charged for a graph as a whole, in a TaskGraph's status, and back."""

from collections.abc import Mapping
from typing import Any

from bayplan.cluster.quotas import GraphCharge
from bayplan_operator.translate.queue import amount_as_text, amount_of_text, quota_key


def write_charge(charge: GraphCharge) -> dict[str, Any]:
    """As the status has it."""
    rows = [
        {
            "resource": key.resource,
            **({"nodeSelector": dict(key.node_selector)} if key.node_selector else {}),
            "amount": amount_as_text(key, amount),
        }
        for key, amount in charge.rows
    ]
    home = {} if charge.home is None else {"nodeSelector": dict(charge.home)}
    return {"queue": charge.queue, **home, "quotas": rows}


def read_charge(status: Mapping[str, Any]) -> GraphCharge | None:
    """`None`: there is none, or it was edited so that it cannot be read."""
    written = status.get("charged")
    if not isinstance(written, Mapping):
        return None
    try:
        keys = [(quota_key(each["resource"], each.get("nodeSelector") or {}), each["amount"]) for each in written["quotas"]]
        rows = tuple((key, amount_of_text(key, text)) for key, text in keys)
        home = written.get("nodeSelector")
        selector = None if home is None else tuple(sorted((str(key), str(value)) for key, value in home.items()))
        return GraphCharge(str(written["queue"]), rows, selector)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
