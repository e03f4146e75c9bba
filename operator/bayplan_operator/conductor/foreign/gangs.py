"""Which pods of a foreign gang may be placed now, and what the others are told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bayplan.model.reasons import Reason
from bayplan.model.workload import Gang
from bayplan_operator import names
from bayplan_operator.conductor.foreign.foreign_pod import ForeignPod, WhyWaiting
from bayplan_operator.conductor.foreign.judging import BAD_LABEL

_ALIKE = (
    (names.LABEL_GANG_SIZE, "gang_size"),
    (names.LABEL_QUEUE, "queue"),
    (names.LABEL_POLICY, "policy"),
    (names.LABEL_PRIORITY, "priority"),
)
FULL = "GangFull"


@dataclass(frozen=True, slots=True)
class Arranged:
    """Of one gang."""

    chosen: Sequence[ForeignPod]
    """Those that may be placed: all of the gang at once, or those that a gang has lost that is there."""
    gang: Gang | None
    """As the decider is told of it; ``None``: none may be placed."""
    since: float
    """When those chosen were all there, in seconds since the epoch."""
    why_not: WhyWaiting | None
    """What the others are told."""
    resumed: Sequence[ForeignPod] = ()
    """Those whose places are on record with others of the gang that have been let go: an operator was killed in between."""


def arranged(name: tuple[str, str], members: Iterable[ForeignPod]) -> Arranged:
    """``name``: namespace and name; ``members``: all pods that say that they are of it. O(members x log members)."""
    everyone = sorted(members, key=lambda each: (each.created, each.key))
    past = [each for each in everyone if each.there]
    resumed = [each for each in everyone if each.resumable and each.demand is not None] if past else []
    there = [*past, *resumed]
    taken = {each.key for each in resumed}
    waiting = [each for each in everyone if each.waits and each.key not in taken]
    differs = _disagreement(name[1], waiting)
    if differs is not None:
        return Arranged((), None, 0.0, differs, resumed)
    able = [each for each in waiting if each.demand is not None]
    size = max((each.asked.gang_size for each in waiting if each.asked is not None), default=1)
    lacking = max(0, size - len(there))
    chosen = able[:lacking] if there or len(able) >= size else []
    if chosen or there:
        why_not = WhyWaiting(FULL, f"gang {name[1]} has the {size} pods already that {names.LABEL_GANG_SIZE} says")
    else:
        count = f"{len(able)} of the {size} pods of gang {name[1]} can be placed"
        why_not = WhyWaiting(Reason.GANG_INCOMPLETE.value, f"{count}; it waits until all of them are there")
    if not chosen:
        return Arranged((), None, 0.0, why_not, resumed)
    return Arranged(chosen, _gang(name, there), max(each.created for each in chosen), why_not, resumed)


def _gang(name: tuple[str, str], there: Sequence[ForeignPod]) -> Gang:
    """All or none get a place; but where some have one, each of those that the gang lacks joins them as soon as it can."""
    beside = tuple(each.node for each in there if each.node)
    return Gang(("gang", *name), len(beside) + 1 if there else None, beside=beside, name=name[1])


def _disagreement(gang: str, waiting: Iterable[ForeignPod]) -> WhyWaiting | None:
    said = [each.asked for each in waiting if each.asked is not None]
    for label, field in _ALIKE:
        values = sorted({str(getattr(each, field)) for each in said})
        if len(values) > 1:
            told = " and ".join(values[:2])
            return WhyWaiting(BAD_LABEL, f"{label} of the pods of gang {gang} is {told}: all of them must say the same")
    return None
