"""What a watch brings: objects, and what is none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from kubernetes import client

from bayplan_operator.kube import paths, wire
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.kube.reflector import Reflector


class Told:
    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def replace(self, items: Any, version: int) -> None:
        self.said += [("listed", item.metadata.name) for item in items]

    def apply(self, item: wire.Node) -> None:
        self.said.append(("applied", item.metadata.name))

    def remove(self, item: wire.Node) -> None:
        self.said.append(("removed", item.metadata.name))

    def flush(self) -> None:
        pass


class Server(ApiServer):
    def __init__(self, *lines: bytes) -> None:
        super().__init__(client.Configuration())
        self._lines = list(lines)
        self.asked_from: list[str] = []
        self.all_told = asyncio.Event()

    async def call(self, method: str, path: str, *_: Any, **__: Any) -> bytes:
        return b'{"metadata":{"resourceVersion":"5"},"items":[]}'

    async def stream(self, path: str, params: Mapping[str, str], silence: float) -> AsyncIterator[bytes]:
        self.asked_from.append(params["resourceVersion"])
        if self._lines:
            yield self._lines.pop(0)
        else:
            self.all_told.set()
            await asyncio.Event().wait()


def event(kind: str, name: str, version: int) -> bytes:
    metadata = {"name": name, "resourceVersion": str(version)}
    return json.dumps({"type": kind, "object": {"metadata": metadata}}).encode()


async def test_a_bookmark_is_no_object_and_an_error_begins_anew() -> None:
    told = Told()
    bookmark = event("BOOKMARK", "", 9)
    gone = b'{"type":"ERROR","object":{"metadata":{},"status":"Failure","code":410,"reason":"Expired"}}'
    server = Server(
        b"\n".join([event("ADDED", "a", 6), bookmark]),
        b"\n".join([event("MODIFIED", "a", 10), event("DELETED", "a", 11)]),
        gone,
    )
    watching = asyncio.create_task(Reflector(server, paths.NODES, wire.Node, told).run())
    await asyncio.wait_for(server.all_told.wait(), 5.0)
    watching.cancel()
    assert told.said == [("applied", "a"), ("applied", "a"), ("removed", "a")]
    assert server.asked_from == ["5", "9", "11", "5"]
