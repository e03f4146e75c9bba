"""All that the API server tells about a namespace's pods, in its order."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Any

from kubernetes import watch
from urllib3.exceptions import ProtocolError

from tests.cluster.kube import Kube


class PodLog:
    """Watches the pods of a namespace from its making on. `events` holds (type, pod), oldest first."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._watch = watch.Watch()
        self._version = kube.core.list_namespaced_pod(kube.namespace).metadata.resource_version
        self.events: list[tuple[str, Any]] = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        listing = self._kube.core.list_namespaced_pod
        with suppress(ProtocolError):  # what ends the watch from outside
            for event in self._watch.stream(listing, self._kube.namespace, resource_version=self._version):
                self.events.append((event["type"], event["object"]))

    def stop(self) -> None:
        """End, once what has happened until now has arrived."""
        time.sleep(0.3)
        self._watch.stop()

    def created(self) -> dict[str, tuple[str, str, str]]:
        """By UID, every pod that ever was: its task, shard and incarnation."""
        found = {}
        for kind, pod in self.events:
            if kind == "ADDED":
                labels = pod.metadata.labels
                found[pod.metadata.uid] = tuple(labels[f"bayplan.dev/{part}"] for part in ("task", "shard", "incarnation"))
        return found  # type: ignore[return-value]
