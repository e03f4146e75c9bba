"""The commands against a real API server: kubectl's flags, exit codes, versions, and completion by kubectl itself."""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from bayplan_operator.cli import main
from tests.cluster.kube import Kube, task
from tests.cluster.test_failures import FAILS
from tests.testbed.cluster import Cluster

ROOT = Path(__file__).parents[2]


@pytest.fixture
def config(testbed: Cluster, kube: Kube, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The context `here` has the test's namespace; the current one leads to where nothing listens."""
    view = json.loads(testbed.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json").stdout)
    (here,) = view["contexts"]
    view["contexts"] = [
        {"name": "here", "context": {**here["context"], "namespace": kube.namespace}},
        {"name": "nowhere", "context": {"cluster": "nowhere", "user": here["context"]["user"]}},
    ]
    view["clusters"].append({"name": "nowhere", "cluster": {"server": "https://127.0.0.1:1"}})
    view["current-context"] = "nowhere"
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(view))
    monkeypatch.setenv("KUBECONFIG", str(path))
    return path


@pytest.fixture
def done(kube: Kube, config: Path) -> str:
    kube.create("done", task("a", seconds=0.2))
    kube.wait_condition("done", "Complete")
    return "done"


@pytest.fixture
def second(testbed: Cluster) -> Iterator[str]:
    """Another namespace with a graph that never starts."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    testbed.kubectl("create", "namespace", name)
    other = Kube(testbed.kubeconfig, name)
    other.create("other", task("a"), suspend=True)
    yield name
    other.delete_all()
    testbed.kubectl("delete", "namespace", name, "--wait=false")


def test_contexts_and_namespaces(done: str, second: str, kube: Kube, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show"]) == 1
    assert "the cluster at https://127.0.0.1:1 does not answer" in capsys.readouterr().err
    assert main(["show", "--context", "here"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["NAME", done]
    assert main(["show", "--context", "here", "-A", "-o", "json"]) == 0
    listed = {(each["namespace"], each["name"]) for each in json.loads(capsys.readouterr().out)}
    assert listed >= {(kube.namespace, done), (second, "other")}
    assert main(["show", "--context", "here", "-n", second]) == 0
    assert "other" in capsys.readouterr().out
    assert main(["show", done, "--context", "here", "-n", second]) == 1
    assert f'there is no TaskGraph "{done}" in the namespace "{second}"' in capsys.readouterr().err


def test_impersonation(done: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "--context", "here", "--as", "eve"]) == 1
    said = capsys.readouterr().err
    assert 'User "eve" cannot list resource "taskgraphs"' in said
    assert said.count("\n") == 1
    assert main(["show", "--context", "here", "--as", "eve", "--as-group", "x", "--as-group", "system:masters"]) == 0
    assert done in capsys.readouterr().out


def test_without_credentials(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    view = json.loads(config.read_text())
    view["users"].append({"name": "mallory", "user": {"token": "no-token-of-anyone"}})
    config.write_text(json.dumps(view))
    assert main(["show", "--context", "here", "--user", "mallory"]) == 1
    assert "does not accept the credentials of the kubeconfig: Unauthorized" in capsys.readouterr().err


def test_watching_ends_as_the_graph_did(done: str, kube: Kube, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", done, "--context", "here", "--watch"]) == 0
    kube.create("bad", task("a", seconds=0.2, annotations=FAILS, retry={"limit": 0}))
    assert main(["show", "bad", "--context", "here", "--watch"]) == 3
    assert main(["show", "bad", "--context", "here"]) == 0
    assert "exit code 3" in capsys.readouterr().out


def test_versions(testbed: Cluster, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = json.loads(testbed.kubectl("version", "-o", "json").stdout)["serverVersion"]["gitVersion"]
    chart = (ROOT / "charts" / "bayplan" / "Chart.yaml").read_text().partition("appVersion: ")[2].splitlines()[0].strip('"')
    assert main(["version", "--context", "here", "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["kubernetes"] == server
    assert ("bayplan-operator", chart) in [(each["name"], each["version"]) for each in found["operators"]]
    assert main(["version", "--context", "here", "--as", "eve", "--as-group", "system:authenticated"]) == 0
    assert 'Operator Version: unknown (deployments.apps is forbidden: User "eve"' in capsys.readouterr().out


def test_kubectl_completes(done: str, testbed: Cluster, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, module in (
        ("kubectl-bayplan", "bayplan_operator.cli"),
        ("kubectl_complete-bayplan", "bayplan_operator.cli.completion"),
    ):
        program = tmp_path / name
        program.write_text(f"#!{sys.executable}\nimport sys\nfrom {module} import main\nsys.exit(main())\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    flags = ("--kubeconfig", str(config), "--context", "here")
    lines = testbed.kubectl("__complete", "bayplan", "show", *flags, "").stdout.splitlines()
    assert lines[:2] == [done, ":4"]
    assert testbed.kubectl("bayplan", "show", *flags).stdout.splitlines()[1].startswith(done)
