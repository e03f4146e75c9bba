"""`kubectl_complete-bayplan`: what kubectl is told that the last word could be."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bayplan_operator.cli import completion
from tests.unit.cli import sample
from tests.unit.cli.api_server import TEAM_GRAPHS, Api, api, kubeconfig
from tests.unit.cli.flags import commands
from tests.unit.cli.processes import ROOT, environment

FILES, NO_FILES = ":0", ":4"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[Api, Path]]:
    with api() as found:
        found.has(TEAM_GRAPHS, sample.raw(), {"metadata": {"name": "other"}})
        found.has("/api/v1/namespaces", {"metadata": {"name": "team"}}, {"metadata": {"name": "default"}})
        yield found, kubeconfig(tmp_path, found.url)


def answered(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    monkeypatch.setattr(sys, "argv", ["kubectl_complete-bayplan", *words])
    assert completion.main() == 0
    said = capsys.readouterr()
    assert said.err == ""
    return [line.partition("\t")[0] for line in said.out.splitlines()]


def test_commands_with_what_they_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert answered(monkeypatch, capsys, "") == [*commands(), NO_FILES]
    assert answered(monkeypatch, capsys) == [*commands(), NO_FILES]
    assert answered(monkeypatch, capsys, "sh") == ["show", NO_FILES]


def test_it_is_a_program_of_its_own() -> None:
    """As kubectl calls it, by the entry point in pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text()
    (name,) = re.findall(r'"kubectl_complete-bayplan" = "([\w.]+:\w+)"', text)
    module, _, function = name.partition(":")
    script = f"import sys; from {module} import {function}; sys.exit({function}())"
    command = [sys.executable, "-c", script, "plan", "--node"]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == "--nodes\tnodes: kubectl get nodes -o yaml, or a short list\n:4\n"


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("show", "-o", ""), ["text", "wide", "json", "yaml", NO_FILES]),
        (("show", "--all"), ["--all-namespaces", NO_FILES]),
        (("plan", "-f", ""), [FILES]),
        (("plan", "--nodes", "exa"), [FILES]),
        (("report", ""), [FILES]),
        (("compare", "--seeds", ""), [NO_FILES]),
    ],
)
def test_flags_and_their_values(
    words: tuple[str, ...], answer: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answered(monkeypatch, capsys, *words) == answer


def test_names_of_graphs_namespaces_and_contexts(
    cluster: tuple[Api, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--kubeconfig", str(cluster[1]), "--context", "near")
    assert answered(monkeypatch, capsys, "show", *flags, "") == ["other", "sample", NO_FILES]
    assert answered(monkeypatch, capsys, "show", *flags, "sa") == ["sample", NO_FILES]
    assert answered(monkeypatch, capsys, "show", *flags, "-n", "t") == ["team", NO_FILES]
    assert answered(monkeypatch, capsys, "show", *flags[:2], "--context", "") == ["far", "near", NO_FILES]
    assert answered(monkeypatch, capsys, "show", *flags[:2], "--user", "b") == ["bob", NO_FILES]


@pytest.mark.parametrize("flags", [["--kubeconfig", "/nonexistent"], ["--context", "x"], ["--as-group", "x"]])
def test_a_cluster_that_cannot_be_asked_completes_nothing(
    flags: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, "http://127.0.0.1:1")))
    assert answered(monkeypatch, capsys, "show", *flags, "") == [NO_FILES]


def test_without_the_client_of_clusters_the_rest_is_completed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "bayplan_operator.cli.work.completing", raising=False)
    monkeypatch.delitem(sys.modules, "bayplan_operator.cli.cluster.kubeconfig", raising=False)
    monkeypatch.setitem(sys.modules, "kubernetes", None)
    assert answered(monkeypatch, capsys, "show", "") == [NO_FILES]
    assert answered(monkeypatch, capsys, "show", "--watc") == ["--watch", NO_FILES]
