"""An independent watcher of pods with one clock, since the API's own timestamps have whole seconds only."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bayplan_operator.kube import configuration, errors, paths
from bayplan_operator.kube.api_server import ApiServer


@dataclass
class Seen:
    """Per task name: when its pod was first seen, and first seen finished (seconds, one monotonic clock)."""

    created: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    succeeded: set[str] = field(default_factory=set)
    nodes: dict[str, str] = field(default_factory=dict)


def task_of_bayplan(metadata: dict[str, Any]) -> str:
    """The task of a pod that Bayplan has made."""
    return str(metadata["labels"]["bayplan.dev/task"])


class PodWatch:
    """Watches the pods of one graph in a thread of its own. A context manager; `seen` grows while it is open.

    Pods of another program than Bayplan: `label` holds the graph's name, and `task_of` finds a task's in a pod's metadata.
    """

    def __init__(
        self,
        kubeconfig: Path,
        graph: str,
        label: str = "bayplan.dev/graph",
        task_of: Callable[[dict[str, Any]], str] = task_of_bayplan,
    ) -> None:
        self._kubeconfig = kubeconfig
        self._selector = f"{label}={graph}"
        self._task_of = task_of
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._version = ""
        self.seen = Seen()

    def __enter__(self) -> "PodWatch":
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    async def _run(self) -> None:
        try:
            await self._watch()
        except errors.Unreachable:
            if not self._stop.is_set():  # at the end the API server goes first
                raise

    async def _watch(self) -> None:
        async with ApiServer(configuration.load(self._kubeconfig)) as server:
            listed = json.loads(await server.call("GET", paths.PODS, params={"limit": "1"}))
            self._version = listed["metadata"]["resourceVersion"]
            self._ready.set()
            # The API server ends the watch of a client that falls behind in a burst; it goes on where it was.
            while not self._stop.is_set():
                await self._follow(server)

    async def _follow(self, server: ApiServer) -> None:
        params = {
            "watch": "1", "labelSelector": self._selector, "timeoutSeconds": "3600", "resourceVersion": self._version
        }  # fmt: skip
        async for lines in server.stream(paths.PODS, params, silence=3600.0):
            now = time.monotonic()
            for line in lines.split(b"\n"):
                self._take(json.loads(line), now)
            if self._stop.is_set():
                return

    def _take(self, event: dict[str, Any], now: float) -> None:
        pod = event["object"]
        self._version = pod["metadata"]["resourceVersion"]
        task = self._task_of(pod["metadata"])
        self.seen.created.setdefault(task, now)
        phase = str(pod["status"].get("phase", ""))
        if phase in ("Succeeded", "Failed"):
            self.seen.ended.setdefault(task, now)
            self.seen.nodes.setdefault(task, str(pod["spec"].get("nodeName", "")))
            if phase == "Succeeded":
                self.seen.succeeded.add(task)
