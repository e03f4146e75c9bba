"""A server on loopback that answers queries as the test says, also wrongly."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

Behaviour = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One query; the behaviour answers it."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.query)
        self.server.headers_seen.append(dict(self.headers))
        self.server.behaviour(self)

    @property
    def query(self) -> str:
        return parse_qs(urlsplit(self.path).query).get("query", [""])[0]

    def answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Behaves as `behaviour` says; it may be changed at any time. A context manager."""

    daemon_threads = True

    def __init__(self, behaviour: Behaviour, certificate: tuple[Path, Path] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.behaviour = behaviour
        self.asked: list[str] = []
        self.headers_seen: list[dict[str, str]] = []
        self.scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
            self.scheme = "https"
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is what these tests want."""

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


def data(kind: str, result: Any) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": result}}).encode()


def vector(*series: tuple[dict[str, str], str]) -> bytes:
    return data("vector", [{"metric": labels, "value": [1.5, value]} for labels, value in series])


def says(body: bytes, status: int = 200, **headers: str) -> Behaviour:
    return lambda request: request.answer(body, status, **headers)


def hangs(request: Request) -> None:
    time.sleep(30)


def drips_headers(request: Request) -> None:
    """A byte now and then: no single read ever takes long."""
    for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000:
        request.wfile.write(bytes((byte,)))
        time.sleep(0.05)


def drips_body(request: Request) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000000")
    request.end_headers()
    for _ in range(1000):
        request.wfile.write(b" ")
        time.sleep(0.05)


def hangs_up(request: Request) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(b'{"status"')
    request.close_connection = True


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """The first query gets the first, and so on; the last goes on for ever."""
    left: Iterator[Behaviour] = iter(behaviours)
    last = behaviours[-1]
    return lambda request: next(left, last)(request)
