"""`bayplan version`: of this program, of the operator and of the cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.api_server import Api, api, kubeconfig
from tests.unit.cli.processes import imported_by
from tests.unit.cli.whatif_files import run

CLIENT = f"Client Version: {version('bayplan')}\n"
DEPLOYMENTS = "/apis/apps/v1/deployments"


@pytest.fixture
def cluster() -> Iterator[Api]:
    with api() as found:
        found.answers["/version"] = (200, {"major": "1", "minor": "36", "gitVersion": "v1.36.1"})
        found.has(DEPLOYMENTS, deployment())
        yield found


def deployment() -> dict[str, Any]:
    return {
        "metadata": {"namespace": "bayplan-system", "name": "bayplan-operator",
                     "labels": {"app.kubernetes.io/version": "0.2.0"}},
        "spec": {"template": {"spec": {"containers": [{"name": "operator", "image": "bayplan:0.2.0"}]}}},
    }  # fmt: skip


def asked(cluster: Api, folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str, str]:
    return run(capsys, "version", "--kubeconfig", kubeconfig(folder, cluster.url), "--context", "near", *more)


def test_all_three(cluster: Api, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    operator = "Operator Version: 0.2.0 (Deployment bayplan-system/bayplan-operator, image bayplan:0.2.0)\n"
    assert asked(cluster, tmp_path, capsys) == (0, f"{CLIENT}{operator}Kubernetes Version: v1.36.1\n", "")
    found = json.loads(asked(cluster, tmp_path, capsys, "-o", "json")[1])
    assert (found["client"], found["kubernetes"]) == (version("bayplan"), "v1.36.1")
    assert [each["version"] for each in found["operators"]] == ["0.2.0"]


def test_no_operator_and_no_right_to_see_it(cluster: Api, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cluster.has(DEPLOYMENTS)
    assert "Operator Version: none is installed\n" in asked(cluster, tmp_path, capsys)[1]
    cluster.refuses(DEPLOYMENTS, 403, "deployments.apps is forbidden")
    code, out, err = asked(cluster, tmp_path, capsys)
    assert (code, err) == (0, "")
    assert "Operator Version: unknown (deployments.apps is forbidden)\nKubernetes Version: v1.36.1\n" in out


def test_only_the_client_asks_no_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "version", "--client", "--kubeconfig", "/nonexistent") == (0, CLIENT, "")
    assert imported_by("version", "--client") & {"kubernetes", "aiohttp"} == set()


def test_without_a_cluster_this_programs_version_is_printed_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "version", "--kubeconfig", "/nonexistent")
    assert (code, out) == (1, CLIENT)
    assert err == "bayplan: no cluster to ask: there is no kubeconfig /nonexistent\n"
