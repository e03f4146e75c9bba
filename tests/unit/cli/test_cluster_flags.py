"""Which cluster is asked, and as whom: kubectl's flags, and what can go wrong with them."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.cli import sample
from tests.unit.cli.api_server import FORBIDDEN, GRAPHS, TEAM_GRAPHS, Api, api, kubeconfig
from tests.unit.cli.whatif_files import run


@pytest.fixture
def cluster() -> Iterator[Api]:
    with api() as found:
        found.has(TEAM_GRAPHS, sample.raw(**sample.over()))
        found.has(GRAPHS, sample.raw(**sample.over()))
        yield found


@pytest.fixture
def config(cluster: Api, tmp_path: Path) -> Path:
    return kubeconfig(tmp_path, cluster.url)


def impersonation(found: Api) -> list[tuple[str, str]]:
    return [(name, value) for name, value in found.headers if name.startswith("Impersonate")]


def test_a_context_names_cluster_user_and_namespace(cluster: Api, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "show", "--kubeconfig", config, "--context", "near")
    assert (code, err) == (0, "")
    assert out.splitlines()[1].split()[:2] == ["sample", "Succeeded"]
    assert cluster.asked[-1][0] == TEAM_GRAPHS
    assert ("Authorization", "Bearer a") in cluster.headers
    assert impersonation(cluster) == []


def test_cluster_and_user_change_the_context(cluster: Api, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ("--cluster", "near", "--user", "bob")
    code, out, _ = run(capsys, "show", "--kubeconfig", config, *flags)
    assert (code, out) == (1, ""), "its namespace is the current context's, which that cluster does not know"
    assert cluster.asked[-1][0] == "/apis/bayplan.dev/v1alpha1/namespaces/elsewhere/taskgraphs"
    assert run(capsys, "show", "--kubeconfig", config, *flags, "-n", "team")[0] == 0
    assert ("Authorization", "Bearer b") in cluster.headers


def test_all_namespaces(cluster: Api, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "show", "--kubeconfig", config, "--context", "near", "-A")
    assert code == 0
    assert out.splitlines()[0].startswith("NAMESPACE")
    assert cluster.asked[-1][0] == GRAPHS


def test_impersonation(cluster: Api, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ("--as", "eve", "--as-group", "x", "--as-group", "y")
    assert run(capsys, "show", "--kubeconfig", config, "--context", "near", *flags)[0] == 0
    assert impersonation(cluster) == [("Impersonate-User", "eve"), ("Impersonate-Group", "x"), ("Impersonate-Group", "y")]


def test_a_kubeconfig_can_impersonate_and_flags_replace_it(
    cluster: Api, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = kubeconfig(tmp_path, cluster.url, {"token": "a", "as": "eve", "as-groups": ["x"], "as-uid": "7"})
    assert run(capsys, "show", "--kubeconfig", config, "--context", "near")[0] == 0
    assert impersonation(cluster) == [("Impersonate-User", "eve"), ("Impersonate-Group", "x"), ("Impersonate-Uid", "7")]
    assert run(capsys, "show", "--kubeconfig", config, "--context", "near", "--as", "dan")[0] == 0
    assert impersonation(cluster) == [("Impersonate-User", "dan")]


def test_several_kubeconfigs_are_merged(
    cluster: Api, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.write_text("{apiVersion: v1, kind: Config, contexts: [{name: mine, context: {cluster: near, user: bob}}]}")
    monkeypatch.setenv("KUBECONFIG", f"{config}:{other}")
    assert run(capsys, "show", "--context", "mine", "-n", "team")[0] == 0
    assert ("Authorization", "Bearer b") in cluster.headers
    assert run(capsys, "show", "--kubeconfig", config, "--context", "mine")[0] == 1, "the flag comes first"
    other.write_text(f"{other.read_text()[:-1]}, current-context: mine}}")
    monkeypatch.setenv("KUBECONFIG", f"{other}:{config}")
    assert run(capsys, "show", "-n", "team")[0] == 0, "the first current context holds"
    monkeypatch.setenv("KUBECONFIG", f"{config}:{other}")
    assert run(capsys, "show", "-n", "team")[0] == 1


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--context", "neer"], '--context is "neer", which is unknown: did you mean "near"?'),
        (["--cluster", "x"], '--cluster is "x", which is unknown: there are far, near'),
        (["--user", "alize"], '--user is "alize", which is unknown: did you mean "alice"?'),
    ],
)
def test_names_that_the_kubeconfig_does_not_have(
    flags: list[str], sentence: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "show", "--kubeconfig", config, *flags) == (1, "", f"bayplan: {sentence}\n")


@pytest.mark.parametrize(
    "text",
    [
        "", "[", "a: 1", "- 1", "{contexts: 3}", "{contexts: [{name: c}], current-context: c}", "\x00",
        "{contexts: [{name: c, context: {cluster: c}}], clusters: [], users: [], current-context: c}",
        "{contexts: [{name: c, context: {cluster: c}}], clusters: [{name: c, cluster: 3}], current-context: c}",
        "{clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1', certificate-authority: /nonexistent}}],"
        " contexts: [{name: c, context: {cluster: c}}], current-context: c}",
        "{clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1', certificate-authority-data: AAAA}}],"
        " contexts: [{name: c, context: {cluster: c}}], current-context: c}",
        "{clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}], users: [],"
        " contexts: [{name: c, context: {cluster: c, user: u}}], current-context: c}",
    ],
)  # fmt: skip
def test_a_kubeconfig_that_makes_no_sense(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    code, out, err = run(capsys, "show", "--kubeconfig", path)
    assert (code, out) == (1, "")
    assert err.startswith("bayplan: ")
    assert err.count("\n") == 1


def test_a_context_with_a_user_that_is_not_there(cluster: Api, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The official client would go on without credentials."""
    config.write_text(config.read_text().replace("user: alice", "user: alize"))
    sentence = 'the user of the kubeconfig\'s context is "alize", which is unknown: did you mean "alice"?'
    assert run(capsys, "show", "--kubeconfig", config, "--context", "near") == (1, "", f"bayplan: {sentence}\n")
    assert cluster.asked == []


def test_without_a_current_context(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text("{apiVersion: v1, clusters: [], contexts: [], users: []}")
    said = "bayplan: the kubeconfig has no current context: name one with --context\n"
    assert run(capsys, "show", "--kubeconfig", path) == (1, "", said)


@pytest.mark.parametrize("command", [["show"], ["version"], ["release"], ["plan", "-f", "examples/minimal.yaml"]])
def test_a_cluster_that_does_not_answer(command: list[str], config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, *command, "--kubeconfig", config)
    assert code == 1
    assert err.startswith("bayplan: the cluster at http://127.0.0.1:1 does not answer: GET ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("status", "message", "sentence"),
    [
        (403, FORBIDDEN, FORBIDDEN),
        (401, "Unauthorized", "the cluster at URL does not accept the credentials of the kubeconfig: Unauthorized"),
        (404, "", "the cluster knows no TaskGraphs: install Bayplan's chart or apply crds/ first"),
        (503, "etcd is slow", "etcd is slow"),
    ],
)
def test_what_the_cluster_refuses(
    status: int, message: str, sentence: str, cluster: Api, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.refuses(TEAM_GRAPHS, status, message)
    answer = run(capsys, "show", "--kubeconfig", config, "--context", "near")
    assert answer == (1, "", f"bayplan: {sentence.replace('URL', cluster.url)}\n")


def test_a_name_that_is_not_there(cluster: Api, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "show", "smaple", "--kubeconfig", config, "--context", "near")
    assert code == 1
    assert err == 'bayplan: there is no TaskGraph "smaple" in the namespace "team": did you mean "sample"?\n'


def test_a_name_where_bayplan_is_not_installed(cluster: Api, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cluster.answers.clear()
    said = "bayplan: the cluster knows no TaskGraphs: install Bayplan's chart or apply crds/ first\n"
    assert run(capsys, "show", "sample", "--kubeconfig", config, "--context", "near") == (1, "", said)


def test_a_request_has_its_time(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        path = kubeconfig(config.parent, f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        code, _, err = run(capsys, "show", "--kubeconfig", path, "--context", "near", "--request-timeout", "100ms")
        assert time.monotonic() - began < 15, "by default it is 20 s"
    assert code == 1
    assert "does not answer: GET /apis/bayplan.dev" in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "--as-group", "x"], "--as-group needs --as: name the user to impersonate too"),
        (["release", "-A", "-n", "x"], "argument --all-namespaces/-A: not allowed with argument --namespace/-n"),
        (["show", "--request-timeout", "soon"],
         'argument --request-timeout: "soon" must be a duration such as 90s, 45m, 1h30m or 250ms'),
        (["plan", "-f", "x", "--nodes", "y", "--context", "z"],
         "--nodes says where the graphs go, so no cluster is asked: leave --nodes away, or what names a cluster"),
    ],
)  # fmt: skip
def test_flags_that_do_not_go_together(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, *arguments) == (2, "", f"bayplan {arguments[0]}: error: {sentence}\n")


def test_the_same_figures_in_json_and_yaml(cluster: Api, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found: list[Any] = []
    for form, read in (("json", json.loads), ("yaml", yaml.safe_load)):
        _, out, _ = run(capsys, "show", "--kubeconfig", config, "--context", "near", "-o", form)
        found.append([{**line, "age": 0} for line in read(out)])
    assert found[0] == found[1]
    assert found[0][0]["created"] == "2030-01-01T12:00:00Z"
