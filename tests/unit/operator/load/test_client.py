"""Every way in which a server can answer wrongly ends soon, in words."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bayplan_operator.settings import PrometheusSettings
from bayplan_operator.view.prometheus.client import Client
from bayplan_operator.view.prometheus.failure import LoadError
from bayplan_operator.view.prometheus.session import MAX_ANSWER
from tests.testbed import certificates
from tests.unit.operator.load.server import (
    Behaviour,
    Server,
    data,
    drips_body,
    drips_headers,
    hangs,
    hangs_up,
    in_turn,
    says,
    vector,
)

GOOD = vector(({"instance": "a:9100"}, "0.25"))


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(says(GOOD)) as server:
        yield server


def client(server: Server, **changes: object) -> Client:
    return Client(replace(PrometheusSettings(server.url, timeout=0.5), **changes))  # type: ignore[arg-type]


def failure(server: Server, **changes: object) -> LoadError:
    with pytest.raises(LoadError) as caught:
        client(server, **changes).ask("cpu", "up")
    return caught.value


def test_an_instant_vector(server: Server) -> None:
    server.behaviour = says(vector(({"instance": "a:9100"}, "0.25"), ({}, "NaN"), ({"node": "b"}, "+Inf")))
    series = client(server).ask("cpu", 'up{job="x"}')
    assert [(dict(each.labels), str(each.value)) for each in series] == [
        ({"instance": "a:9100"}, "0.25"), ({}, "nan"), ({"node": "b"}, "inf"),
    ]  # fmt: skip
    assert server.asked == ['up{job="x"}']


WRONG: dict[str, tuple[Behaviour, str, str]] = {
    "range": (
        says(data("matrix", [{"metric": {}, "values": [[1, "2"]]}])),
        "WrongShape",
        "query cpu: gives a range of values per series: it must give an instant vector, one value per series",
    ),
    "scalar": (says(data("scalar", [1.5, "2"])), "WrongShape", "query cpu: gives a scalar: it must give an instant vector"),
    "string": (says(data("string", [1.5, "two"])), "WrongShape", "query cpu: gives a string: it must give"),
    "histogram": (says(data("vector", [{"metric": {}, "histogram": [1, {}]}])), "WrongShape", "query cpu: gives histograms"),
    "refused": (
        says(b'{"status":"error","errorType":"bad_data","error":"1:4: parse error: unexpected end"}', 400),
        "QueryRefused",
        "query cpu: Prometheus refuses it: 1:4: parse error: unexpected end",
    ),
    "500": (says(b"upstream is gone", 500), "BadAnswer", ": it answers 500: upstream is gone"),
    "503": (says(b'{"status":"error","error":"starting up"}', 503), "BadAnswer", ": it answers 503: starting up"),
    "401": (says(b"Unauthorized", 401), "Unauthorized", ": it answers 401 to our credentials: Unauthorized"),
    "redirect": (
        says(b"", 302, Location="http://elsewhere.example/"),
        "BadAnswer",
        ": it answers 302 and leads to http://elsewhere.example/: give the URL behind it",
    ),
    "page": (says(b"<html>hello</html>"), "BadAnswer", "it does not answer as Prometheus does: is this its URL?"),
    "empty": (says(b""), "BadAnswer", "it does not answer as Prometheus does"),
    "other JSON": (says(b'{"items": []}'), "BadAnswer", "it does not answer as Prometheus does"),
    "no object": (says(b"17"), "BadAnswer", "it does not answer as Prometheus does"),
    "deep": (says(b"[" * 100_000), "BadAnswer", "it does not answer as Prometheus does"),
    "no series": (says(data("vector", ["x"])), "BadAnswer", 'its series are none: "x"'),
    "no value": (says(data("vector", [{"metric": {}, "value": [1, []]}])), "BadAnswer", "its series are none"),
    "no list": (says(data("vector", 7)), "BadAnswer", "its result is no list: 7"),
    "garbage": (says(b"\xff\x00" * 5_000_000), "TooLong", "the answer is longer than 4 MiB"),
    "bomb": (
        says(gzip.compress(bytes(50_000_000), 1), **{"Content-Encoding": "gzip"}), "TooLong", "the answer is longer than 4 MiB"
    ),
    "hangs up": (hangs_up, "BadAnswer", "its answer broke off"),
    "hangs": (hangs, "Timeout", "it did not answer within 0.5 s"),
    "drips": (drips_body, "Timeout", "the answer was not complete after 0.5 s"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_wrong_answers(server: Server, what: str) -> None:
    behaviour, reason, words = WRONG[what]
    server.behaviour = in_turn(behaviour, says(GOOD))
    asker = client(server)
    begun = time.monotonic()
    with pytest.raises(LoadError) as caught:
        asker.ask("cpu", "up")
    assert time.monotonic() - begun < 10
    assert (caught.value.reason, words in str(caught.value)) == (reason, True), str(caught.value)
    assert caught.value.of_one_query or server.url in str(caught.value)
    assert len(asker.ask("cpu", "up")) == 1, "it recovers by itself"


def test_garbage_is_not_held(server: Server) -> None:
    server.behaviour = says(bytes(100 * 2**20))
    asker = client(server)
    sizes: list[int] = []
    answered = asker._session._check
    asker._session._check = lambda answer: (sizes.append(len(answer.content)), answered(answer))[0]
    with pytest.raises(LoadError):
        asker.ask("cpu", "up")
    assert max(sizes, default=0) <= MAX_ANSWER


def test_a_server_that_drips_headers_is_cut_off_from_outside(server: Server) -> None:
    server.behaviour = in_turn(drips_headers, says(GOOD))
    asker = client(server)
    threading.Timer(0.3, asker.abort).start()
    begun = time.monotonic()
    with pytest.raises(LoadError):
        asker.ask("cpu", "up")
    assert time.monotonic() - begun < 10
    assert len(asker.ask("cpu", "up")) == 1


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(LoadError) as caught:
        Client(PrometheusSettings(f"http://127.0.0.1:{port}", timeout=0.5)).ask("cpu", "up")
    assert caught.value.reason == "Unreachable"
    assert f"http://127.0.0.1:{port}: it cannot be reached" in str(caught.value)
    assert "Connection refused" in str(caught.value)


# Certificates and credentials


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> certificates.Certificates:
    return certificates.create(tmp_path_factory.mktemp("load") / "pki", ("127.0.0.1",))


def test_certificates(pki: certificates.Certificates, tmp_path: Path) -> None:
    with Server(says(GOOD), (pki.server, pki.server_key)) as server:
        assert len(client(server, ca_file=pki.ca).ask("cpu", "up")) == 1
        assert len(client(server, verify=False).ask("cpu", "up")) == 1
        wrong = failure(server)
        assert wrong.reason == "Certificate"
        assert "its certificate is not trusted" in str(wrong)
        assert "certificate verify failed" in str(wrong)
        missing = failure(server, ca_file=tmp_path / "none.crt")
        assert str(tmp_path / "none.crt") in str(missing)


def test_credentials_are_read_anew_and_never_shown(server: Server, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("first\n")
    asker = client(server, token_file=token)
    for secret in ("first", "second"):
        token.write_text(f"{secret}\n")
        asker.refresh_credentials()
        asker.ask("cpu", "up")
        assert server.headers_seen[-1]["Authorization"] == f"Bearer {secret}"
    for content, words in (("", "must hold one line of text"), ("a\nb", "must hold one line of text")):
        token.write_text(content)
        with pytest.raises(LoadError, match=words) as caught:
            asker.refresh_credentials()
        assert caught.value.reason == "Credentials"
    token.unlink()
    with pytest.raises(LoadError, match="cannot be read"):
        asker.refresh_credentials()


def test_basic_authentication(server: Server, tmp_path: Path) -> None:
    user, password = tmp_path / "username", tmp_path / "password"
    user.write_text("bay")
    password.write_text("pläne")
    asker = client(server, username_file=user, password_file=password)
    asker.refresh_credentials()
    asker.ask("cpu", "up")
    assert server.headers_seen[-1]["Authorization"] == "Basic YmF5OnBsw6RuZQ=="


def test_the_environment_is_not_heeded(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert len(client(server).ask("cpu", "up")) == 1
