"""When a pod's main containers ran, and which container failed.

Sidecars (init containers that are always restarted) do not count. They start before the main containers and are stopped
after them, and Kubernetes ignores how they end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bayplan_operator.kube import wire

_ALWAYS = "Always"
_LATER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Failure:
    """The container that made a pod fail."""

    end: wire.ContainerStateTerminated
    container: str
    """Which it is, in words; empty where the pod has but one that counts."""

    @property
    def message(self) -> str:
        """What it left behind, with which container it was."""
        return ": ".join(part for part in (self.container, self.end.message) if part)


def started(pod: wire.Pod) -> datetime | None:
    """When the first main container started; ``None``: none has, as far as is known."""
    states = [status.state for status in pod.status.container_statuses]
    starts = [(state.running or state.terminated or wire.ContainerStateRunning()).started_at for state in states]
    return min((at for at in starts if at is not None), default=None)


def start_up(pod: wire.Pod) -> float | None:
    """Seconds from when its node had the pod until the first main container started; ``None``: the node has not said.

    Both instants are in whole seconds, so only the mean over many pods is finer.
    """
    had, began = pod.status.start_time, started(pod)
    return None if had is None or began is None else max(0.0, (began - had).total_seconds())


def finished(pod: wire.Pod) -> datetime | None:
    """When the last main container ended, or the init container that kept them from starting; ``None``: not known."""
    ends = _ends(pod.status.container_statuses) or _failed(_ends(_ordinary(pod)))
    return max((end.finished_at for _, end in ends if end.finished_at is not None), default=None)


def failure(pod: wire.Pod) -> Failure | None:
    """Which container made the pod fail: the first init container that failed, else the first main one. ``None``: none of
    them says that it failed.

    An init container that failed has kept the main ones from starting. If several main ones failed, the first is the cause:
    the others may have failed because it was gone.
    """
    for name, end in _failed(_ends(_ordinary(pod))):
        return Failure(end, f"init container {name}")
    mains = sorted(_failed(_ends(pod.status.container_statuses)), key=_first)
    for name, end in mains:
        return Failure(end, f"container {name}" if len(pod.status.container_statuses) > 1 else "")
    return None


def sidecars(pod: wire.Pod) -> frozenset[str]:
    """Names of its init containers that run beside the main ones."""
    return frozenset(each.name for each in pod.spec.init_containers if each.restart_policy == _ALWAYS)


def _ordinary(pod: wire.Pod) -> list[wire.ContainerStatus]:
    """Of the init containers that end before the main ones start."""
    beside = sidecars(pod)
    return [status for status in pod.status.init_container_statuses if status.name not in beside]


_End = tuple[str, wire.ContainerStateTerminated]


def _ends(statuses: Iterable[wire.ContainerStatus]) -> list[_End]:
    return [(status.name, status.state.terminated) for status in statuses if status.state.terminated is not None]


def _failed(ends: Sequence[_End]) -> list[_End]:
    return [each for each in ends if each[1].exit_code != 0]


def _first(end: _End) -> datetime:
    return end[1].finished_at or _LATER
