"""Raw requests to the API server: bytes in, bytes out, errors by type."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from types import TracebackType
from typing import Any

import aiohttp
import msgspec
from kubernetes import client

from bayplan_operator.kube import configuration as kube_configuration
from bayplan_operator.kube import errors

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
"""As a merge patch; but in Kubernetes' own kinds, conditions are merged by their type."""
_CREDENTIALS_KEPT = 1.0
"""Seconds: the official client looks through the whole configuration each time that it is asked for the token."""


class _Status(msgspec.Struct):
    reason: str = ""
    message: str = ""


class ApiServer:
    """One session with keep-alive connections. An async context manager."""

    def __init__(
        self,
        configuration: client.Configuration,
        connections: int = 64,
        timeout: float = 20.0,
        connector: Callable[[], aiohttp.BaseConnector] | None = None,
        may_write: Callable[[], bool] = lambda: True,
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        """`timeout`: seconds, 0: without limit. `connector`: how connections are made, called in the event loop; none: by TCP.
        `may_write`: asked as the last thing before a request is sent that changes anything. `headers`: of every request."""
        self._configuration = configuration
        self._connections = connections
        self._timeout, self._limit = timeout, aiohttp.ClientTimeout(total=timeout)
        self._connector = connector or self._tcp
        self._may_write = may_write
        self._always = (("User-Agent", "bayplan"), ("Accept", "application/json"), *headers)
        self._session: aiohttp.ClientSession | None = None
        self._credentials: str | None = None
        self._credentials_until = float("-inf")

    def _tcp(self) -> aiohttp.BaseConnector:
        tls = kube_configuration.tls(self._configuration)
        return aiohttp.TCPConnector(limit=self._connections, ssl=tls, keepalive_timeout=60)

    async def __aenter__(self) -> "ApiServer":
        self._session = aiohttp.ClientSession(
            connector=self._connector(),
            headers=self._always,
            request_class=_fenced(self._may_write),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        params: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> bytes:
        """One request with its whole answer. Raises ``errors.ApiError``, or ``errors.Fenced`` where it was not sent."""
        try:
            async with self._open().request(
                method,
                self._configuration.host + path,
                data=body,
                params=params,
                headers=self._headers(content_type),
                timeout=self._limit,
            ) as response:
                answer = await response.read()
                if response.status >= 400:
                    raise self._refusal(response, answer)
                return answer
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise errors.Unreachable(f"{method} {path}: {error or type(error).__name__}") from error

    async def stream(self, path: str, params: Mapping[str, str], silence: float) -> AsyncIterator[bytes]:
        """The answer's complete lines as they come, several at a time, until the server ends it.

        A connection that brings nothing for ``silence`` seconds counts as broken. Raises ``errors.ApiError``.
        """
        limit = aiohttp.ClientTimeout(total=None, sock_connect=self._timeout, sock_read=silence)
        try:
            async with self._open().get(
                self._configuration.host + path, params=params, headers=self._headers(), timeout=limit
            ) as response:
                if response.status >= 400:
                    raise self._refusal(response, await response.read())
                rest = b""
                async for chunk in response.content.iter_any():
                    lines, separator, rest = (rest + chunk).rpartition(b"\n")
                    if separator:
                        yield lines
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise errors.Unreachable(f"watch {path}: {error or type(error).__name__}") from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the session is not open: use `async with ApiServer(...)`")
        return self._session

    def _headers(self, content_type: str = "application/json") -> dict[str, str]:
        headers = {"Content-Type": content_type}
        token = self._token()
        if token:
            headers["Authorization"] = token
        return headers

    def _token(self) -> str | None:
        now = asyncio.get_running_loop().time()
        if now >= self._credentials_until:
            self._credentials = kube_configuration.authorization(self._configuration)
            self._credentials_until = now + _CREDENTIALS_KEPT
        return self._credentials

    @staticmethod
    def _refusal(response: aiohttp.ClientResponse, answer: bytes) -> errors.Refused:
        try:
            status = msgspec.json.decode(answer, type=_Status)
        except msgspec.MsgspecError:
            status = _Status(message=answer[:200].decode(errors="replace"))
        wait = response.headers.get("Retry-After", "")
        return errors.refusal(
            response.status,
            status.reason,
            status.message or str(response.reason),
            float(wait) if wait.isdigit() else None,
        )


def _fenced(may_write: Callable[[], bool]) -> type[aiohttp.ClientRequest]:
    """Requests that are held back once the process may not write: asked after all waiting, before the first byte is sent."""

    class Request(aiohttp.ClientRequest):
        async def send(self, conn: Any) -> aiohttp.ClientResponse:
            if self.method != "GET" and not may_write():
                raise errors.Fenced(f"{self.method} {self.url.path} was not sent: this process may not write any more")
            return await super().send(conn)

    return Request
