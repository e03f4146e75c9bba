"""The flags that say where the nodes' load is measured."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from bayplan_operator.cli.options import values
from bayplan_operator.cli.options.declared import option
from bayplan_operator.settings import PrometheusSettings

_DEFAULTS = PrometheusSettings("")
_FILES = ("token_file", "username_file", "password_file", "ca_file")


def _file(name: str, text: str) -> Any:
    return option(f"--prometheus-{name}", metavar="FILE", text=text)


@dataclass(frozen=True, kw_only=True)
class PrometheusOptions:
    """How Prometheus is asked."""

    prometheus_url: Annotated[
        str | None,
        option("--prometheus-url", metavar="URL", parse=values.url,
               text="where the load of the nodes is measured, such as http://prometheus.monitoring:9090; "
                    "default: none is asked"),
    ] = None  # fmt: skip
    prometheus_token_file: Annotated[Path | None, _file("token-file", "with a bearer token")] = None
    prometheus_username_file: Annotated[Path | None, _file("username-file", "with the user name of basic authentication")] = (
        None
    )
    prometheus_password_file: Annotated[Path | None, _file("password-file", "with its password")] = None
    prometheus_ca_file: Annotated[Path | None, _file("ca-file", "with the authority that signed the server's certificate")] = (
        None
    )
    prometheus_insecure: Annotated[bool, option("--prometheus-insecure", text="do not check the server's certificate")] = False
    prometheus_interval: Annotated[
        float,
        option("--prometheus-interval", metavar="SECONDS", parse=values.seconds,
               text=f"between two polls (default: {_DEFAULTS.interval:g})"),
    ] = _DEFAULTS.interval  # fmt: skip
    prometheus_timeout: Annotated[
        float,
        option("--prometheus-timeout", metavar="SECONDS", parse=values.seconds,
               text=f"for all queries of a poll together (default: {_DEFAULTS.timeout:g})"),
    ] = _DEFAULTS.timeout  # fmt: skip
    prometheus_queries: Annotated[Path | None, _file("queries", "with queries of your own")] = None

    def prometheus(self) -> PrometheusSettings | None:
        """What the flags say; none without a URL. Raises ``FlagsError``."""
        files: dict[str, Path | None] = {name: getattr(self, f"prometheus_{name}") for name in _FILES}
        if self.prometheus_url is None:
            given = [name for name, value in {**files, "queries": self.prometheus_queries}.items() if value is not None]
            if given:
                raise FlagsError(f"--prometheus-{given[0].replace('_', '-')} needs --prometheus-url beside it")
            return None
        if (files["username_file"] is None) != (files["password_file"] is None):
            raise FlagsError("--prometheus-username-file and --prometheus-password-file go together: give both or none")
        if files["token_file"] is not None and files["username_file"] is not None:
            raise FlagsError("--prometheus-token-file and --prometheus-username-file exclude each other: give one")
        return PrometheusSettings(
            url=self.prometheus_url,
            **files,
            verify=not self.prometheus_insecure,
            interval=self.prometheus_interval,
            timeout=self.prometheus_timeout,
            queries=self.prometheus_queries,
        )


class FlagsError(ValueError):
    """Flags that do not go together; the message names them."""
