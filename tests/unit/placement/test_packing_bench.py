"""The packing benchmark: its protocol by hand, its files, and what it says about wrong ones."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from bench import packing
from bench.inflation import arrivals, unallocated
from bench.openb import TracePod, request_class

NODES = "sn,cpu_milli,memory_mib,gpu,model\nn0,64000,262144,2,A\nn1,64000,262144,2,B\n"
PODS = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\np0,4000,1024,1,500,\np1,4000,1024,1,1000,A|B\np2,4000,1024,0,0,\n"


def pods(*gpus: int) -> list[TracePod]:
    return [TracePod(f"p{number}", request_class(1000, 1024, 1, gpu)) for number, gpu in enumerate(gpus)]


def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nodes: str, trace: str, *more: str) -> int:
    (tmp_path / "nodes.csv").write_text(nodes)
    (tmp_path / "pods.csv").write_text(trace)
    files = ["--nodes", str(tmp_path / "nodes.csv"), "--pods", str(tmp_path / "pods.csv")]
    monkeypatch.setattr(sys, "argv", ["packing", *files, *more])
    return packing.main()


def test_a_short_trace_is_drawn_from_again_until_the_next_would_be_too_much() -> None:
    order = arrivals(pods(1000, 500), 10_000, 1.3, 42)
    assert {pod.name for pod in order[:2]} == {"p0", "p1"}
    asked = sum(pod.gpu for pod in order)
    assert 12_000 < asked <= 13_000
    assert [pod.name for pod in arrivals(pods(1000, 500), 10_000, 1.3, 42)] == [pod.name for pod in order]
    assert [pod.name for pod in arrivals(pods(1000, 500), 10_000, 1.3, 43)] != [pod.name for pod in order]


def test_a_long_trace_is_thinned_out() -> None:
    order = arrivals(pods(*[1000] * 20), 10_000, 1.3, 1)
    assert len(order) == 13
    assert len({pod.name for pod in order}) == 13


def test_a_trace_without_gpus_is_taken_as_it_is() -> None:
    assert len(arrivals([TracePod("p", request_class(1000, 1024, 0, 0))], 10_000, 1.3, 1)) == 1


def test_the_figure_is_the_mean_over_arrivals_on_the_same_per_cent() -> None:
    # Of 1000: 990 asked (99 %), 4 more (99.4 %, so 99), 8 more (100.2 %, so 100), 0 more; the 8 got nothing.
    asked, placed = np.array([990, 4, 8, 0]), np.array([990, 4, 0, 0])
    assert unallocated(asked, placed, 1000, 100) == pytest.approx(0.6)
    assert unallocated(asked, placed, 1000, 99) == pytest.approx((1.0 + 0.6) / 2)
    # Stepped over: as it stood before. Before the first: nothing is allocated.
    assert unallocated(np.array([900, 300]), np.array([900, 0]), 1000, 100) == pytest.approx(10.0)
    assert unallocated(np.array([2000]), np.array([0]), 1000, 100) == 100.0


def test_files_of_one_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, figures = tmp_path / "out.csv", tmp_path / "figures.json"
    more = ["--policy", "Default", "--seeds", "7", "--out", str(out), "--json", str(figures)]
    assert run(tmp_path, monkeypatch, NODES, PODS, *more) == 0
    rows = list(csv.DictReader(out.open()))
    names = [row["pod"] for row in rows]
    assert len(set(names)) == len(names)
    assert {name.split("#")[0] for name in names} == {"p0", "p1", "p2"}
    free = {"n0": [1000, 1000], "n1": [1000, 1000]}
    for row in rows:
        part = {"p0": 500, "p1": 1000, "p2": 0}[row["pod"].split("#")[0]]
        devices = [int(device) for device in row["gpus"].split(";") if device]
        assert len(devices) == (1 if part and row["node"] else 0)
        for device in devices:
            free[row["node"]][device] -= part
    assert min(free["n0"] + free["n1"]) >= 0
    (figure,) = json.loads(figures.read_text())
    keys = ["policy", "pods", "mix", "seed", "unallocated_100", "unallocated_130", "decisions_per_s", "regime"]
    assert list(figure) == keys
    assert figure["unallocated_130"] == pytest.approx(sum(free["n0"] + free["n1"]) / 40)
    assert (figure["policy"], figure["pods"], figure["mix"], figure["seed"], figure["regime"]) == (
        "Default", "pods", "learned", 7, "a",
    )  # fmt: skip


def test_every_policy_runs_with_a_known_mix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = tmp_path / "figures.json"
    assert run(tmp_path, monkeypatch, NODES, PODS, "--mix", "known", "--seeds", "1,3-4", "--json", str(figures)) == 0
    found = json.loads(figures.read_text())
    assert [(each["policy"], each["seed"]) for each in found] == [(p, seed) for p in packing.POLICIES for seed in (1, 3, 4)]


@pytest.mark.parametrize(
    ("nodes", "trace", "sentence"),
    [
        (NODES.replace("gpu,", "gpus,"), PODS, "nodes.csv: column gpu is missing"),
        (NODES.replace("n1,64000", "n1,lots"), PODS, 'nodes.csv, line 3: cpu_milli is "lots": it must be a whole number'),
        (NODES, PODS.replace("cpu_milli", "cpu"), "pods.csv: column cpu_milli is missing"),
        (NODES, PODS.replace(",1,1000", ",1,2000"), "pods.csv, line 3: gpus.thousandths is 2000"),
        (NODES, PODS.replace(",1,500", ",-1,500"), 'pods.csv, line 2: num_gpu is "-1"'),
        (NODES, "name,cpu_milli,memory_mib,num_gpu,gpu_milli\n", "pods.csv has no rows"),
        (NODES.replace(",2,A", ",0,").replace(",2,B", ",0,"), PODS, "nodes.csv: no node has a GPU"),
    ],
)
def test_wrong_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], nodes: str, trace: str, sentence: str
) -> None:
    assert run(tmp_path, monkeypatch, nodes, trace, "--policy", "BestFit") == 2
    said = capsys.readouterr().err.strip()
    assert sentence in said
    assert "\n" not in said


def test_a_missing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, monkeypatch, NODES, PODS, "--pods", str(tmp_path / "none.csv")) == 2
    assert "none.csv cannot be read" in capsys.readouterr().err


def test_what_cannot_be_written_in_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, monkeypatch, NODES, PODS, "--out", str(tmp_path / "out.csv")) == 2
    assert "--out is for one run" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run(tmp_path, monkeypatch, NODES, PODS, "--seeds", "9-1")
