"""The built-in queries and every way in, against real servers: Prometheus, node-exporter, and an exporter that plays GPUs."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bayplan_operator.settings import PrometheusSettings
from bayplan_operator.view.prometheus import LoadError, NodeAliases, by_alias
from bayplan_operator.view.prometheus.client import Client
from bayplan_operator.view.prometheus.queries import DEFAULTS, built_in
from bayplan_operator.view.prometheus.readings import Measured, measured
from tests.cluster.kube import wait_for
from tests.testbed import certificates
from tests.testbed.errors import TestbedError
from tests.testbed.exporter import Exporter
from tests.testbed.processes import free_ports, spawn, stop
from tests.testbed.prometheus import Prometheus, Target, Web

QUERIES = replace(built_in(), window=5.0)
# "harbour" by bcrypt.
PASSWORD = "$2b$04$91zvxHwDtmcBddhAPc6fuu7PxB73sQRJsY4zcAUXOppZk5Y2NbOr6"
MACHINE = "this-machine"
CASE = Path(__file__).parents[1] / "cases" / "dcgm-labels-and-gaps"


def available(**options: Any) -> Prometheus:
    try:
        return Prometheus(**options)
    except TestbedError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def exporter() -> Iterator[Exporter]:
    with Exporter() as exporter:
        yield exporter


@pytest.fixture(scope="module")
def prometheus(exporter: Exporter) -> Iterator[Prometheus]:
    """It scrapes nodes under several layouts of labels, and this machine's node-exporter."""
    exporter.set(["address", "named", "joined"], cpu=0.6, memory=0.3, disk=0.2, network=0.5)
    exporter.set(["gpus"], gpus=4, gpu=0.7, gpu_memory=0.4)
    exporter.set(["mig"], gpus=2, gpu=0.3, gpu_memory=0.9, mig=True, xid=31)
    exporter.set(["broken"], gpus=2, gpu=0.1, xid=79)
    labels = {
        "address": {"instance": "10.0.0.1:9100"},
        "named": {"node": "named"},
        "joined": {"instance": "somewhere:9100"},
        **{name: {"instance": f"exporter-of-{name}:9400"} for name in ("gpus", "mig", "broken")},
    }
    (port,) = free_ports(1)
    targets = [Target(exporter.address, f"/{name}", labels[name]) for name in labels]
    with available(targets=[*targets, Target(f"127.0.0.1:{port}", "/metrics", {"node": MACHINE})]) as server:
        node_exporter = spawn(
            ["prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{port}"],
            server.directory / "exporter.log",
            keep=False,
        )
        full = "count_over_time(node_memory_MemTotal_bytes[5s]) >= 4"
        wait_for(lambda: len(server.query(full)) == 7, "the window is full")
        yield server
        stop([node_exporter], 1.0)


@pytest.fixture(scope="module")
def found(prometheus: Prometheus) -> dict[str, dict[str, float]]:
    """Per resource and node, what the built-in queries say."""
    return shares(prometheus)


def shares(prometheus: Prometheus) -> dict[str, dict[str, float]]:
    """The same, as of now."""
    reading = poll(Client(PrometheusSettings(prometheus.url))).reading
    return {
        resource: {node: reading.values[row, column] for row, node in enumerate(reading.nodes)}
        for column, resource in enumerate(reading.resources)
    }


def poll(client: Client) -> Measured:
    aliases = {name: (name,) for name in ("named", "joined", "gpus", "mig", "broken", MACHINE)} | {"address": ("10.0.0.1",)}
    nodes = NodeAliases(tuple(aliases), by_alias(aliases), QUERIES.labels).joined(client.ask("join", QUERIES.join()))
    return measured({name: client.ask(name, text) for name, text in QUERIES.filled().items()}, nodes, 1.0)


@pytest.mark.parametrize("node", ["address", "named", "joined"])
def test_what_node_exporter_tells(prometheus: Prometheus, node: str) -> None:
    near = pytest.approx({"cpu": 0.6, "memory": 0.3, "disk": 0.2, "network": 0.5}, abs=0.1)

    def told() -> dict[str, float]:
        found = shares(prometheus)
        return {resource: found[resource][node] for resource in ("cpu", "memory", "disk", "network")}

    assert told()["cpu"] == pytest.approx(0.6, abs=0.001), "however short a time it has been scraped, and however unevenly"
    wait_for(lambda: told() == near, "what the exporter plays is measured, once the scrapes come evenly")


def test_what_dcgm_exporter_tells(found: dict[str, dict[str, float]]) -> None:
    of = {name.removeprefix("nvidia.com/"): values for name, values in found.items() if name.startswith("nvidia.com/")}
    for node, gpu, memory, errors in (("gpus", 0.7, 0.4, 0.0), ("mig", 0.3, 0.9, 0.0), ("broken", 0.1, 0.0, 1.0)):
        told = (of["gpu"][node], of["gpu.memory"][node], of["gpu.errors"][node])
        assert told == pytest.approx((gpu, memory, errors)), node
    assert np.isnan(of["gpu"]["named"]), "a node without GPUs"


def test_a_real_node_exporter_gives_shares(found: dict[str, dict[str, float]]) -> None:
    assert 0.0 < found["memory"][MACHINE] < 1.0
    assert 0.0 < found["cpu"][MACHINE] < 1.001, "this machine may have nothing but work"
    for resource in ("disk", "network"):
        share = found.get(resource, {}).get(MACHINE, float("nan"))
        assert np.isnan(share) or -0.01 <= share <= 1.1, "a machine of the cloud may not know how fast its network is"
    assert set(found) == set(DEFAULTS)


def test_what_is_no_instant_vector_or_no_query_is_refused_by_name(prometheus: Prometheus) -> None:
    client = Client(PrometheusSettings(prometheus.url))
    for expression, words in (
        ("node_memory_MemTotal_bytes[1m]", "query memory: gives a range of values per series: it must give an instant vector"),
        ("scalar(up)", "query memory: gives a scalar: it must give an instant vector"),
        ('"up"', "query memory: gives a string: it must give an instant vector"),
        ("sum by (", "query memory: Prometheus refuses it: invalid parameter"),
        ("up * on() up", "query memory: Prometheus refuses it: "),
    ):
        with pytest.raises(LoadError) as caught:
            client.ask("memory", expression)
        assert words in str(caught.value)
        assert caught.value.of_one_query


# GPUs of which some tell nothing, under labels that name no node


@pytest.fixture(scope="module")
def gaps() -> Iterator[Prometheus]:
    """It scrapes one exporter twice: once with a label of the node, once with nothing but an address that is no node's."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = (CASE / "metrics-node-a.txt").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """The test has its own words."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as page:
        threading.Thread(target=page.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{page.server_port}"
        targets = [Target(address, "/a", {"node": "node-a"}), Target(address, "/b", {"instance": "10.9.8.7:9400"})]
        with available(targets=targets) as server:
            wait_for(lambda: len(server.query("count_over_time(DCGM_FI_DEV_GPU_UTIL[5s]) >= 4")) == 2, "the window is full")
            yield server
        page.shutdown()


def test_gpus_that_tell_something_count_and_series_of_no_node_are_told_with_an_example(gaps: Prometheus) -> None:
    client = Client(PrometheusSettings(gaps.url))
    nodes = NodeAliases(("node-a",), by_alias({"node-a": ("node-a",)}), QUERIES.labels)
    answers = {name: client.ask(name, text) for name, text in QUERIES.filled().items() if name.startswith("nvidia.com/")}
    found = measured(answers, nodes, 1.0)
    assert found.reading.nodes == ("node-a",)
    shares = dict(zip(found.reading.resources, found.reading.values[0].tolist(), strict=True))
    # The mean of two parts of the one GPU and of the whole other; of the one that is cut up, no frame buffer is told.
    assert shares == pytest.approx(
        {"nvidia.com/gpu": 0.5, "nvidia.com/gpu.memory": 78000 / 81000, "nvidia.com/gpu.errors": 0.0}
    )
    assert {each.reason for each in found.problems} == {"UnknownNodes"}
    assert all("such as {" in str(each) and "10.9.8.7:9400" in str(each) for each in found.problems)


def test_where_no_series_is_of_a_node_the_reason_says_so(gaps: Prometheus) -> None:
    client = Client(PrometheusSettings(gaps.url))
    nodes = NodeAliases(("other",), by_alias({"other": ("other",)}), QUERIES.labels)
    with pytest.raises(LoadError) as caught:
        measured({"nvidia.com/gpu": client.ask("gpu", QUERIES.filled()["nvidia.com/gpu"])}, nodes, 1.0)
    assert caught.value.reason == "UnknownNodes"


# Certificates and credentials


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> certificates.Certificates:
    return certificates.create(tmp_path_factory.mktemp("load") / "pki", ("127.0.0.1",))


@pytest.fixture(scope="module")
def guarded(pki: certificates.Certificates) -> Iterator[Prometheus]:
    """Over TLS, for those who know a name and its password."""
    with available(web=Web(pki.server, pki.server_key, {"bay": PASSWORD})) as server:
        yield server


def test_a_certificate_and_basic_authentication(guarded: Prometheus, pki: certificates.Certificates, tmp_path: Path) -> None:
    user, password = tmp_path / "username", tmp_path / "password"
    user.write_text("bay\n")
    password.write_text("wrong\n")
    settings = PrometheusSettings(guarded.url, username_file=user, password_file=password, ca_file=pki.ca)
    client = Client(settings)

    def reason(client: Client) -> str:
        client.refresh_credentials()
        try:
            return f"{len(client.ask('cpu', 'vector(0.5)'))} series"
        except LoadError as error:
            return error.reason

    assert reason(client) == "Unauthorized"
    password.write_text("harbour\n")
    assert reason(client) == "1 series", "the file is read anew"
    assert reason(Client(replace(settings, ca_file=None))) == "Certificate"
    other = certificates.create(tmp_path / "other", ("127.0.0.1",))
    assert reason(Client(replace(settings, ca_file=other.ca))) == "Certificate"
    assert reason(Client(replace(settings, username_file=None, password_file=None))) == "Unauthorized"


class Gate(BaseHTTPRequestHandler):
    """In front of Prometheus, as where a platform asks for a token."""

    behind = ""
    token = "s3cret"

    def do_GET(self) -> None:
        if self.headers.get("Authorization") != f"Bearer {self.token}":
            self.send_error(403)
            return
        with urllib.request.urlopen(self.behind + self.path, timeout=30) as answer:
            body = answer.read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_a_bearer_token(prometheus: Prometheus, tmp_path: Path) -> None:
    Gate.behind = prometheus.url
    with ThreadingHTTPServer(("127.0.0.1", 0), Gate) as gate:
        threading.Thread(target=gate.serve_forever, args=(0.05,), daemon=True).start()
        token = tmp_path / "token"
        client = Client(PrometheusSettings(f"http://127.0.0.1:{gate.server_address[1]}", token_file=token))
        for content, expected in (("old", "answers 403 to our credentials"), ("s3cret", None)):
            token.write_text(content)
            client.refresh_credentials()
            if expected is None:
                assert "address" in poll(client).reading.nodes
                continue
            with pytest.raises(LoadError, match=expected):
                poll(client)
        gate.shutdown()
