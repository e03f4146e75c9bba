"""The network: HTTP between aiohttp's client and the API server, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import aiohttp
from aiohttp.client_proto import ResponseHandler
from kubernetes import client

CONFIGURATION = client.Configuration(host="http://api.test")
"""Where the API server is, as a kubeconfig would say it."""
_WORDS = {200: "OK", 201: "Created", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 409: "Conflict", 410: "Gone"}


@dataclass(frozen=True, slots=True)
class Request:
    """One, as it has arrived."""

    method: str
    path: str
    query: dict[str, str]
    content_type: str
    body: bytes


class Connection(asyncio.Transport):
    """One kept alive. What the client writes goes to `serve`, one request after the other."""

    def __init__(self, protocol: ResponseHandler, serve: Callable[[Connection, Request], None]) -> None:
        super().__init__()
        self._protocol = protocol
        self._serve = serve
        self._loop = asyncio.get_running_loop()
        self._written = b""
        self._closed = False
        self.on_close: list[Callable[[], None]] = []

    # What the server does

    def answer(self, status: int, body: bytes, headers: Iterable[tuple[str, object]] = ()) -> None:
        """A whole answer."""
        self._send(_head(status, [*headers, ("Content-Length", len(body))]) + body)

    def begin(self) -> None:
        """An answer that comes in pieces."""
        self._send(_head(200, [("Transfer-Encoding", "chunked")]))

    def piece(self, data: bytes) -> None:
        """The next piece of it."""
        self._send(b"%x\r\n%b\r\n" % (len(data), data))

    def end(self) -> None:
        """Its end."""
        self._send(b"0\r\n\r\n")

    def _send(self, data: bytes) -> None:
        if not self._closed:
            self._loop.call_soon(self._deliver, data)

    def _deliver(self, data: bytes) -> None:
        if not self._closed:
            self._protocol.data_received(data)

    # What aiohttp does

    def write(self, data: Any) -> None:
        """Take in what the client sends."""
        self._written += bytes(data)
        head, separator, rest = self._written.partition(b"\r\n\r\n")
        if not separator:
            return
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        length = int(headers.get("content-length", "0"))
        if len(rest) < length:
            return
        self._written = rest[length:]
        method, target, _ = first.split(" ")
        url = urlsplit(target)
        query = dict(parse_qsl(url.query))
        self._serve(self, Request(method, unquote(url.path), query, headers.get("content-type", ""), rest[:length]))

    def writelines(self, parts: Iterable[Any]) -> None:
        """Take in several."""
        self.write(b"".join(parts))

    def close(self) -> None:
        """Break it; the client hears of it."""
        if not self._closed:
            self._closed = True
            self._loop.call_soon(self._protocol.connection_lost, None)
            for each in self.on_close:
                each()

    abort = close

    def is_closing(self) -> bool:
        """Whether it is broken."""
        return self._closed

    def can_write_eof(self) -> bool:
        """No: that is for servers."""
        return False

    def pause_reading(self) -> None:
        """The client has time for all."""

    def resume_reading(self) -> None:
        """The client has time for all."""


class Connector(aiohttp.BaseConnector):
    """Makes connections to one server; `cut` ends all that can ever come of them, as the death of the client would."""

    def __init__(self, serve: Callable[[Connection, Request], None]) -> None:
        super().__init__(limit=0, keepalive_timeout=60)
        self._serve_request = serve
        self._cut = False

    async def _create_connection(self, req: Any, traces: Any, timeout: Any) -> ResponseHandler:
        protocol = ResponseHandler(loop=self._loop)
        protocol.connection_made(Connection(protocol, self._pass_on))
        return protocol

    def cut(self) -> None:
        """Nothing that is written from now on arrives."""
        self._cut = True

    def _pass_on(self, connection: Connection, request: Request) -> None:
        if not self._cut:
            self._serve_request(connection, request)


def _head(status: int, headers: Iterable[tuple[str, object]]) -> bytes:
    lines = [f"HTTP/1.1 {status} {_WORDS.get(status, 'Error')}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode()
