"""Where the chart has load measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bayplan_operator.view.prometheus import read
from tests.chart.rendering import CHART, Object, helm, of_kind, only, render

URL = "https://prometheus.example:9443/tenant"


def container(objects: list[Object]) -> Any:
    return only(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]


def test_nothing_is_measured_by_default_whatever_else_is_set() -> None:
    objects = render({"prometheus": {"tokenSecret": "t", "window": "1m"}, "networkPolicy": {"enabled": True}})
    assert not [flag for flag in container(objects)["args"] if "prometheus" in flag]
    assert of_kind(objects, "ConfigMap") == []
    assert [each["name"] for each in container(objects)["volumeMounts"]] == ["tmp"]
    assert len(only(objects, "NetworkPolicy")["spec"]["egress"]) == 2


def test_flags_and_files_go_together(tmp_path: Path) -> None:
    queries = {"window": "1m", "queries": {"cpu": 'avg by ($labels) (my_cpu{mode="x"}[$window])', "network": None}}
    objects = render({"prometheus": {"url": URL, "basicAuthSecret": "who", "caSecret": "ca", **queries}})
    assert [flag for flag in container(objects)["args"] if "prometheus" in flag] == [
        f"--prometheus-url={URL}",
        "--prometheus-interval=15",
        "--prometheus-timeout=10",
        "--prometheus-username-file=/etc/bayplan/basic-auth/username",
        "--prometheus-password-file=/etc/bayplan/basic-auth/password",
        "--prometheus-ca-file=/etc/bayplan/ca/ca.crt",
        "--prometheus-queries=/etc/bayplan/queries/queries.yaml",
    ]
    mounts = {each["name"]: each["mountPath"] for each in container(objects)["volumeMounts"]}
    assert mounts == {"tmp": "/tmp", **{name: f"/etc/bayplan/{name}" for name in ("basic-auth", "ca", "queries")}}
    volumes = {each["name"]: each for each in only(objects, "Deployment")["spec"]["template"]["spec"]["volumes"]}
    assert volumes["basic-auth"]["secret"] == {"secretName": "who"}
    assert volumes["ca"]["secret"] == {"secretName": "ca"}
    map_ = only(objects, "ConfigMap")
    assert volumes["queries"]["configMap"] == {"name": map_["metadata"]["name"]}
    written = tmp_path / "queries.yaml"
    written.write_text(map_["data"]["queries.yaml"])
    assert yaml.safe_load(written.read_text()) == queries
    assert read(written).window == 60, "the operator understands it"


def test_a_token() -> None:
    objects = render({"prometheus": {"url": URL, "tokenSecret": "t", "insecure": True}})
    assert container(objects)["args"][-2:] == ["--prometheus-token-file=/etc/bayplan/token/token", "--prometheus-insecure"]


def test_other_queries_begin_with_another_pod() -> None:
    def annotations(window: str) -> Any:
        values = {"prometheus": {"url": URL, "window": window}, "operator": {"podAnnotations": {"note": "y"}}}
        return only(render(values), "Deployment")["spec"]["template"]["metadata"]["annotations"]

    assert annotations("1m")["note"] == "y"
    assert annotations("1m") == annotations("1m") != annotations("2m")


@pytest.mark.parametrize(
    ("url", "port"), [(URL, 9443), ("http://prometheus", 80), ("https://prometheus/x", 443), ("http://[fd00::1]:9090", 9090)]
)
def test_the_network_policy_lets_the_operator_out_to_prometheus(url: str, port: int) -> None:
    peers = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
    values: dict[str, Any] = {"prometheus": {"url": url}, "networkPolicy": {"enabled": True}}
    assert only(render(values), "NetworkPolicy")["spec"]["egress"][2] == {"ports": [{"port": port}]}
    values["networkPolicy"]["prometheusTo"] = peers
    assert only(render(values), "NetworkPolicy")["spec"]["egress"][2] == {"ports": [{"port": port}], "to": peers}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"url": "prometheus:9090"}, "at '/prometheus/url': 'prometheus:9090' does not match pattern"),
        ({"url": "http://me:secret@prometheus"}, "at '/prometheus/url'"),
        ({"interval": 0}, "at '/prometheus/interval': minimum: got 0, want 0.1"),
        ({"tokenSecret": "a", "basicAuthSecret": "b"}, "at '/prometheus/basicAuthSecret': maxLength: got 1, want 0"),
        ({"window": "soon"}, "at '/prometheus/window': 'soon' does not match pattern"),
        ({"queries": {"cpu": 7}}, "at '/prometheus/queries/cpu': got number, want null or string"),
        ({"nodeLabels": ["a-b"]}, "at '/prometheus/nodeLabels/0': 'a-b' does not match pattern"),
        ({"uri": "x"}, "at '/prometheus': additional properties 'uri' not allowed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_values_are_refused_by_name(values: dict[str, Any], message: str) -> None:
    run = helm("template", "test", str(CHART), "--values", "-", values={"prometheus": values})
    assert run.returncode != 0
    assert message in run.stderr, run.stderr
