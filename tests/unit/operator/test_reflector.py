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


class Whole:
    """Wants those whose names begin with w."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, object]] = []

    def wants(self, item: wire.Node) -> bool:
        return item.metadata.name.startswith("w")

    def take(self, item: wire.Node, raw: Mapping[str, Any]) -> None:
        self.taken.append((item.metadata.name, raw["metadata"]["resourceVersion"]))


class Server(ApiServer):
    def __init__(self, *lines: bytes, listed: bytes = b"") -> None:
        super().__init__(client.Configuration())
        self._listed = listed
        self._lines = list(lines)
        self.asked_from: list[str] = []
        self.all_told = asyncio.Event()

    async def call(self, method: str, path: str, *_: Any, **__: Any) -> bytes:
        return b'{"metadata":{"resourceVersion":"5"},"items":[' + self._listed + b"]}"

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


async def test_what_a_sink_needs_whole_it_gets_whole_of_lists_and_of_watches() -> None:
    told, whole = Told(), Whole()
    names = (b"a", b"w1", b"b")
    listed = b",".join(b'{"metadata":{"name":"%s","resourceVersion":"%d"}}' % (n, v) for v, n in enumerate(names, 1))
    server = Server(
        b"\n".join([event("ADDED", "c", 6), event("ADDED", "w2", 7), event("DELETED", "d", 8)]),
        b"\n".join([event("MODIFIED", "w3", 9), event("BOOKMARK", "", 10)]),
        listed=listed,
    )
    watching = asyncio.create_task(Reflector(server, paths.NODES, wire.Node, told, whole).run())
    await asyncio.wait_for(server.all_told.wait(), 5.0)
    watching.cancel()
    assert whole.taken == [("w1", "2"), ("w2", "7"), ("w3", "9")]
    assert ("applied", "w3") in told.said
