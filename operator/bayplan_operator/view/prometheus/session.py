"""HTTP that ends: a session whose answers are bounded in size and time, whatever the server does."""

import socket
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, ReadTimeoutError

from bayplan_operator.clock import MACHINE, Clock
from bayplan_operator.view.prometheus.failure import LoadError

MAX_ANSWER = 4 * 2**20
"""Bytes of one answer: enough for 10,000 nodes; decoding holds the interpreter, and so must not take long."""
_CHUNK = 64 * 2**10


class BoundedSession(requests.Session):
    """Reads no more than ``MAX_ANSWER`` bytes in no more than the time-out that is given for the whole answer.

    It follows no redirects, which could lead credentials elsewhere, and heeds neither proxies nor ``.netrc`` of the
    environment. Nothing is tried again here: the next poll is the next try.
    """

    def __init__(self, check: Callable[[requests.Response], None], clock: Clock = MACHINE) -> None:
        """``check`` looks at every answer once it is complete, and may raise."""
        super().__init__()
        self._check, self._clock = check, clock
        self.trust_env = False
        self.adapter = _Adapter()

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """The whole answer, which is in UTF-8 as JSON is. Raises ``LoadError`` when it is too long or too slow, and what
        ``requests`` raises."""
        timeout = float(options["timeout"])
        end = self._clock.monotonic() + timeout
        answer = super().send(request, **{**options, "stream": True, "allow_redirects": False})
        try:
            body = _read(answer.raw, self._clock, end, timeout)
        finally:
            answer.close()  # a connection that was read to its end is kept all the same
        answer._content = body  # as `requests` itself does in `content`, which cannot be bounded
        answer._content_consumed = True
        answer.encoding = "utf-8"  # else it is guessed, which takes seconds for what is none
        self._check(answer)
        return answer

    def abort(self) -> None:
        """End what is under way, from another thread: not even a server that sends a byte now and then holds us up."""
        connection = self.adapter.opened
        sock = None if connection is None else connection.sock
        if sock is not None:
            try:
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not SSLSocket's, which is not for two threads
            except OSError:
                return  # closed already


class _Adapter(HTTPAdapter):
    """One connection at a time, which can be got at from outside."""

    opened: HTTPConnection | None = None

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """As the base class, with connections that make themselves known."""
        super().init_poolmanager(*args, **options)
        adapter = self

        class Plain(HTTPConnection):
            def connect(self) -> None:
                adapter.opened = self
                super().connect()

        class Secure(HTTPSConnection):
            def connect(self) -> None:
                adapter.opened = self
                super().connect()

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}


def _read(raw: HTTPResponse, clock: Clock, end: float, timeout: float) -> bytes:
    body = bytearray()
    while True:
        # `read1` answers with what is there: `read` would wait for a whole chunk, however slowly it comes.
        try:
            chunk = raw.read1(_CHUNK, decode_content=True)
        except ReadTimeoutError as error:
            raise LoadError("Timeout", f"the answer was not complete after {timeout:g} s") from error
        except HTTPError as error:
            raise LoadError("BadAnswer", f"its answer broke off: {error.args[0]}") from error
        if not chunk:
            return bytes(body)
        body += chunk
        if len(body) > MAX_ANSWER:
            raise LoadError("TooLong", f"the answer is longer than {MAX_ANSWER >> 20} MiB: aggregate it by node")
        if clock.monotonic() > end:
            raise LoadError("Timeout", f"the answer was not complete after {timeout:g} s")
