"""A Queue as it was last seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bayplan_operator import names
from bayplan_operator.translate.queue import CompiledQueue, InvalidQueue, compile_queue


@dataclass(frozen=True, slots=True)
class SeenQueue:
    """The object, as far as it counts, and what was made of its spec."""

    uid: str
    version: int
    """The resource version."""
    generation: int
    deleting: bool
    finalizers: tuple[str, ...]
    status: Mapping[str, Any]
    spec: CompiledQueue | InvalidQueue
    """Ready for use; or why it cannot be used."""

    @property
    def held(self) -> bool:
        """It carries our finalizer."""
        return names.QUEUE_FINALIZER in self.finalizers

    def same_spec(self, other: "SeenQueue | None") -> bool:
        """Whether what it lets start is the same as of another."""
        if other is None:
            return False
        return (self.uid, self.generation, self.deleting) == (other.uid, other.generation, other.deleting)


def seen(raw: Mapping[str, Any]) -> SeenQueue:
    """From the object."""
    metadata = raw["metadata"]
    spec: CompiledQueue | InvalidQueue
    try:
        spec = compile_queue(raw)
    except InvalidQueue as error:
        spec = error
    return SeenQueue(
        metadata["uid"],
        int(metadata["resourceVersion"]),
        metadata.get("generation", 0),
        bool(metadata.get("deletionTimestamp")),
        tuple(metadata.get("finalizers") or ()),
        raw.get("status") or {},
        spec,
    )
