"""What `bayplan show` says when it cannot show anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from bayplan_operator.cli import main


def test_no_cluster(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "--kubeconfig", "/nonexistent/kubeconfig"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("bayplan: no cluster to ask: set KUBECONFIG, or name a file with --kubeconfig (")
    assert said.count("\n") == 1


def test_a_cluster_that_does_not_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(
        "{apiVersion: v1, kind: Config, current-context: c,"
        " clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}], users: [{name: c, user: {}}],"
        " contexts: [{name: c, context: {cluster: c, user: c, namespace: team}}]}"
    )
    assert main(["show", "sample", "--kubeconfig", str(path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("bayplan: the cluster at http://127.0.0.1:1 does not answer: GET ")
    assert "/namespaces/team/taskgraphs/sample" in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "--watch"], "--watch needs the NAME of a graph, and writes text only"),
        (["show", "a", "--watch", "-o", "json"], "--watch needs the NAME of a graph, and writes text only"),
        (["show", "a", "-A"], "NAME and --all-namespaces exclude each other: name the graph's namespace with -n"),
    ],
)
def test_arguments_that_do_not_go_together(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


def test_without_a_command_it_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert all(f"\n    {command} " in said.err for command in ("operator", "show", "plan", "simulate", "compare", "report"))
