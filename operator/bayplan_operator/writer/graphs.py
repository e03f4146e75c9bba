"""Writing the status of graphs and policies, and deleting graphs whose time is over."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bayplan_operator import metrics
from bayplan_operator.kube import errors, paths
from bayplan_operator.kube.api_server import MERGE_PATCH, ApiServer
from bayplan_operator.writer.queue import WriteQueue
from bayplan_operator.writer.queues import QueueWriter

Key = tuple[str, str]


def _ignored(raw: Mapping[str, Any]) -> None:
    """Nothing has to know."""


class _Metadata(msgspec.Struct, rename="camel"):
    uid: str
    resource_version: str
    deletion_timestamp: str | None = None


class _Head(msgspec.Struct):
    metadata: _Metadata


class GraphWriter:
    """Writes to our own kinds."""

    def __init__(self, server: ApiServer, queue: WriteQueue, reread: Callable[[Mapping[str, Any]], None] = _ignored) -> None:
        """``reread``: told an object as it is now, if a write of its status found another version than it was decided on."""
        self._server = server
        self._queue = queue
        self._reread = reread
        self.queues = QueueWriter(server, queue, reread)
        self._head = msgspec.json.Decoder(_Head)

    def busy(self, key: Key) -> bool:
        """A write of this object is under way, or failed a moment ago."""
        return self._queue.busy(("status", *key))

    def deleting(self, key: Key) -> bool:
        """The deletion of this graph is under way, or failed a moment ago."""
        return self._queue.busy(("delete", *key))

    def write_status(
        self, key: Key, uid: str, status: Mapping[str, Any], on_written: Callable[[int], None], only_at: int | None = None
    ) -> None:
        """Replace the given fields of a graph's or (with an empty namespace) a policy's status.

        ``on_written`` gets the resource version that came of it. An object of the same name but another UID is left alone.
        ``only_at``: the resource version that was known when the status was decided. An object that has another is left alone
        too, and read again: another operator may have taken over, and decided otherwise.
        """
        namespace, name = key
        path = (paths.task_graph(namespace, name) if namespace else paths.placement_policy(name)) + "/status"
        metadata = {"uid": uid, **({"resourceVersion": str(only_at)} if only_at else {})}
        self._queue.submit(("status", *key), "write status", self._patch(path, metadata, status, on_written))

    def delete(self, key: Key, uid: str) -> None:
        """Delete a graph and, by garbage collection, its pods."""
        if not self.deleting(key):
            self._queue.submit(("delete", *key), "delete graph", self._delete(key, uid))

    def ask(self, key: Key, uid: str, on_answer: Callable[[bool], None]) -> None:
        """Ask the API server whether the graph of this UID is there and not being deleted."""
        if not self._queue.busy(("ask", uid)):
            self._queue.submit(("ask", uid), "get graph", self._ask(key, uid, on_answer))

    async def _patch(
        self, path: str, metadata: Mapping[str, str], status: Mapping[str, Any], on_written: Callable[[int], None]
    ) -> None:
        body = msgspec.json.encode({"metadata": metadata, "status": status})
        try:
            answer = await self._queue.request(
                "write status", lambda: self._server.call("PATCH", path, body, content_type=MERGE_PATCH)
            )
        except errors.NotFound:
            return  # deleted: the watch tells
        except errors.Conflict:
            await self._read(path.removesuffix("/status"))
            return
        metrics.STATUS_BYTES.inc(len(body))
        on_written(int(self._head.decode(answer).metadata.resource_version))

    async def _read(self, path: str) -> None:
        try:
            answer = await self._queue.request("read again", lambda: self._server.call("GET", path))
        except errors.NotFound:
            return
        self._reread(msgspec.json.decode(answer))

    async def _delete(self, key: Key, uid: str) -> None:
        options = {
            "kind": "DeleteOptions", "apiVersion": "v1",
            "propagationPolicy": "Background", "preconditions": {"uid": uid},
        }  # fmt: skip
        body = msgspec.json.encode(options)
        try:
            await self._queue.request("delete graph", lambda: self._server.call("DELETE", paths.task_graph(*key), body))
        except (errors.NotFound, errors.Conflict):
            return  # gone already

    async def _ask(self, key: Key, uid: str, on_answer: Callable[[bool], None]) -> None:
        try:
            answer = await self._queue.request("get graph", lambda: self._server.call("GET", paths.task_graph(*key)))
        except errors.NotFound:
            on_answer(False)
            return
        metadata = self._head.decode(answer).metadata
        on_answer(metadata.uid == uid and metadata.deletion_timestamp is None)
