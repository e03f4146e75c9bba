"""List, then watch, for as long as the operator lives."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from bayplan_operator.backoff import Backoff
from bayplan_operator.kube import errors, wire
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.kube.whole import whole

log = logging.getLogger(__name__)

PAGE = "500"
WATCH_SECONDS = 290
SILENCE_SECONDS = 330.0
BACKOFF_FIRST, BACKOFF_CAP = 0.5, 30.0


class Sink(Protocol):
    """What takes the objects in. Versions are resource versions as numbers."""

    def replace(self, items: Sequence[Any], version: int) -> None:
        """All objects there were at ``version``; whatever is older and not among them is gone."""

    def apply(self, item: Any) -> None:
        """An object is new or has changed."""

    def remove(self, item: Any) -> None:
        """An object is gone; this is its last state."""

    def flush(self) -> None:
        """No more for the moment."""


class WholeSink(Protocol):
    """What needs some of the objects whole, not only the fields of their kind."""

    def wants(self, item: Any) -> bool:
        """Whether it needs this one."""
        ...

    def take(self, item: Any, raw: Mapping[str, Any]) -> None:
        """The same, whole; the sink takes it in after this."""


_News = Literal["ADDED", "MODIFIED", "DELETED"]


class _Event(wire.Wire, frozen=True):
    """Any of them, also those that bring no object of the kind: a bookmark, an error."""

    type: str
    object: msgspec.Raw


class _Bookmark(wire.Wire, frozen=True):
    metadata: wire.Metadata


class _ErrorStatus(wire.Wire, frozen=True):
    code: int = 500
    reason: str = ""
    message: str = ""


class Reflector:
    """Keeps a sink equal to one resource of the API server, deletions missed while disconnected included."""

    def __init__(self, server: ApiServer, path: str, kind: type[wire.Wire], sink: Sink, whole: WholeSink | None = None) -> None:
        self._server = server
        self._path = path
        self._sink, self._whole = sink, whole
        self._item = msgspec.json.Decoder(kind, strict=False)
        page: Any = msgspec.defstruct("Page", [("metadata", wire.ListMetadata), ("items", list[kind])])  # type: ignore[valid-type]
        self._page: msgspec.json.Decoder[Any] = msgspec.json.Decoder(page, strict=False)
        event: Any = msgspec.defstruct("Event", [("type", _News), ("object", kind)], frozen=True, gc=False)
        self._events: msgspec.json.Decoder[Any] = msgspec.json.Decoder(event, strict=False)
        self._event = msgspec.json.Decoder(_Event)
        self._bookmark = msgspec.json.Decoder(_Bookmark)
        self._error = msgspec.json.Decoder(_ErrorStatus)
        self._version = ""
        self.synced = asyncio.Event()
        """Set once the first list is complete."""
        self.relists = 0

    async def run(self) -> None:
        """Never returns; what fails is tried again with back-off."""
        backoff = Backoff(f"watch {self._path.rpartition('/')[2]}", BACKOFF_FIRST, BACKOFF_CAP)
        while True:
            try:
                if not self._version:
                    await self._list()
                await self._watch()
                backoff.worked()
            except errors.Gone:
                log.info("%s: the watch is too old, listing again", self._path)
                self._version = ""
            except errors.ApiError as error:
                log.warning("%s: %s; trying again in %.1f s", self._path, error, backoff.wait)
                await asyncio.sleep(backoff.failed())
            except msgspec.MsgspecError as error:
                log.error("%s: an answer could not be read (%s); listing again in %.1f s", self._path, error, backoff.wait)
                self._version = ""
                await asyncio.sleep(backoff.failed())

    async def _list(self) -> None:
        items: list[Any] = []
        params = {"limit": PAGE}
        while True:
            answer = await self._server.call("GET", self._path, params=params)
            page = self._page.decode(answer)
            items += page.items
            self._take_whole(page.items, answer)
            if not page.metadata.continue_:
                break
            params["continue"] = page.metadata.continue_
        self._sink.replace(items, int(page.metadata.resource_version))
        self._sink.flush()
        self._version = page.metadata.resource_version
        self.relists += 1
        self.synced.set()

    async def _watch(self) -> None:
        params = {
            "watch": "1",
            "resourceVersion": self._version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(WATCH_SECONDS),
        }
        async for lines in self._server.stream(self._path, params, SILENCE_SECONDS):
            try:
                events, raw = self._events.decode_lines(lines), None
                for number, event in enumerate(events):
                    if self._needs_whole(event.object):
                        raw = raw or lines.split(b"\n")
                        self._take_one_whole(event.object, self._event.decode(raw[number]).object)
                    self._take(event.type, event.object)
            except msgspec.ValidationError:  # one of them is a bookmark or an error: they are read one by one
                for line in lines.split(b"\n"):
                    self._take_any(self._event.decode(line))
            self._sink.flush()

    def _take_any(self, event: _Event) -> None:
        if event.type == "BOOKMARK":
            self._version = self._bookmark.decode(event.object).metadata.resource_version
            return
        if event.type == "ERROR":
            status = self._error.decode(event.object)
            raise errors.refusal(status.code, status.reason, status.message, None)
        item = self._item.decode(event.object)
        if self._needs_whole(item):
            self._take_one_whole(item, event.object)
        self._take(event.type, item)

    def _needs_whole(self, item: Any) -> bool:
        return self._whole is not None and self._whole.wants(item)

    def _take_whole(self, items: Sequence[Any], answer: bytes) -> None:
        """Those of a page that are needed whole."""
        if self._whole is not None:
            for item, raw in whole(items, answer, self._whole.wants):
                self._whole.take(item, raw)

    def _take_one_whole(self, item: Any, raw: msgspec.Raw) -> None:
        if self._whole is not None:
            self._whole.take(item, msgspec.json.decode(raw))

    def _take(self, kind: str, item: Any) -> None:
        if kind == "DELETED":
            self._sink.remove(item)
        else:
            self._sink.apply(item)
        self._version = item.metadata.resource_version
