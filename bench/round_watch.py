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
    request: dict[int, float] = field(default_factory=dict)
    """Per round, how long the API server took for a pod like the aggregation's that is not stored, asked for by the watcher
    itself once the last client had ended: what the operator cannot spare."""

    def of(self, task: str, number: int, which: dict[Unit, float]) -> list[float]:
        """The instants of a task's units in a round."""
        return [at for (name, round_, _), at in which.items() if (name, round_) == (task, number)]


class RoundWatch:
    """Watches the pods of one graph in a thread of its own. A context manager; `seen` grows while it is open."""

    def __init__(self, kubeconfig: Path, graph: str, task: str, shards: int) -> None:
        """``task``: once all its shards have ended in a round, the watcher makes a request of its own."""
        self._task, self._shards = task, shards
        self._asking: set[asyncio.Task[None]] = set()
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
                if self._take(pod, now):
                    asking = asyncio.create_task(self._ask(server, _round(pod), pod["spec"]))
                    self._asking.add(asking)
                    asking.add_done_callback(self._asking.discard)
            if self._stop.is_set():
                return

    def _take(self, pod: dict[str, Any], now: float) -> bool:
        """Answers whether it is the last shard of its round that has ended."""
        labels = pod["metadata"]["labels"]
        unit = (labels["bayplan.dev/task"], _round(pod), labels["bayplan.dev/shard"])
        self.seen.created.setdefault(unit, now)
        if pod["status"].get("phase") not in ("Succeeded", "Failed") or unit in self.seen.ended:
            return False
        self.seen.ended[unit] = now
        for condition in pod["status"].get("conditions", ()):
            if condition["type"] == _ENDS:
                self.seen.due[unit] = datetime.fromisoformat(condition["message"]).timestamp()
        return unit[0] == self._task and len(self.seen.of(self._task, unit[1], self.seen.ended)) == self._shards

    async def _ask(self, server: ApiServer, number: int, spec: dict[str, Any]) -> None:
        metadata = {"generateName": "asked-"}
        new = {key: value for key, value in spec.items() if key in ("containers", "volumes", "restartPolicy", "affinity")}
        body = json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": new}).encode()
        begin = time.monotonic()
        await server.call("POST", paths.pods("default"), body, {"dryRun": "All"})
        self.seen.request[number] = time.monotonic() - begin


def _round(pod: dict[str, Any]) -> int:
    told = {each["name"]: each.get("value", "") for each in pod["spec"]["containers"][0].get("env", ())}
    return int(told.get("BAYPLAN_ROUND", "0"))
