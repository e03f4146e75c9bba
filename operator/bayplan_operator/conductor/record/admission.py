"""How far a graph is on its way to its first pod."""

from enum import Enum

from bayplan_operator.conductor.record.decided import Decided
from bayplan_operator.conductor.record.known import Known


class Admission(Enum):
    """In the order in which it is asked: the first that holds. Only what is admitted may start pods."""

    OVER = "its end is recorded"
    LEAVING = "it is being deleted"
    INVALID = "its spec cannot run"
    UNSERVED = "no policy places it"
    SUSPENDED = "its author holds it back"
    UNCHECKED = "the API server has not said yet what it makes of its templates"
    UNDECIDED = "something has to be decided before its first pod"
    UNRECORDED = "what was decided does not stand in its status yet"
    ADMITTED = "it may start pods"


def admission(known: Known, decided: Decided) -> Admission:
    """Where a graph is, by what is known and decided of it: it can be anywhere after any news, so nothing is remembered."""
    if decided.ended:
        return Admission.OVER
    if known.deleting:
        return Admission.LEAVING
    if known.refused is not None or known.prepared is None:
        return Admission.INVALID
    if known.unserved is not None or known.policy is None:
        return Admission.UNSERVED
    if known.suspended:
        return Admission.SUSPENDED
    if known.checking.awaited:
        return Admission.UNCHECKED
    if any(each.open for each in decided.commitments):
        return Admission.UNDECIDED
    if not decided.settled:
        return Admission.UNRECORDED
    return Admission.ADMITTED
