"""What the queues of one namespace hold together, at every event that the API server tells, in its order."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from kubernetes import watch
from kubernetes.utils.quantity import parse_quantity
from urllib3.exceptions import ProtocolError

from tests.cluster.kube import Kube

QUEUE_LABEL = "bayplan.dev/queue"
_OVER = ("Succeeded", "Failed")


class QuotaWatch:
    """A pod holds its processors from its creation until it has ended or is gone. Each sum is held to `fault`, which says what
    is wrong with one."""

    def __init__(self, kube: Kube, fault: Callable[[Counter[str]], str]) -> None:
        self._kube, self._fault = kube, fault
        self._watch = watch.Watch()
        self._holding: dict[str, tuple[str, float]] = {}
        """By UID of a pod, its queue and its processors."""
        self._stopped = False
        self.faults: list[str] = []
        self.most: Counter[str] = Counter()
        """By queue, the most that it held at once."""
        self.most_together = 0.0
        self.pods: set[str] = set()
        """UIDs of all that were seen."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def holding(self) -> int:
        """Pods that hold something now."""
        return len(self._holding)

    @property
    def alive(self) -> bool:
        """It still watches."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Look no more."""
        self._stopped = True
        self._watch.stop()

    def _run(self) -> None:
        try:
            for event in self._watch.stream(self._kube.core.list_namespaced_pod, self._kube.namespace):
                self._take(event["type"], event["object"])
        except ProtocolError:
            if not self._stopped:
                raise

    def _take(self, kind: str, pod: Any) -> None:
        self.pods.add(pod.metadata.uid)
        if kind == "DELETED" or pod.status.phase in _OVER:
            self._holding.pop(pod.metadata.uid, None)
            return
        cpu = sum(float(parse_quantity(each.resources.requests["cpu"])) for each in pod.spec.containers)
        self._holding[pod.metadata.uid] = pod.metadata.labels[QUEUE_LABEL], cpu
        held: Counter[str] = Counter()
        for queue, amount in self._holding.values():
            held[queue] += amount  # type: ignore[assignment]  # processors may be fractions
        self.most |= held
        self.most_together = max(self.most_together, sum(held.values()))
        fault = self._fault(held)
        if fault:
            self.faults.append(f"{fault}, once there was pod {pod.metadata.name}: {dict(held)}")
