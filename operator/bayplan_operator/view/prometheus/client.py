"""Instant queries to Prometheus, with every way in which they can fail put into words."""

import logging
import warnings
from pathlib import Path
from typing import Any

import requests
from prometheus_api_client import PrometheusConnect
from urllib3.exceptions import InsecureRequestWarning

from bayplan_operator.clock import MACHINE, Clock
from bayplan_operator.settings import PrometheusSettings
from bayplan_operator.view.prometheus.answers import Series, check_status, vector
from bayplan_operator.view.prometheus.failure import LoadError
from bayplan_operator.view.prometheus.session import BoundedSession

log = logging.getLogger(__name__)


class Client:
    """One Prometheus server. For one thread, ``abort`` excepted."""

    def __init__(self, settings: PrometheusSettings, clock: Clock = MACHINE) -> None:
        self._settings = settings
        self._session = BoundedSession(check_status, clock)
        self._session.verify = str(settings.ca_file) if settings.ca_file is not None else settings.verify
        self._server = PrometheusConnect(settings.url.rstrip("/"), session=self._session, timeout=settings.timeout)
        # It has put in an adapter of its own that tries again, and waits in between; we could not stop that.
        self._session.mount(self._server.url, self._session.adapter)
        if not settings.verify:
            log.warning("the certificate of %s is not checked: a server that stands in for it can feed us any load", self.url)
            warnings.filterwarnings("ignore", category=InsecureRequestWarning)  # with each query, and no choice of ours

    @property
    def url(self) -> str:
        """Of the server."""
        return str(self._server.url)

    def refresh_credentials(self) -> None:
        """Read token, user name and password again: they may be replaced at any time. Raises ``LoadError``."""
        settings = self._settings
        token = _secret(settings.token_file)
        self._server.headers = None if token is None else {"Authorization": f"Bearer {token}"}
        user, password = _secret(settings.username_file), _secret(settings.password_file)
        self._server.auth = None if user is None or password is None else (user.encode(), password.encode())

    def ask(self, name: str, expression: str) -> list[Series]:
        """The instant vector of a query, whose ``name`` is for messages. Raises ``LoadError``."""
        try:
            return vector(self._result(expression))
        except LoadError as error:
            raise LoadError(error.reason, f"query {name}: {error}" if error.of_one_query else f"{self.url}: {error}") from error

    def abort(self) -> None:
        """End the query that is under way, from another thread."""
        self._session.abort()

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _result(self, expression: str) -> Any:
        seconds = f"{self._settings.timeout:g}"
        try:
            return self._server.custom_query(expression, params={"timeout": f"{seconds}s"})
        except requests.exceptions.SSLError as error:
            raise LoadError("Certificate", f"its certificate is not trusted: {_root(error)}") from error
        except requests.exceptions.Timeout as error:
            raise LoadError("Timeout", f"it did not answer within {seconds} s") from error
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            # No JSON, or JSON of another form; a ValueError also is what `requests` raises for no JSON.
            raise LoadError("BadAnswer", "it does not answer as Prometheus does: is this its URL?") from error
        except OSError as error:
            # What `requests` raises is one; so is a CA file that is not there.
            raise LoadError("Unreachable", f"it cannot be reached: {_root(error)}") from error


def _secret(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise LoadError("Credentials", f"{path} cannot be read: {error}") from error
    if not text or not text.isprintable():
        raise LoadError("Credentials", f"{path} must hold one line of text")
    return text


def _root(error: BaseException) -> str:
    """The innermost cause in words: `requests` wraps what happened three times."""
    while True:
        causes = (getattr(error, "reason", None), *error.args)
        inner = next((each for each in causes if isinstance(each, BaseException)), None)
        if inner is None:
            return str(error)[:300]
        error = inner
