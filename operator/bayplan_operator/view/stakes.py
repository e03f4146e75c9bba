"""What evicting our pods would cost, as far as their graphs say."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bayplan.model.stake import Stake
from bayplan_operator import names
from bayplan_operator.kube import wire
from bayplan_operator.translate.own_pod import PodKey

_LONGEST = 64
"""Characters of an instant."""


@dataclass(frozen=True, slots=True)
class Worth:
    """Of a pod that may be evicted, what its graph says of it. The fields are those of `Stake`."""

    unit: Hashable
    priority: int
    """Of its graph."""
    spare: bool = False
    started: float | None = None
    evictions: int = 0
    checkpoint_every: float | None = None
    restart: float = 0.0
    slack: float | None = None


class Stakes:
    """By pod, as it was told last. Of what nothing was told, nothing is evicted."""

    def __init__(self) -> None:
        self._worth: dict[PodKey, Worth] = {}

    def tell(self, key: PodKey, worth: Worth | None) -> bool:
        """What a pod is worth from now on; `None`: it must not be evicted. Answers whether that is news."""
        if self._worth.get(key) == worth:
            return False
        if worth is None:
            del self._worth[key]
        else:
            self._worth[key] = worth
        return True

    def forget(self, key: PodKey) -> None:
        """It is gone, or over."""
        self._worth.pop(key, None)

    def priority_of(self, key: PodKey, pod: wire.Pod) -> int | None:
        """That of its graph; where that is not known, the pod's own."""
        worth = self._worth.get(key)
        return pod.spec.priority if worth is None else worth.priority

    def of(self, key: PodKey, pod: wire.Pod) -> Stake | None:
        """With what the pod itself says; `None`: it must not be evicted."""
        worth = self._worth.get(key)
        if worth is None:
            return None
        return Stake(
            worth.unit,
            worth.spare,
            worth.started,
            worth.evictions,
            worth.checkpoint_every,
            checkpointed_at(pod.metadata.annotations),
            worth.restart,
            float(pod.spec.termination_grace_period_seconds),
            worth.slack,
        )


def checkpointed_at(annotations: Mapping[str, str]) -> float | None:
    """When a program says that it last saved what it has done, in seconds since the epoch; what cannot be read says nothing."""
    text = annotations.get(names.ANNOTATION_CHECKPOINTED_AT, "")
    if not text or len(text) > _LONGEST:
        return None
    try:
        at = datetime.fromisoformat(text)
        return None if at.tzinfo is None else at.timestamp()
    except (ValueError, OverflowError):
        return None
