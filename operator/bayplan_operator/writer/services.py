"""Creating the Services by which the pods of gangs find each other."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bayplan_operator import names
from bayplan_operator.kube import errors, paths
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.writer.queue import WriteQueue

Key = tuple[str, str, str]
"""Namespace, name, and the UID of its graph."""


class _Metadata(msgspec.Struct, rename="camel"):
    owner_references: list[Mapping[str, Any]] = []


class _Service(msgspec.Struct):
    metadata: _Metadata


class ServiceWriter:
    """Each is made once; the garbage collector deletes it with its graph."""

    def __init__(self, server: ApiServer, queue: WriteQueue) -> None:
        self._server, self._queue = server, queue
        self._decoder = msgspec.json.Decoder(_Service)

    def busy(self, key: Key) -> bool:
        """It is being made, or that failed a moment ago."""
        return self._queue.busy(("service", *key))

    def make(self, key: Key, manifest: Mapping[str, Any], made: Callable[[str], None]) -> None:
        """``made`` is told once it is there; with a sentence where it cannot be, or is not ours."""
        self._queue.submit(("service", *key), "create service", self._make(key, manifest, made))

    async def _make(self, key: Key, manifest: Mapping[str, Any], made: Callable[[str], None]) -> None:
        body, path = msgspec.json.encode(manifest), paths.services(key[0])
        try:
            query = {"fieldManager": names.FIELD_MANAGER}
            await self._queue.request("create service", lambda: self._server.call("POST", path, body, query))
        except errors.AlreadyExists:
            made(await self._look(key, manifest))
        except (errors.Invalid, errors.Forbidden) as error:
            made(f"Service {key[1]} of its gang could not be made: {error.message}")
            raise
        else:
            made("")

    async def _look(self, key: Key, manifest: Mapping[str, Any]) -> str:
        """What is wrong with the Service that is there; empty: it is ours."""
        answer = await self._queue.request("get service", lambda: self._server.call("GET", paths.service(*key[:2])))
        owners = {each.get("uid") for each in self._decoder.decode(answer).metadata.owner_references}
        ours = manifest["metadata"]["ownerReferences"][0]["uid"] in owners
        return "" if ours else f"a Service named {key[1]} is there and was not made for this graph: delete it"
