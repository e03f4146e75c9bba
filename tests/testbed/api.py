"""The testbed's own thin connection to an API server: JSON over one kept-alive connection per thread."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from .errors import TestbedError

MERGE_PATCH = "application/merge-patch+json"
_CONNECTIONS = 8
_T = TypeVar("_T")


@dataclass(frozen=True)
class Api:
    """Where the API server is, and a bearer token for it."""

    host: str
    port: int
    ca: Path
    token: str
    _local: threading.local = field(default_factory=threading.local, repr=False, compare=False)

    def request(self, method: str, path: str, body: Any = None, content: str = "application/json") -> tuple[int, Any]:
        """Status code and decoded answer (text where it is not JSON). Raises OSError when there is no answer."""
        connection = self._connection()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content}
        payload = None if body is None else json.dumps(body)
        fresh = connection.sock is None
        try:
            try:
                answer, data = _exchange(connection, method, path, payload, headers)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                if fresh:
                    raise
                connection.close()  # the server closes connections that idled; a new one is another matter
                answer, data = _exchange(connection, method, path, payload, headers)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise ConnectionError(f"{method} {path}: {error}") from error
        is_json = answer.headers.get_content_type() == "application/json"
        return answer.status, json.loads(data) if is_json else data.decode(errors="replace")

    def get(self, path: str) -> Any:
        """The object at `path`. Raises TestbedError on any other answer than success."""
        return self._expect(200, "GET", path)

    def create(self, path: str, body: Any) -> Any:
        """The created object. Raises TestbedError with the server's message when it refused."""
        return self._expect(201, "POST", path, body)

    def merge(self, path: str, body: Any) -> Any:
        """The object after a JSON merge patch."""
        return self._expect(200, "PATCH", path, body, MERGE_PATCH)

    def delete(self, path: str) -> None:
        """Delete the object at `path`; it may be gone already."""
        status, answer = self.request("DELETE", path)
        if status not in (200, 202, 404):
            raise TestbedError(f"DELETE {path} was answered with {status}: {_message(answer)}")

    def each(self, action: Callable[[_T], Any], items: Iterable[_T]) -> None:
        """Run `action` on all items over a few connections at once; the first error is raised."""
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            for future in [pool.submit(action, item) for item in items]:
                future.result()

    def _expect(self, wanted: int, method: str, path: str, *rest: Any) -> Any:
        status, answer = self.request(method, path, *rest)
        if status != wanted:
            raise TestbedError(f"{method} {path} was answered with {status}: {_message(answer)}")
        return answer

    def _connection(self) -> http.client.HTTPSConnection:
        connection: http.client.HTTPSConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            context = ssl.create_default_context(cafile=str(self.ca))
            connection = http.client.HTTPSConnection(self.host, self.port, context=context, timeout=60)
            self._local.connection = connection
        return connection


def _exchange(
    connection: http.client.HTTPSConnection, method: str, path: str, payload: str | None, headers: dict[str, str]
) -> tuple[http.client.HTTPResponse, bytes]:
    connection.request(method, path, payload, headers)
    answer = connection.getresponse()
    return answer, answer.read()


def _message(answer: Any) -> str:
    return str(answer.get("message", answer)) if isinstance(answer, dict) else str(answer)
