"""Events: what users see under `kubectl describe` and `kubectl events`."""

import itertools
from datetime import UTC, datetime

import msgspec

from bayplan_operator import metrics, names
from bayplan_operator.kube import errors, paths
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.writer.queue import WriteQueue

_ELSEWHERE = "default"
UNDER_WAY = 50
"""More than these at once are dropped: events are a courtesy and must not hold up anything."""


class EventWriter:
    """Writes events; loses some rather than delay anything."""

    def __init__(self, server: ApiServer, queue: WriteQueue, identity: str) -> None:
        self._server = server
        self._queue = queue
        self._identity = identity
        self._numbers = itertools.count()
        self._open = 0

    def write(
        self, about: tuple[str, str, str], kind: str, reason: str, message: str, now: float, what: str = names.TASK_GRAPH
    ) -> None:
        """An event about a graph, another of our kinds, or a pod (namespace, name, uid); ``kind`` is Normal or Warning.

        Of what has no namespace, events go to ``default``, where kubectl looks for them.
        """
        if self._open >= UNDER_WAY:
            metrics.EVENTS_DROPPED.inc()
            return
        self._open += 1
        own, name, uid = about
        namespace = own or _ELSEWHERE
        at = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        number = next(self._numbers)
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{name}.{names.short_hash(uid, number, now)}", "namespace": namespace},
            "involvedObject": {
                "apiVersion": "v1" if what == names.POD else names.API_VERSION, "kind": what,
                **({"namespace": own} if own else {}), "name": name, "uid": uid,
            },
            "type": kind,
            "reason": reason,
            "message": message[:1024],
            "source": {"component": "bayplan"},
            "reportingComponent": "bayplan.dev/operator",
            "reportingInstance": self._identity[:128],
            "firstTimestamp": at,
            "lastTimestamp": at,
            "count": 1,
        }  # fmt: skip
        self._queue.submit(("event", number), "write event", self._post(namespace, msgspec.json.encode(event)))

    async def _post(self, namespace: str, body: bytes) -> None:
        try:
            await self._queue.request(
                "write event", lambda: self._server.call("POST", paths.events(namespace), body), repeatable=False
            )
        except errors.ApiError:
            metrics.EVENTS_DROPPED.inc()
        finally:
            self._open -= 1
