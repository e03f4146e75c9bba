"""What `bayplan show` says when it cannot show anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from bayplan_operator.cli import main
from bayplan_operator.cli.options.learning import completed
from tests.unit.cli.flags import commands, flags_of


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
    assert all(f"\n  {command} " in said.err for command in commands())


def test_help_tells_every_command_and_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listed = capsys.readouterr().out
    for name in commands():
        assert f"\n  {name} " in listed
        assert main([name, "-h"]) == 0
        said = capsys.readouterr().out
        assert [flag for _, flag in flags_of(name) if flag not in said] == []


FORMS = "'text', 'wide', 'json', 'yaml'"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["plan"], "bayplan plan: error: the following arguments are required: --file/-f\n"),
        (["compare", "-f", "x"], "bayplan compare: error: the following arguments are required: --policy\n"),
        (["show", "-o", "table"], f"bayplan show: error: argument --output/-o: 'table' is not one of {FORMS}\n"),
        (["compare", "-o", "x", "-f", "x"], f"bayplan compare: error: argument --output/-o: 'x' is not one of {FORMS}\n"),
        (
            ["show", "-A", "-n", "x"],
            "bayplan show: error: argument --all-namespaces/-A: not allowed with argument --namespace/-n\n",
        ),
        (["show", "a", "b"], "bayplan show: error: Got unexpected extra argument(s) (b)\n"),
        (
            ["operator", "--health-port", "x"],
            "bayplan operator: error: argument --health-port: must be a whole number, not 'x'\n",
        ),
        (["simulate", "-f", "x", "--seed"], "bayplan simulate: error: Option '--seed' requires an argument\n"),
        (["shwo"], "bayplan: error: No such command 'shwo'. Did you mean 'show'?\n"),
        (["plan", "--nodse", "x"], "bayplan plan: error: No such option: --nodse (Possible options: --nodes, --user)\n"),
    ],
)
def test_wrong_usage_is_one_sentence(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr() == ("", sentence)


def test_learn_alone_means_yes() -> None:
    assert completed(["simulate", "--learn", "-f", "x"]) == ["simulate", "--learn=yes", "-f", "x"]
    assert completed(["compare", "--learn", "both"]) == ["compare", "--learn", "both"]
    assert completed(["simulate", "--learn"]) == ["simulate", "--learn=yes"]
    assert completed([]) == []
