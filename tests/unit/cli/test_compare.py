"""`bayplan compare`: policies on one workload, with confidence intervals."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.whatif_files import GRAPH, NODES, run, run_json, write

LUCK = ("--noise", "0.4", "--speeds", "fast=2", "--seeds", "1-6")
T_5 = 2.570581836  # Student's t, 5 degrees of freedom, 97.5 %


@pytest.fixture
def compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    files = ("-f", write(tmp_path, "g.yaml", GRAPH), "--nodes", write(tmp_path, "n.yaml", NODES))
    return run_json(capsys, "compare", *files, "--policy", "BestFit", "--policy", "Spread", *LUCK)


def test_means_and_intervals(compared: dict[str, Any]) -> None:
    assert [row["policy"] for row in compared["rows"]] == ["BestFit", "Spread"]
    for row in compared["rows"]:
        makespan = row["figures"]["makespan"]
        assert len(makespan["values"]) == len(set(makespan["values"])) == 6
        assert makespan["mean"] == pytest.approx(statistics.mean(makespan["values"]))
        half = T_5 * statistics.stdev(makespan["values"]) / 6**0.5
        assert makespan["high"] - makespan["mean"] == pytest.approx(half)


def test_differences_are_taken_in_pairs(compared: dict[str, Any]) -> None:
    first, second = compared["rows"]
    assert first["differences"] == {}
    differences = second["differences"]["makespan"]["values"]
    pairs = zip(first["figures"]["makespan"]["values"], second["figures"]["makespan"]["values"], strict=True)
    assert differences == pytest.approx([theirs - ours for ours, theirs in pairs])


def test_each_seed_is_what_simulate_says(tmp_path: Path, compared: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    files = ("-f", tmp_path / "g.yaml", "--nodes", tmp_path / "n.yaml")
    alone = run_json(capsys, "simulate", *files, "--policy", "Spread", *LUCK[:4], "--seed", "4")
    assert alone["figures"]["makespan"] == compared["rows"][1]["figures"]["makespan"]["values"][3]


def test_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = write(
        tmp_path,
        "mine.yaml",
        "apiVersion: bayplan.dev/v1alpha1\nkind: PlacementPolicy\nmetadata: {name: mine}\nspec: {preset: Spread}",
    )
    files = ("-f", write(tmp_path, "g.yaml", GRAPH), "--nodes", write(tmp_path, "n.yaml", NODES))
    code, out, err = run(capsys, "compare", *files, "--policy", "BestFit", "--policy", policy, *LUCK)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split("  ")[0] == "POLICY"
    assert lines[1].startswith("BestFit")
    assert lines[2].startswith("mine")
    assert " ± " in lines[1]
    assert "mean and 95 % confidence interval over 6 seeds; 1 graph on 4 nodes" in out


def test_the_same_policy_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ("-f", write(tmp_path, "g.yaml", GRAPH), "--nodes", write(tmp_path, "n.yaml", NODES))
    code, _, err = run(capsys, "compare", *files, "--policy", "BestFit", "--policy", "BestFit")
    assert (code, err) == (2, "bayplan: --policy names one policy twice: name each once\n")
