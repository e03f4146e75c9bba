"""`retryStrategy`."""

from bayplan.lifecycle import Retry
from bayplan_operator.api.duration import parse_duration
from bayplan_operator.workflows.argo.known_fields import BACKOFF, RETRY_STRATEGY, look
from bayplan_operator.workflows.argo.remarks import Remarks
from bayplan_operator.workflows.argo.tags import Scope, filled, text
from bayplan_operator.workflows.fields import Fields

NONE = Retry(limit=0)
_WITHOUT_LIMIT = 1_000
"""Retries of a pod if its strategy sets no limit. Argo itself would never give up, and a simulation has to end."""
_STEEPEST = 1_000.0
"""Factor of a back-off; beyond it every wait is longer than any simulation."""
_LIKE_HERE = ("Always", "OnFailure")


def retry(strategy: Fields, scope: Scope, remarks: Remarks) -> Retry:
    """How often a failed pod is tried again, and after which wait: none where no backoff is given. Raises `InputError`."""
    look(strategy, RETRY_STRATEGY, remarks)
    policy = strategy.value.get("retryPolicy")
    if policy is not None and policy not in _LIKE_HERE:
        remarks.not_read(strategy.at("retryPolicy"), "every failure is retried, as by Always")
    limit = _WITHOUT_LIMIT if strategy.value.get("limit") is None else int(_number(strategy, "limit", scope, whole=True))
    backoff = strategy.map("backoff")
    if not backoff.value:
        return Retry(limit, initial=0.0)
    look(backoff, BACKOFF, remarks)
    initial = _seconds(backoff, "duration", scope) if "duration" in backoff.value else 0.0
    factor = min(_STEEPEST, _number(backoff, "factor", scope)) if backoff.value.get("factor") is not None else 1.0
    cap = _seconds(backoff, "cap", scope) if backoff.value.get("cap") else float("inf")
    return Retry(limit, initial, factor, cap)


def _number(given: Fields, field: str, scope: Scope, whole: bool = False) -> float:
    said = filled(given.document, text(given.value[field]), scope, given.at(field))
    if not said.isdecimal():
        raise given.fault(field, "it must be a whole number" if whole else "it must be a whole number of at least 1")
    return float(said)


def _seconds(given: Fields, field: str, scope: Scope) -> float:
    """Argo takes a number without a unit as seconds."""
    said = filled(given.document, text(given.value[field]), scope, given.at(field))
    try:
        return float(said) if said.isdecimal() else parse_duration(said)
    except ValueError as error:
        raise given.fault(field, str(error)) from error
