"""What comes back again and again: repeated graphs, run times that are learned, adaptive policies."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.whatif_files import GRAPH, NODES, run, run_json, write

EXAMPLES = Path(__file__).parents[3] / "examples" / "simulation"
RECURRING = ("-f", EXAMPLES / "recurring.yaml", "--nodes", EXAMPLES / "nodes.yaml", "--speeds", "a100=2,cpu=0.5")
POLICY = EXAMPLES / "adaptive.yaml"


def simulated(capsys: pytest.CaptureFixture[str], *more: str | Path) -> dict[str, Any]:
    return run_json(capsys, "simulate", *RECURRING, "--repeat", "40", "--every", "25s", *more)


def test_graphs_are_submitted_round_after_round(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = write(tmp_path, "a.yaml", GRAPH), write(tmp_path, "b.yaml", GRAPH.replace("sample", "sample-2"))
    files = ("-f", one, "-f", other, "--nodes", write(tmp_path, "n.yaml", NODES))
    found = run_json(capsys, "simulate", *files, "--repeat", "3", "--every", "10s")
    assert [(graph["name"], graph["submitted"]) for graph in found["graphs"]] == [
        ("team/sample", 0.0), ("team/sample-2", 10.0), ("team/sample-3", 20.0),
        ("team/sample-2-2", 30.0), ("team/sample-4", 40.0), ("team/sample-2-3", 50.0),
    ]  # fmt: skip


def test_simulated_pods_run_as_long_as_on_simulated_nodes(capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "simulate", *RECURRING[:4])
    took = {each["task"]: each["end"] - each["start"] for each in found["attempts"]}
    assert took == {"collect": 20.0, "fit": 120.0, "check": 30.0, "report": 10.0}


def test_learning_finds_the_quick_nodes(capsys: pytest.CaptureFixture[str]) -> None:
    without = simulated(capsys, "--policy", "Efficiency")
    learned = simulated(capsys, "--policy", "Efficiency", "--learn")
    assert learned["figures"]["completion"] < 0.6 * without["figures"]["completion"]
    late = Counter(each["node"].partition("-")[0] for each in learned["attempts"][60:])
    assert late["cpu"] == 0, "a speed of a half"
    assert late["a100"] > 0.6 * late.total()


def test_an_adaptive_policy_says_what_it_chose_and_when_it_changed_its_mind(capsys: pytest.CaptureFixture[str]) -> None:
    found = simulated(capsys, "--policy", POLICY, "--learn")
    chosen = Counter(graph["strategy"] for graph in found["graphs"])
    assert chosen.most_common(1)[0][0] == "Efficiency"
    assert found["switches"][0]["why"].startswith(f"{found['switches'][0]['strategy']}: expected slowdown ")
    work = ("--repeat", "40", "--every", "25s", "--policy", POLICY, "--learn")
    code, out, _ = run(capsys, "simulate", *RECURRING, *work)
    assert code == 0
    assert f"Graphs by strategy: Efficiency {chosen['Efficiency']}, " in out
    assert f": now {found['switches'][-1]['why']}" in out
    header, first, *_ = out.splitlines()
    assert header.split()[:3] == ["GRAPH", "STATUS", "STRATEGY"]
    assert first.split()[2] == found["graphs"][0]["strategy"]


def test_the_page_says_so_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    work = ("--repeat", "40", "--every", "25s", "--policy", POLICY, "--learn")
    code, _, _ = run(capsys, "report", *RECURRING, *work, "--out", page)
    assert code == 0
    assert "Graphs by strategy: Efficiency " in page.read_text()
    assert ": now Efficiency: expected slowdown " in page.read_text()
    run(capsys, "report", *RECURRING, "--out", page)
    assert "trategy" not in page.read_text().partition("<main>")[2].partition("<script>")[0]


BY_AGE = """
apiVersion: bayplan.dev/v1alpha1
kind: PlacementPolicy
metadata: {name: by-age}
spec: {order: [Priority, Age], scorers: [{name: Spread}]}
"""


def test_compare_shows_what_learning_is_worth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    by_age = write(tmp_path, "by-age.yaml", BY_AGE)
    work = ("--repeat", "30", "--every", "25s", "--policy", "Efficiency", "--policy", by_age)
    rows = run_json(capsys, "compare", *RECURRING, *work, "--learn", "both", "--seeds", "1,2", "--noise", "0.2")["rows"]
    assert [row["policy"] for row in rows] == ["Efficiency", "Efficiency, learning", "by-age", "by-age, learning"]
    assert rows[1]["differences"]["completion"]["mean"] < -50
    assert rows[2]["figures"] == rows[3]["figures"], "neither its order nor its scorer goes by it"
    alone = run_json(capsys, "compare", *RECURRING, *work, "--learn", "--seeds", "1,2", "--noise", "0.2")["rows"]
    assert [row["policy"] for row in alone] == ["Efficiency", "by-age"]
    assert alone[0]["figures"] == rows[1]["figures"]


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "no times": (("--repeat", "0"), '"0" must be a whole number from 1 to 10,000'),
    "half": (("--repeat", "1.5"), '"1.5" must be a whole number from 1 to 10,000'),
    "learn": (("--learn", "maybe"), "argument --learn: 'maybe' is not one of 'no', 'yes'"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    more, said = WRONG[what]
    code, _, err = run(capsys, "simulate", *RECURRING, *more)
    assert code == 2
    assert said in err


def test_a_run_time_that_is_none_is_refused_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (EXAMPLES / "recurring.yaml").read_text().replace('"120"', '"soon"')
    path = write(tmp_path, "g.yaml", text)
    code, _, err = run(capsys, "simulate", "-f", path, "--nodes", EXAMPLES / "nodes.yaml")
    assert code == 2
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "name: fit" in each)
    where = 'spec.tasks[1].template.metadata.annotations.sim.bayplan.dev/seconds is "soon": it must be seconds above 0'
    assert where in err
    assert any(f"line {number}" in err for number in range(line, line + 4)), err
