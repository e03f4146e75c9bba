"""Job traces on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.whatif_files import GRAPH, NODES, run, write

QUEUES = """\
apiVersion: bayplan.dev/v1alpha1
kind: Queue
metadata: {name: vision}
spec: {namespaceSelector: {}, quotas: [{resource: cpu, nominal: 2}]}
"""
JOBS = "submit,run,cpu,user\n0,10,2,vision\n0,10,2,vision\n5,10,1,speech\n6,-1,1,speech\n"
LENDING = """\
apiVersion: bayplan.dev/v1alpha1
kind: Queue
metadata: {name: all}
spec: {}
---
apiVersion: bayplan.dev/v1alpha1
kind: Queue
metadata: {name: vision}
spec:
  parentName: all
  namespaceSelector: {}
  quotas: [{resource: cpu, nominal: 4}]
---
apiVersion: bayplan.dev/v1alpha1
kind: Queue
metadata: {name: speech}
spec:
  parentName: all
  namespaceSelector: {}
  quotas: [{resource: cpu, nominal: 4}]
  preemption: {reclaim: Any}
"""
POOL = "nodes:\n- {name: pool, cpu: 8}\n"


def read(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    """What is printed as JSON; standard error tells what became of lines."""
    code, out, _ = run(capsys, *map(str, arguments), "-o", "json")
    assert code == 0
    return json.loads(out)


@pytest.fixture
def given(tmp_path: Path) -> list[object]:
    files = (("jobs.csv", JOBS), ("queues.yaml", QUEUES), ("pool.yaml", POOL))
    jobs, queues, nodes = (write(tmp_path, name, text) for name, text in files)
    return ["-f", jobs, "-f", queues, "--nodes", nodes, "--queue-by", "user", "--policy", "BestFit"]


def test_a_quota_makes_the_second_job_of_a_queue_wait(given: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    found = read(capsys, "simulate", *given)
    assert found["queues"]["queues"] == [
        {
            "name": "speech", "weight": 1.0, "jobs": 1, "waiting": 0.0, "waitingP50": 0.0, "waitingP99": 0.0,
            "waitingLongest": 0.0, "slowdown": 1.0, "share": 0.0625, "delayed": 0.0,
        },
        {
            "name": "vision", "weight": 1.0, "jobs": 2, "waiting": 5.0, "waitingP50": 5.0, "waitingP99": 9.9,
            "waitingLongest": 10.0, "slowdown": 1.5, "share": 0.25, "delayed": 0.0,
        },
    ]  # fmt: skip
    assert found["queues"]["jain"] == pytest.approx((0.0625 + 0.25) ** 2 / (2 * (0.0625**2 + 0.25**2)), abs=1e-6)
    assert found["queues"]["delays"] == []


def test_what_is_left_out_is_told(given: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "simulate", *given)
    assert code == 0
    assert "1 of 4 jobs never ran (run is empty or -1), and are left out" in err
    assert "1 of 3 jobs are of queues that no file has (speech): they wait in the queue default" in err
    assert "Fairness of the shares by weight (Jain's index): 0.74" in out


def test_a_queue_without_an_object_is_an_error_only_if_strict(given: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "simulate", *given, "--strict")
    assert code == 2
    assert "--strict" in err


def test_queues_are_compared_over_policies_and_seeds(given: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    found = read(capsys, "compare", *given, "--policy", "Spread", "--seeds", "1-2")
    assert [row["queues"]["vision"]["waitingLongest"]["mean"] for row in found["rows"]] == [10.0, 10.0]
    _, out, _ = run(capsys, "compare", *given, "--policy", "Spread")
    lines = [line.split() for line in out.splitlines()]
    assert ["vision", "Spread", "5.0s", "9.9s", "10.0s", "1.5", "25.0", "%"] in lines


@pytest.fixture
def evicting(tmp_path: Path) -> list[object]:
    """At 10 s, a job of speech takes back 4 CPUs. Two jobs of vision run until their grace of 30 s is over, and begin again."""
    jobs = "submit,run,cpu,user\n" + "0,1000,2,vision\n" * 4 + "10,100,4,speech\n"
    files = (("jobs.csv", jobs), ("queues.yaml", LENDING), ("pool.yaml", POOL))
    table, queues, nodes = (write(tmp_path, name, text) for name, text in files)
    return ["-f", table, "-f", queues, "--nodes", nodes, "--queue-by", "user", "--policy", "BestFit"]


def test_evictions_are_told_per_queue(evicting: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    found = read(capsys, "simulate", *evicting)["queues"]
    assert {each["name"]: [each[name] for name in ("evicted", "evicts", "workLost")] for each in found["queues"]} == {
        "speech": [0, 2, 0.0], "vision": [2, 0, 80.0],
    }  # fmt: skip
    assert found["evictions"] == [{"queue": "vision", "by": "speech", "attempts": 2}]
    _, out, _ = run(capsys, "simulate", *evicting)
    lines = [line.split() for line in out.splitlines()]
    (header,) = [line for line in lines if line[:2] == ["QUEUE", "JOBS"]]
    assert header[-4:] == ["EVICTED", "EVICTS", "WORK", "LOST"]
    assert next(line for line in lines if line[:1] == ["vision"])[-3:] == ["2", "0", "80s"]
    assert "2 attempts of vision were evicted for jobs of speech" in out


def test_evictions_are_compared_over_policies(evicting: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    found = read(capsys, "compare", *evicting, "--policy", "Spread", "--seeds", "1-2")
    assert [row["queues"]["vision"]["workLost"]["mean"] for row in found["rows"]] == [80.0, 80.0]
    _, out, _ = run(capsys, "compare", *evicting, "--policy", "Spread")
    lines = [line.split() for line in out.splitlines()]
    assert [line[-3:] for line in lines if line[:1] == ["speech"]] == [["0.0", "2.0", "0.0s"]] * 2


def test_a_report_has_the_evictions(tmp_path: Path, evicting: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    code, _, _ = run(capsys, "report", *evicting, "--out", tmp_path / "run.html")
    assert code == 0
    assert "<td>2</td><td>0</td><td>80s</td>" in (tmp_path / "run.html").read_text()


def test_nothing_is_told_of_evictions_where_no_queue_evicts(given: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    assert "evictions" not in read(capsys, "simulate", *given)["queues"]
    for command in ("simulate", "compare"):
        _, out, _ = run(capsys, command, *given)
        assert "EVICTED" not in out


def test_graphs_and_jobs_run_side_by_side(tmp_path: Path, given: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    nodes = write(tmp_path, "nodes.yaml", NODES)
    graph = write(tmp_path, "graph.yaml", GRAPH)
    found = read(capsys, "simulate", "-f", graph, "-f", tmp_path / "jobs.csv", "--nodes", nodes, "--policy", "BestFit")
    assert [each["name"] for each in found["graphs"]] == [
        "team/sample", "default/jobs-2", "default/jobs-3", "default/jobs-4",
    ]  # fmt: skip
    assert {each["status"] for each in found["graphs"]} == {"Succeeded"}


def test_a_report_has_the_queues(tmp_path: Path, given: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    code, _, _ = run(capsys, "report", *given, "--out", tmp_path / "run.html")
    assert code == 0
    page = (tmp_path / "run.html").read_text()
    assert "<summary>Queues</summary>" in page
    assert ">vision<" in page


@pytest.mark.parametrize("command", ["simulate", "lint"])
def test_a_bad_line_is_told_with_its_file_and_line(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jobs = write(tmp_path, "jobs.csv", "submit,run\n0,soon\n")
    nodes = ("--nodes", write(tmp_path, "pool.yaml", POOL)) if command == "simulate" else ()
    code, out, err = run(capsys, command, "-f", jobs, *nodes)
    assert code == 2
    assert 'column run is "soon": it must be seconds, 0 or above' in out + err


def test_a_plan_of_a_trace_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jobs = write(tmp_path, "jobs.csv", JOBS)
    code, _, err = run(capsys, "plan", "-f", jobs, "--nodes", write(tmp_path, "pool.yaml", POOL))
    assert code == 2
    assert "this is a trace of jobs: bayplan simulate and bayplan compare read it" in err


@pytest.mark.parametrize(("said", "wrong"), [("1", "must be a value with"), ("1=a,1=b", '"1" must be named once')])
def test_a_wrong_map_is_refused(said: str, wrong: str, given: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "simulate", *given, "--queue-map", said)
    assert code == 2
    assert wrong in err
