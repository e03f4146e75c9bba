"""An API server that knows what it is told, so that the command line can be run against it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from bayplan_operator.kube import paths

GRAPHS = "/apis/bayplan.dev/v1alpha1/taskgraphs"
TEAM_GRAPHS = "/apis/bayplan.dev/v1alpha1/namespaces/team/taskgraphs"
FORBIDDEN = 'taskgraphs.bayplan.dev is forbidden: User "eve" cannot list resource "taskgraphs"'


@dataclass
class Api:
    """What it answers by path, and what it was asked."""

    url: str
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    asked: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    """Path and headers."""

    def has(self, path: str, *items: Any, status: int = 200) -> None:
        """A list of these items is there."""
        self.answers[path] = (status, {"items": list(items)})

    def refuses(self, path: str, status: int, message: str) -> None:
        self.answers[path] = (status, {"kind": "Status", "status": "Failure", "message": message, "code": status})

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Of the last request."""
        return self.asked[-1][1]


@contextmanager
def api() -> Iterator[Api]:
    """It listens on this machine, by plain HTTP. As any API server, it has namespaces."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            found.asked.append((path, list(self.headers.items())))
            missing = (404, {"kind": "Status", "message": "the server could not find the requested resource", "code": 404})
            status, answer = found.answers.get(path, missing)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Api(f"http://127.0.0.1:{server.server_port}")
    found.has(paths.NAMESPACES)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


def kubeconfig(folder: Path, url: str, user: Mapping[str, Any] | None = None) -> Path:
    """The context `near` leads to `url`, with the namespace team; the current one, `far`, to where nothing listens."""
    path = folder / "kubeconfig"
    written = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "far",
        "clusters": [
            {"name": "far", "cluster": {"server": "http://127.0.0.1:1"}},
            {"name": "near", "cluster": {"server": url}},
        ],
        "users": [{"name": "alice", "user": dict(user or {"token": "a"})}, {"name": "bob", "user": {"token": "b"}}],
        "contexts": [
            {"name": "far", "context": {"cluster": "far", "user": "alice", "namespace": "elsewhere"}},
            {"name": "near", "context": {"cluster": "near", "user": "alice", "namespace": "team"}},
        ],
    }
    path.write_text(yaml.safe_dump(written))
    return path
