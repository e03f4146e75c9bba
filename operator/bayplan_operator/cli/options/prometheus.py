"""The flags that say where the nodes' load is measured."""

import argparse
from pathlib import Path
from urllib.parse import urlsplit

from bayplan_operator.settings import PrometheusSettings

_DEFAULTS = PrometheusSettings("")
_FILES = ("token_file", "username_file", "password_file", "ca_file")


class FlagsError(ValueError):
    """Flags that do not go together; the message names them."""


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    group = parser.add_argument_group("load from Prometheus")
    add = group.add_argument
    add("--prometheus-url", type=_url, metavar="URL", help="such as http://prometheus.monitoring:9090; default: none is asked")
    add("--prometheus-token-file", type=Path, metavar="FILE", help="with a bearer token")
    add("--prometheus-username-file", type=Path, metavar="FILE", help="with the user name of basic authentication")
    add("--prometheus-password-file", type=Path, metavar="FILE", help="with its password")
    add("--prometheus-ca-file", type=Path, metavar="FILE", help="with the authority that signed the server's certificate")
    add("--prometheus-insecure", action="store_true", help="do not check the server's certificate")
    add("--prometheus-interval", type=_seconds, default=_DEFAULTS.interval, metavar="SECONDS",
        help="between two polls (default: %(default)g)")  # fmt: skip
    add("--prometheus-timeout", type=_seconds, default=_DEFAULTS.timeout, metavar="SECONDS",
        help="for all queries of a poll together (default: %(default)g)")  # fmt: skip
    add("--prometheus-queries", type=Path, metavar="FILE", help="with queries of your own")


def settings(arguments: argparse.Namespace) -> PrometheusSettings | None:
    """What the flags say; none without a URL. Raises ``FlagsError``."""
    files = {name: getattr(arguments, f"prometheus_{name}") for name in _FILES}
    if arguments.prometheus_url is None:
        given = [name for name, value in {**files, "queries": arguments.prometheus_queries}.items() if value is not None]
        if given:
            raise FlagsError(f"--prometheus-{given[0].replace('_', '-')} needs --prometheus-url beside it")
        return None
    if (files["username_file"] is None) != (files["password_file"] is None):
        raise FlagsError("--prometheus-username-file and --prometheus-password-file go together: give both or none")
    if files["token_file"] is not None and files["username_file"] is not None:
        raise FlagsError("--prometheus-token-file and --prometheus-username-file exclude each other: give one")
    return PrometheusSettings(
        url=arguments.prometheus_url,
        **files,
        verify=not arguments.prometheus_insecure,
        interval=arguments.prometheus_interval,
        timeout=arguments.prometheus_timeout,
        queries=arguments.prometheus_queries,
    )


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a URL, not {text!r}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fine or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError(f"must be a URL such as http://prometheus.monitoring:9090, not {text!r}")
    if parts.username is not None:
        raise argparse.ArgumentTypeError("must not hold credentials: give --prometheus-username-file and -password-file")
    return text


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.1 <= value <= 86_400:
        raise argparse.ArgumentTypeError(f"must be seconds, 0.1 to 86400, not {text!r}")
    return value
