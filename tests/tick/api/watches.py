"""Watches: what has changed since a version, and from then on whatever changes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

import msgspec

from tests.tick.api.connection import Connection
from tests.tick.api.kinds import Kind, Where
from tests.tick.api.refusal import Refusal
from tests.tick.api.store import Change, Store

_LONGEST = 1800.0
_BOOKMARKS = 60.0
"""Seconds between two bookmarks."""


class Watches:
    """All that are open."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop) -> None:
        self._store, self._loop = store, loop
        self._open: dict[Connection, Where] = {}
        self._oldest = 0
        self.paused: set[Kind] = set()
        """Of these, nothing is told for now."""
        self._kept: list[Change] = []
        store.listeners.append(self._changed)

    def open(self, connection: Connection, found: Where, query: Mapping[str, str]) -> None:
        """Begin one. Raises `Refusal` where the version is too old."""
        since = int(query["resourceVersion"])
        if since < self._oldest:
            raise Refusal(410, "Expired", f"too old resource version: {since} ({self._oldest})")
        connection.begin()
        self._open[connection] = found
        self._loop.call_later(float(query.get("timeoutSeconds", _LONGEST)), self._over, connection, found)
        if query.get("allowWatchBookmarks"):
            self._loop.call_later(_BOOKMARKS, self._mark, connection, found)
        connection.on_close.append(partial(self._end, connection))
        for change in self._store.history:
            if change[0] > since:
                self._tell(connection, found, change)

    def _over(self, connection: Connection, found: Where) -> None:
        if self._open.get(connection) is found:
            connection.end()
            del self._open[connection]

    def _mark(self, connection: Connection, found: Where) -> None:
        if self._open.get(connection) is found:
            mark = {"kind": found.kind.name, "metadata": {"resourceVersion": str(self._store.version)}}
            if found.kind not in self.paused:
                connection.piece(msgspec.json.encode({"type": "BOOKMARK", "object": mark}) + b"\n")
            self._loop.call_later(_BOOKMARKS, self._mark, connection, found)

    def _end(self, connection: Connection) -> None:
        self._open.pop(connection, None)

    def resume(self, kind: Kind) -> None:
        """Tell what was not told."""
        self.paused.discard(kind)
        kept, self._kept = self._kept, []
        for change in kept:
            self._changed(change)

    def broken(self, kind: Kind) -> None:
        """End those of a kind, in mid-air."""
        for connection, found in list(self._open.items()):
            if found.kind == kind:
                connection.close()

    def forgotten(self, kind: Kind) -> None:
        """End those of a kind, and have no version that is older than now: a 410, within the watch and after it."""
        self._oldest = self._store.version
        status = Refusal(410, "Expired", "the event in requested index is outdated and cleared").as_status()
        for connection, found in list(self._open.items()):
            if found.kind == kind:
                connection.piece(msgspec.json.encode({"type": "ERROR", "object": status}) + b"\n")
                connection.end()
                del self._open[connection]

    def _changed(self, change: Change) -> None:
        if change[1] in self.paused:
            self._kept.append(change)
            return
        for connection, found in list(self._open.items()):
            self._tell(connection, found, change)

    def _tell(self, connection: Connection, found: Where, change: Change) -> None:
        _, kind, what, item = change
        if kind == found.kind and found.namespace in ("", item["metadata"].get("namespace", "")):
            connection.piece(msgspec.json.encode({"type": what, "object": item}) + b"\n")
