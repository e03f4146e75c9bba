"""One table of exit codes, for all commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bayplan_operator import settings
from bayplan_operator.cli import main
from bayplan_operator.cli.exit_codes import ExitCode
from tests.unit.cli import sample
from tests.unit.cli.api_server import TEAM_GRAPHS, Api, api, kubeconfig
from tests.unit.cli.flags import commands
from tests.unit.cli.whatif_files import GRAPH, NODES, run, write

DOCS = Path(__file__).parents[3] / "docs" / "operations.md"
HUGE = GRAPH.replace('cpu: "4"', 'cpu: "40"')
LATE = GRAPH.replace("deadline: 1m", "deadline: 30s")
CODES = {"fine": (GRAPH, 0), "no node could hold it": (HUGE, 3), "too late": (LATE, 3)}


@pytest.mark.parametrize("command", ["", *commands()])
def test_help_has_the_table(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    main([*([command] if command else []), "--help"])
    said = capsys.readouterr().out
    for code in ExitCode:
        assert f"{code.value:>5}  {code.words}\n" in said


def test_the_docs_have_the_table() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert [row for row in (f"| {code.value} | {code.words} |" for code in ExitCode) if row not in text] == []


def test_no_two_ends_have_one_code() -> None:
    assert [code.value for code in ExitCode] == [0, 1, 2, 3, 4, 130, 141]
    assert ExitCode.LEASE_LOST == settings.LEASE_LOST


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("command", ["plan", "simulate"])
@pytest.mark.parametrize(("graph", "code"), CODES.values(), ids=CODES)
def test_whether_graphs_complete_in_time(
    command: str, graph: str, code: int, form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = ("-f", write(tmp_path, "graph.yaml", graph), "--nodes", write(tmp_path, "nodes.yaml", NODES))
    found, out, err = run(capsys, command, *work, "-o", form)
    assert (found, err) == (code, "")
    assert out, "it is shown all the same"


def test_a_simulation_in_which_a_graph_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = ("-f", write(tmp_path, "graph.yaml", GRAPH), "--nodes", write(tmp_path, "nodes.yaml", NODES))
    assert run(capsys, "simulate", *work, "--failures", "attempts=100%")[0] == 3
    assert run(capsys, "simulate", *work, "--until", "15s")[0] == 3, "it has not completed by then"


def test_one_graph_of_several_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = (GRAPH, HUGE.replace("sample", "huge"))
    files = [each for number, text in enumerate(both) for each in ("-f", write(tmp_path, f"{number}.yaml", text))]
    assert run(capsys, "plan", *files, "--nodes", write(tmp_path, "nodes.yaml", NODES))[0] == 3


def test_a_comparison_asks_for_one_policy_that_serves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Spread takes slow nodes, on which the deadline passes."""
    nodes = write(tmp_path, "nodes.yaml", NODES)
    late = ("-f", write(tmp_path, "graph.yaml", GRAPH), "--nodes", nodes, "--speeds", "fast=2,slow=0.5")
    spread, plan = ("--policy", "Spread"), ("--policy", "GraphPlan")
    code, out, _ = run(capsys, "compare", *late, *spread)
    assert code == 3
    assert "Not all graphs complete, and in time: Spread with 1 of 1 seed\n" in out
    code, out, _ = run(capsys, "compare", *late, *spread, *plan, "-o", "json")
    assert code == 0
    assert [(row["policy"], row["unmet"]) for row in json.loads(out)["rows"]] == [("Spread", [0]), ("GraphPlan", [])]


@pytest.fixture
def cluster() -> Iterator[Api]:
    with api() as found:
        found.has("/api/v1/namespaces/team/pods")
        found.has("/api/v1/nodes")
        yield found


def missed(status: dict[str, Any]) -> dict[str, Any]:
    late = {"type": "DeadlineMissed", "status": "True", "reason": "EndedLate", "message": "it ended later"}
    return status | {"conditions": [*status["conditions"], late]}


ENDS = {
    "succeeded": (sample.raw(**sample.over()), 0),
    "failed": (sample.raw(**sample.over("Failed", "task train failed")), 3),
    "too late": (sample.raw(**missed(sample.over())), 3),
}


@pytest.mark.parametrize(("graph", "code"), ENDS.values(), ids=ENDS)
def test_show_answers_and_watch_judges(
    graph: dict[str, Any], code: int, cluster: Api, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph["spec"]["deadline"] = "8s"
    cluster.answers[f"{TEAM_GRAPHS}/sample"] = (200, graph)
    flags = ("--kubeconfig", kubeconfig(tmp_path, cluster.url), "--context", "near")
    assert run(capsys, "show", "sample", *flags)[0] == 0, "the question was how it went"
    assert run(capsys, "show", "sample", "--watch", *flags)[0] == code
