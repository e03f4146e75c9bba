"""What an operator before this one has seen of the nodes: read once, at the start."""

import asyncio
import logging

import msgspec

from bayplan.knowledge.node_states import NodeStates
from bayplan_operator import metrics, names
from bayplan_operator.kube import errors, paths
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.translate import node_record

log = logging.getLogger(__name__)

_TRIES, _FIRST_WAIT = 5, 0.5


class _ConfigMap(msgspec.Struct):
    data: dict[str, str] = {}


async def remembered(server: ApiServer, namespace: str) -> dict[str, NodeStates]:
    """Per class of nodes; nothing where there is no record, or none that can be read: then it is learned anew."""
    where = f"ConfigMap {namespace}/{names.NODE_RECORD}"
    try:
        answer = await _get(server, paths.config_map(namespace, names.NODE_RECORD))
        text = msgspec.json.decode(answer, type=_ConfigMap).data.get(names.NODE_RECORD_KEY, "{}")
    except errors.NotFound:
        return {}
    except (errors.ApiError, msgspec.DecodeError) as error:
        _warn(f"{where} cannot be read: {error}; how nodes hold out is learned anew")
        return {}
    states, problems = node_record.read(text)
    for problem in problems:
        _warn(f"{where}, key {names.NODE_RECORD_KEY}: {problem}; that is learned anew")
    return states


async def _get(server: ApiServer, path: str) -> bytes:
    wait = _FIRST_WAIT
    for _ in range(_TRIES - 1):
        try:
            return await server.call("GET", path)
        except (errors.Busy, errors.Unreachable):
            await asyncio.sleep(wait)
            wait *= 2
    return await server.call("GET", path)


def _warn(words: str) -> None:
    metrics.NODE_RECORD_FAILURES.inc()
    log.warning(words)
