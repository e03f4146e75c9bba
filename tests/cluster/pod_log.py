"""All that the API server tells about a namespace's pods, in its order."""

from __future__ import annotations

import threading
import uuid
from contextlib import suppress
from typing import Any

from kubernetes import client, watch
from urllib3.exceptions import ProtocolError

from tests.cluster.kube import Kube, wait_for


class PodLog:
    """Watches the pods of a namespace from its making on. `events` holds (type, pod), oldest first."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._watch = watch.Watch()
        self._version = kube.core.list_namespaced_pod(kube.namespace).metadata.resource_version
        self.events: list[tuple[str, Any]] = []
        self._last = f"last-{uuid.uuid4().hex[:8]}"
        self._arrived = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        listing = self._kube.core.list_namespaced_pod
        with suppress(ProtocolError):  # what ends the watch from outside
            for event in self._watch.stream(listing, self._kube.namespace, resource_version=self._version):
                if event["object"].metadata.name == self._last:
                    self._arrived.set()
                else:
                    self.events.append((event["type"], event["object"]))

    def stop(self) -> None:
        """End, once what has happened until now has arrived: a pod made now, which nobody runs, comes after all of it."""
        spec = client.V1PodSpec(containers=[client.V1Container(name="c", image="none")], scheduler_name="nobody")
        pod = client.V1Pod(metadata=client.V1ObjectMeta(name=self._last), spec=spec)
        self._kube.core.create_namespaced_pod(self._kube.namespace, pod)
        wait_for(self._arrived.is_set, "all that the API server tells of pods has arrived")
        self._watch.stop()
        self._kube.core.delete_namespaced_pod(self._last, self._kube.namespace, grace_period_seconds=0)

    def made(self) -> list[tuple[Any, tuple[str, str, str]]]:
        """Every pod that ever was, as it was made, with its task, shard and incarnation."""
        parts = ("task", "shard", "incarnation")
        pods = [pod for kind, pod in self.events if kind == "ADDED"]
        return [(pod, tuple(pod.metadata.labels[f"bayplan.dev/{part}"] for part in parts)) for pod in pods]  # type: ignore[misc]

    def created(self) -> dict[str, tuple[str, str, str]]:
        """By UID, every pod that ever was: its task, shard and incarnation."""
        found = {}
        for kind, pod in self.events:
            if kind == "ADDED":
                labels = pod.metadata.labels
                found[pod.metadata.uid] = tuple(labels[f"bayplan.dev/{part}"] for part in ("task", "shard", "incarnation"))
        return found  # type: ignore[return-value]

    def started(self) -> list[str]:
        """The graphs in the order in which the first pod of each was created."""
        created = (pod.metadata.labels["bayplan.dev/graph"] for kind, pod in self.events if kind == "ADDED")
        return list(dict.fromkeys(created))
