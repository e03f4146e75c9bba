"""Writing what was seen of the nodes: one ConfigMap beside the Lease."""

import msgspec

from bayplan_operator import names
from bayplan_operator.kube import errors, paths
from bayplan_operator.kube.api_server import MERGE_PATCH, ApiServer
from bayplan_operator.writer.queue import WriteQueue

_KEY = ("node record",)


class NodeRecordWriter:
    """Writes the ConfigMap, at most once at a time."""

    def __init__(self, server: ApiServer, queue: WriteQueue, namespace: str) -> None:
        self._server = server
        self._queue = queue
        self._namespace = namespace

    def busy(self) -> bool:
        """A write is under way, or failed a moment ago."""
        return self._queue.busy(_KEY)

    def write(self, text: str) -> None:
        """Replace what is recorded; the ConfigMap is made if it is not there."""
        self._queue.submit(_KEY, "write node record", self._write({names.NODE_RECORD_KEY: text}))

    async def _write(self, data: dict[str, str]) -> None:
        path = paths.config_map(self._namespace, names.NODE_RECORD)
        body = msgspec.json.encode({"data": data})
        try:
            await self._queue.request(
                "write node record", lambda: self._server.call("PATCH", path, body, content_type=MERGE_PATCH)
            )
        except errors.NotFound:
            metadata = {"name": names.NODE_RECORD, "namespace": self._namespace}
            made = msgspec.json.encode({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
            await self._queue.request(
                "make node record", lambda: self._server.call("POST", paths.config_maps(self._namespace), made)
            )
