"""One watcher of the API server that sees pods start and end, by one clock, in the API server's order."""

import time
from collections.abc import Callable, Mapping

import msgspec

from bayplan_operator.kube import paths
from bayplan_operator.kube.api_server import ApiServer
from bench.admission_cases import Work
from bench.admission_events import END, EVICT, START, Event

_SILENCE = 600.0
GRAPH_LABEL = "bayplan.dev/graph"


class _Metadata(msgspec.Struct, rename="camel"):
    name: str = ""
    resource_version: str = ""
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    finalizers: list[str] = msgspec.field(default_factory=list)


class _Spec(msgspec.Struct, rename="camel"):
    node_name: str = ""


class _Status(msgspec.Struct):
    phase: str = ""
    message: str = ""


class _Pod(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Status | str = msgspec.field(default_factory=_Status)


class _News(msgspec.Struct):
    type: str
    object: _Pod


class AdmissionWatch:
    """Turns news of pods into events. A pod starts when it appears with its node, and holds its quota until it has ended."""

    def __init__(self, work: Mapping[str, Work], began: Callable[[], float]) -> None:
        """``work``: by the name of the graph."""
        self.events: list[Event] = []
        self.recorded: dict[str, float] = {}
        """By name, when the end of each was recorded: its pod is not held any more."""
        self._work, self._began = work, began
        self.until_running: list[float] = []
        """Per pod that was seen to run, the seconds since it was on its node: what its kubelet takes."""
        self._pending: dict[str, float] = {}
        """By the name of a pod that is on its node and does not run yet, since when."""
        self._running: dict[str, str] = {}
        """By the name of a pod that runs, the piece of work."""
        self._over: set[str] = set()
        """Names of pods."""
        self._decode = msgspec.json.Decoder(_News)

    @property
    def started(self) -> int:
        """Pods so far."""
        return len(self._running) + len(self._over)

    @property
    def ended(self) -> int:
        """Pods so far."""
        return len(self._over)

    async def follow(self, server: ApiServer, namespace: str, version: str) -> None:
        """Until all is recorded."""
        while len(self.recorded) < len(self._work):
            params = {
                "watch": "1", "labelSelector": GRAPH_LABEL, "timeoutSeconds": "3600", "resourceVersion": version
            }  # fmt: skip
            async for lines in server.stream(paths.pods(namespace), params, silence=_SILENCE):
                now = time.monotonic() - self._began()
                for line in lines.split(b"\n"):
                    news = self._decode.decode(line)
                    if news.type == "ERROR":
                        raise RuntimeError(f"the watch of pods has lost its place: {line.decode()}")
                    version = news.object.metadata.resource_version
                    self._take(news.type == "DELETED", news.object, now)
                if len(self.recorded) == len(self._work):
                    return

    def _take(self, gone: bool, pod: _Pod, now: float) -> None:
        name, graph = pod.metadata.name, pod.metadata.labels[GRAPH_LABEL]
        phase = pod.status.phase if isinstance(pod.status, _Status) else ""
        if name not in self._running and name not in self._over and pod.spec.node_name:
            self._running[name] = graph
            self._pending[name] = now
            self.events.append(Event(now, START, self._work[graph]))
        if phase and phase != "Pending" and name in self._pending:
            self.until_running.append(now - self._pending.pop(name))
        if name in self._running and (gone or phase in ("Succeeded", "Failed")):
            del self._running[name]
            self._over.add(name)
            self.events.append(Event(now, END if phase == "Succeeded" else EVICT, self._work[graph]))
        if name in self._over and phase == "Succeeded" and (gone or not pod.metadata.finalizers):
            self.recorded.setdefault(graph, now)
