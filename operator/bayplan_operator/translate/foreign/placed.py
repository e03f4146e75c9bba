"""What a foreign pod's condition `bayplan.dev/Placed` says. Only the operator may write it, so it is also the record of what
the pod holds: labels and annotations can be edited by all who may edit pods."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from bayplan_operator import names
from bayplan_operator.kube import wire
from bayplan_operator.translate.gpus import read_devices

PLACED = "Placed"
"""The reason where it has a place."""
_WORDS = re.compile(r"queue (?P<queue>\S+), node (?P<node>\S+)")


@dataclass(frozen=True, slots=True)
class Claim:
    """What was decided for a foreign pod: it counts there, and in its queue."""

    uid: str
    """Of the pod."""
    node: str
    queue: str
    gpus: tuple[int, ...] = ()


def placed_words(queue: str, node: str) -> str:
    """The message where it has a place."""
    return f"queue {queue}, node {node}"


def condition_of(pod: wire.Pod) -> wire.WireCondition | None:
    """Its condition, if it has one."""
    return next((each for each in pod.status.conditions if each.type == names.CONDITION_PLACED), None)


def gated(pod: wire.Pod) -> bool:
    """It waits for Bayplan."""
    return any(gate.name == names.GATE for gate in pod.spec.scheduling_gates)


def recorded(pod: wire.Pod) -> Claim | None:
    """What is on record of a pod that was let go; ``None``: nothing was decided, or it was not acted on."""
    return None if gated(pod) else decided(pod)


def decided(pod: wire.Pod) -> Claim | None:
    """The decision that is on record, whether or not it was acted on."""
    said = condition_of(pod)
    found = _WORDS.fullmatch(said.message) if said is not None and said.status == "True" else None
    if found is None:
        return None
    gpus = read_devices(pod.metadata.annotations.get(names.ANNOTATION_GPUS, ""))
    return Claim(pod.metadata.uid, found["node"], found["queue"], gpus)


def written_condition(pod: wire.Pod, status: bool, reason: str, message: str, now: float) -> dict[str, str]:
    """The condition as it is written; ``now`` in seconds since the epoch. The transition time changes with the status only."""
    word, before = "True" if status else "False", condition_of(pod)
    since = datetime.fromtimestamp(now, UTC)
    if before is not None and before.status == word and before.last_transition_time is not None:
        since = before.last_transition_time
    return {
        "type": names.CONDITION_PLACED,
        "status": word,
        "reason": reason,
        "message": message,
        "lastTransitionTime": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
