"""When the pods of a graph with rounds come into being and end, as a watcher apart from the operator sees it."""

import asyncio
import json
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bayplan_operator.kube import configuration, errors, paths
from bayplan_operator.kube.api_server import ApiServer

Unit = tuple[str, int, str]
"""Task, round, shard."""
_ENDS = "sim.bayplan.dev/RunsUntil"


@dataclass
class SeenRounds:
    """Per unit: seconds since the epoch, of one clock."""

    created: dict[Unit, float] = field(default_factory=dict)
    ended: dict[Unit, float] = field(default_factory=dict)
    due: dict[Unit, float] = field(default_factory=dict)
    """When its simulated kubelet was to end it, as the pod's status says; kwok needs some time for that."""

    def of(self, task: str, number: int, which: dict[Unit, float]) -> list[float]:
        """The instants of a task's units in a round."""
        return [at for (name, round_, _), at in which.items() if (name, round_) == (task, number)]


class RoundWatch:
    """Watches the pods of one graph in a thread of its own. A context manager; `seen` grows while it is open."""

    def __init__(self, kubeconfig: Path, graph: str) -> None:
        self._kubeconfig, self._selector = kubeconfig, f"bayplan.dev/graph={graph}"
        self._stop, self._ready = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._version = ""
        self.seen = SeenRounds()

    def __enter__(self) -> "RoundWatch":
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    async def _run(self) -> None:
        try:
            async with ApiServer(configuration.load(self._kubeconfig)) as server:
                listed = json.loads(await server.call("GET", paths.PODS, params={"limit": "1"}))
                self._version = listed["metadata"]["resourceVersion"]
                self._ready.set()
                while not self._stop.is_set():
                    await self._follow(server)
        except errors.Unreachable:
            if not self._stop.is_set():  # at the end the API server goes first
                raise

    async def _follow(self, server: ApiServer) -> None:
        params = {
            "watch": "1", "labelSelector": self._selector, "timeoutSeconds": "3600", "resourceVersion": self._version
        }  # fmt: skip
        async for lines in server.stream(paths.PODS, params, silence=3600.0):
            now = time.time()
            for line in lines.split(b"\n"):
                pod = json.loads(line)["object"]
                self._version = pod["metadata"]["resourceVersion"]
                self._take(pod, now)
            if self._stop.is_set():
                return

    def _take(self, pod: dict[str, Any], now: float) -> None:
        labels = pod["metadata"]["labels"]
        told = {each["name"]: each.get("value", "") for each in pod["spec"]["containers"][0].get("env", ())}
        unit = (labels["bayplan.dev/task"], int(told.get("BAYPLAN_ROUND", "0")), labels["bayplan.dev/shard"])
        self.seen.created.setdefault(unit, now)
        if pod["status"].get("phase") in ("Succeeded", "Failed"):
            self.seen.ended.setdefault(unit, now)
            for condition in pod["status"].get("conditions", ()):
                if condition["type"] == _ENDS:
                    self.seen.due.setdefault(unit, datetime.fromisoformat(condition["message"]).timestamp())
