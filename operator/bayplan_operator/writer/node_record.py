"""What was seen of the nodes: one ConfigMap beside the Lease, read at the start and written by the operator that leads."""

import asyncio
import logging

import msgspec

from bayplan.knowledge.node_states import NodeStates
from bayplan_operator import metrics, names
from bayplan_operator.backoff import Backoff
from bayplan_operator.kube import errors, paths
from bayplan_operator.kube.api_server import MERGE_PATCH, ApiServer
from bayplan_operator.translate import node_record
from bayplan_operator.writer.queue import WriteQueue

log = logging.getLogger(__name__)

_KEY = ("node record",)
_TRIES, _FIRST_WAIT, _LONGEST_WAIT = 5, 0.5, 8.0


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


class _ConfigMap(msgspec.Struct):
    data: dict[str, str] = {}


async def remembered(server: ApiServer, namespace: str) -> dict[str, NodeStates]:
    """Per class of nodes; nothing where there is no record, or none that can be read: then it is learned again."""
    where = f"ConfigMap {namespace}/{names.NODE_RECORD}"
    try:
        answer = await _get(server, paths.config_map(namespace, names.NODE_RECORD))
        text = msgspec.json.decode(answer, type=_ConfigMap).data.get(names.NODE_RECORD_KEY, "{}")
    except errors.NotFound:
        return {}
    except (errors.ApiError, msgspec.DecodeError) as error:
        _warn(f"{where} cannot be read: {error}; how nodes hold out is learned again")
        return {}
    states, problems = node_record.read(text)
    for problem in problems:
        _warn(f"{where}, key {names.NODE_RECORD_KEY}: {problem}; that is learned again")
    return states


async def _get(server: ApiServer, path: str) -> bytes:
    backoff = Backoff("read node record", _FIRST_WAIT, _LONGEST_WAIT)
    for _ in range(_TRIES - 1):
        try:
            return await server.call("GET", path)
        except (errors.Busy, errors.Unreachable):
            await asyncio.sleep(backoff.failed())
    return await server.call("GET", path)


def _warn(words: str) -> None:
    metrics.NODE_RECORD_FAILURES.inc()
    log.warning(words)
