"""Writing queues: their status, and our finalizer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from bayplan_operator import metrics
from bayplan_operator.kube import errors, paths
from bayplan_operator.kube.api_server import MERGE_PATCH, ApiServer
from bayplan_operator.writer.queue import WriteQueue


class QueueWriter:
    """Writes Queues, each at most once at a time. A queue that has another resource version than was known when the write was
    decided is left alone, and read again."""

    def __init__(self, server: ApiServer, queue: WriteQueue, reread: Callable[[Mapping[str, Any]], None]) -> None:
        """``reread``: told a queue as it is after a write of ours, and where a write found another version."""
        self._server, self._queue, self._reread = server, queue, reread

    def busy(self, name: str) -> bool:
        """A write of this queue is under way, or failed a moment ago."""
        return self._queue.busy(("queue", name))

    def write_status(self, name: str, uid: str, version: int, status: Mapping[str, Any]) -> None:
        """Replace the given fields of the status."""
        body = {"metadata": _head(uid, version), "status": status}
        self._queue.submit(("queue", name), "write status", self._patch(name, "/status", body))

    def write_finalizers(self, name: str, uid: str, version: int, finalizers: Sequence[str]) -> None:
        """Replace the finalizers."""
        body = {"metadata": {**_head(uid, version), "finalizers": finalizers}}
        self._queue.submit(("queue", name), "write finalizers", self._patch(name, "", body))

    async def _patch(self, name: str, subresource: str, body: Mapping[str, Any]) -> None:
        path, encoded = paths.queue(name), msgspec.json.encode(body)
        try:
            answer = await self._queue.request(
                "write queue", lambda: self._server.call("PATCH", path + subresource, encoded, content_type=MERGE_PATCH)
            )
        except errors.NotFound:
            return  # deleted: the watch tells
        except errors.Conflict:
            try:
                answer = await self._queue.request("read again", lambda: self._server.call("GET", path))
            except errors.NotFound:
                return
        else:
            metrics.STATUS_BYTES.inc(len(encoded))
        self._reread(msgspec.json.decode(answer))


def _head(uid: str, version: int) -> dict[str, str]:
    return {"uid": uid, "resourceVersion": str(version)}
