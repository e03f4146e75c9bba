"""The flags that say where load is measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from bayplan_operator.cli import main
from bayplan_operator.cli.operator import OperatorOptions
from bayplan_operator.settings import PrometheusSettings
from tests.unit.cli.flags import commands


def parsed(*flags: str) -> PrometheusSettings | None:
    """What the flags of `bayplan operator` come to, without running it. Raises what typer does of wrong ones."""
    context = commands()["operator"].make_context("operator", list(flags))
    return OperatorOptions(**context.params).prometheus()


def refused(flag: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["operator", flag])
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_without_a_url_nothing_is_measured() -> None:
    assert parsed() is None


def test_a_url_alone() -> None:
    assert parsed("--prometheus-url=http://prometheus:9090") == PrometheusSettings("http://prometheus:9090")


def test_all_flags() -> None:
    flags = ["--prometheus-url=https://p/x", "--prometheus-username-file=u", "--prometheus-password-file=p"]
    more = ["--prometheus-ca-file=c", "--prometheus-insecure", "--prometheus-interval=5", "--prometheus-timeout=2.5"]
    assert parsed(*flags, *more, "--prometheus-queries=q") == PrometheusSettings(
        "https://p/x", None, Path("u"), Path("p"), Path("c"), False, 5.0, 2.5, Path("q")
    )


@pytest.mark.parametrize(
    "url", ["prometheus:9090", "ftp://p", "http://", "http://p:port", "http://p:99999", "http://p?x=1", "http://[::1", ""]
)
def test_what_is_no_url_is_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "argument --prometheus-url: must be a URL" in refused(f"--prometheus-url={url}", capsys)


def test_credentials_in_the_url_are_refused_and_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused("--prometheus-url=http://me:s3cret@p", capsys)
    assert "must not hold credentials: give --prometheus-username-file and -password-file" in said
    assert "s3cret" not in said


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "soon", "1e9"])
def test_times_have_bounds(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(f"--prometheus-timeout={seconds}", capsys)
    assert "argument --prometheus-timeout: must be seconds, 0.1 to 86400" in said


URL = "--prometheus-url=http://p"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--prometheus-token-file=t"], "--prometheus-token-file needs --prometheus-url beside it"),
        (["--prometheus-queries=q"], "--prometheus-queries needs --prometheus-url beside it"),
        ([URL, "--prometheus-username-file=u"], "--prometheus-username-file and --prometheus-password-file go together"),
        (
            [URL, "--prometheus-token-file=t", "--prometheus-username-file=u", "--prometheus-password-file=p"],
            "--prometheus-token-file and --prometheus-username-file exclude each other: give one",
        ),
        ([URL, "--prometheus-queries=none.yaml"], "none.yaml cannot be read"),
    ],
)
def test_flags_that_do_not_go_together_end_the_operator_at_once(
    flags: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["operator", *flags]) == 2
    said = capsys.readouterr().err
    assert said.startswith("bayplan operator: ")
    assert words in said
    assert said.count("\n") == 1
