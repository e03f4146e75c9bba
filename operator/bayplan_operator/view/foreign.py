"""Pods that are no graph's, as far as Bayplan places them or their gangs count on them."""

from collections.abc import Mapping
from typing import Any

from bayplan_operator import names
from bayplan_operator.kube import wire
from bayplan_operator.translate.foreign.placed import Claim, condition_of, gated, recorded
from bayplan_operator.translate.own_pod import TERMINAL_PHASES, PodKey, graph_uid_of


class ForeignPods:
    """Those with our gate, those that were let go by us, and those that say that they are of a gang. Pods that have ended are
    not kept."""

    def __init__(self) -> None:
        self.pods: dict[PodKey, wire.Pod] = {}
        self.specs: dict[PodKey, Mapping[str, Any]] = {}
        """The whole specs of those that are to be placed, or that are not bound yet."""
        self._claims: dict[PodKey, Claim] = {}
        """What this process has decided."""
        self._flying: set[PodKey] = set()
        """Those whose way out of the gate is under way."""
        self._changed: dict[PodKey, None] = {}
        self.refusals: dict[PodKey, tuple[str, str]] = {}
        """Why a pod could not be let go; the caller that handles them takes them out."""

    # What the reflector tells

    def wants(self, pod: wire.Pod) -> bool:
        """Whether the whole spec is needed."""
        if graph_uid_of(pod) or pod.status.phase in TERMINAL_PHASES:
            return False
        return gated(pod) or (not pod.spec.node_name and condition_of(pod) is not None)

    def take(self, pod: wire.Pod, raw: Mapping[str, Any]) -> None:
        """The whole object, before the store takes in the pod."""
        self.specs[_key(pod)] = raw["spec"]

    # What the store tells

    def see(self, key: PodKey, pod: wire.Pod) -> None:
        """A pod is new or has changed."""
        before = self.pods.get(key)
        if before is not None and before.metadata.uid != pod.metadata.uid:
            self._end(key)
        if _concerns(pod):
            self.pods[key] = pod
            self._changed[key] = None
            if pod.spec.node_name:
                self.specs.pop(key, None)
        elif before is not None:
            self.drop(key)

    def drop(self, key: PodKey) -> None:
        """A pod is gone, or has ended."""
        if self.pods.pop(key, None) is not None:
            self._changed[key] = None
        self.specs.pop(key, None)
        self._end(key)

    def sweep(self) -> None:
        """After a complete list: specs of pods that were older news are not kept. O(specs)."""
        for key in [key for key in self.specs if key not in self.pods]:
            del self.specs[key]

    def claim(self, key: PodKey, pod: wire.Pod) -> Claim | None:
        """What a pod holds that was placed by us; ``None``: it was not."""
        known = self._claims.get(key)
        if known is not None and known.uid == pod.metadata.uid:
            return known
        return None if graph_uid_of(pod) else recorded(pod)

    def claimed(self, key: PodKey, claim: Claim) -> None:
        """It is decided, and is being acted on."""
        self._claims[key] = claim
        self._flying.add(key)
        self._changed[key] = None

    def landed(self, key: PodKey, uid: str, kept: bool, refusal: tuple[str, str] | None = None) -> bool:
        """What was decided for the pod of this UID is done (``kept``), or came to nothing. ``refusal``: why the API server
        would not have it, as a word and a sentence. Answers whether that was not known."""
        known = self._claims.get(key)
        if known is None or known.uid != uid or key not in self._flying:
            return False  # it has landed, or it is gone, and another pod may have its name
        self._flying.discard(key)
        if not kept:
            del self._claims[key]
        if refusal is not None:
            self.refusals[key] = refusal
        self._changed[key] = None
        return True

    def flying(self, key: PodKey) -> bool:
        """A decision about the pod is being acted on."""
        return key in self._flying

    def take_changed(self) -> list[PodKey]:
        """Those of which something else is seen since this was last called."""
        changed, self._changed = self._changed, {}
        return list(changed)

    def _end(self, key: PodKey) -> None:
        self._claims.pop(key, None)
        self._flying.discard(key)
        self.refusals.pop(key, None)


def _concerns(pod: wire.Pod) -> bool:
    if graph_uid_of(pod) or pod.status.phase in TERMINAL_PHASES:
        return False
    return gated(pod) or names.LABEL_GANG in pod.metadata.labels or condition_of(pod) is not None


def _key(pod: wire.Pod) -> PodKey:
    return pod.metadata.namespace, pod.metadata.name
