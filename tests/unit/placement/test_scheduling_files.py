"""The benchmarks of scheduling read their files, and say in one sentence what is wrong with a bad one, and where."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bayplan_operator.workflows.documents import InputError, documents
from bayplan_operator.workflows.wfcommons import read_workflow
from bench import dag, heft, rcpsp
from bench.psplib import read_best_known, read_project
from bench.reading import DataError
from bench.stg import read_graph, read_optima
from bench.wfcommons import JOB, read_speeds
from tests.unit.placement.scheduling_examples import TEN_DURATIONS, TEN_EDGES

STG = """ 3
0 0 0
1 4 1 0
2 5 1 0
3 6 2 1 2
4 0 1 3
# a comment
"""
PROJECT = """jobs (incl. supersource/sink ):  4
RESOURCES
  - renewable                 :  2   R
****
PRECEDENCE RELATIONS:
jobnr.    #modes  #successors   successors
   1        1          2           2   3
   2        1          1           4
   3        1          1           4
   4        1          0
****
REQUESTS/DURATIONS:
jobnr. mode duration  R 1  R 2
------
  1      1     0       0    0
  2      1     3       2    1
  3      1     4       2    0
  4      1     0       0    0
****
RESOURCEAVAILABILITIES:
  R 1  R 2
    3    1
****
"""


def workflow() -> dict[str, Any]:
    specification = {
        "tasks": [
            {"id": "a", "parents": [], "children": ["b"], "inputFiles": ["in"], "outputFiles": ["x", "y"]},
            {"id": "b", "parents": ["a"], "children": [], "inputFiles": ["x"], "outputFiles": []},
        ],
        "files": [{"id": name, "sizeInBytes": size} for name, size in (("in", 7), ("x", 100), ("y", 5))],
    }
    execution = {"tasks": [{"id": "b", "runtimeInSeconds": 2.5}, {"id": "a", "runtimeInSeconds": 1}]}
    return {"schemaVersion": "1.5", "workflow": {"specification": specification, "execution": execution}}


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_task_graph(tmp_path: Path) -> None:
    problem = read_graph(written(tmp_path, "g.stg", STG), 2)
    assert problem.durations.tolist() == [[0, 0], [4, 4], [5, 5], [6, 6], [0, 0]]
    assert sorted(zip(problem.parents.tolist(), problem.children.tolist(), strict=True)) == [
        (0, 1),
        (0, 2),
        (1, 3),
        (2, 3),
        (3, 4),
    ]
    optima = read_optima(written(tmp_path, "optimal_2.csv", "50/g.stg,2,11\n50/h.stg,2,10,12\n"))
    assert optima == {"g.stg": (11, 11), "h.stg": (10, 12)}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (STG, "", "g.stg is empty"),
        (" 3\n", " 4\n", "g.stg: it must have 6 lines of tasks, two dummies included, and has 5"),
        ("1 4 1 0", "1 4 2 0", "g.stg, line 3: a task is its number, its time, a count"),
        ("1 4 1 0", "1 -4 1 0", 'g.stg, line 3: a field is "-4": it must be a whole number'),
        ("2 5 1 0", "7 5 1 0", "g.stg, line 4: the task's number is 7: it must be 2"),
        ("2 5 1 0", "2 5 1 9", "g.stg, line 4: predecessor 9 is no other task"),
        ("1 4 1 0", "1 4 1 3", "g.stg: dependsOn forms a cycle: 1 → 3 → 1"),
    ],
)
def test_bad_task_graphs(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        read_graph(written(tmp_path, "g.stg", STG.replace(old, new)), 2)


def test_a_project(tmp_path: Path) -> None:
    problem = read_project(written(tmp_path, "p.sm", PROJECT))
    assert problem.durations.tolist() == [0, 3, 4, 0]
    assert problem.demands.tolist() == [[0, 0], [2, 1], [2, 0], [0, 0]]
    assert problem.capacities.tolist() == [3, 1]
    assert problem.topology.children.of(0).tolist() == [1, 2]
    assert read_best_known(written(tmp_path, "best_known.csv", "instance,best_makespan\nj30,7\n")) == {"j30": 7}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("jobs (incl. supersource/sink ):  4", "", 'p.sm: the line "jobs (incl. supersource/sink ) : ..." is missing'),
        ("PRECEDENCE RELATIONS", "RELATIONS", "p.sm: the section PRECEDENCE RELATIONS is missing"),
        ("   2        1          1           4", "   2        2          1           4", "p.sm, line 8: job 2 has 2 modes"),
        (
            "   2        1          1           4",
            "   2        1          1           9",
            "p.sm, line 8: successor 9 is no other job",
        ),
        ("  2      1     3       2    1", "  2      1     3       2", "p.sm, line 16: it must be job 2, its mode"),
        ("  2      1     3       2    1", "  2      1     3       5    1", "p.sm: demands[1, 0] is 5"),
        ("    3    1\n", "    3\n", "p.sm, line 22: it has 1 availabilities: it must have 2"),
    ],
)
def test_bad_projects(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in PROJECT
    with pytest.raises(DataError, match=re.escape(message)):
        read_project(written(tmp_path, "p.sm", PROJECT.replace(old, new)))


def test_a_workflow(tmp_path: Path) -> None:
    found = read_workflow(next(documents(written(tmp_path, "w.json", json.dumps(workflow())))))
    assert found.names == ("a", "b")
    assert found.seconds.tolist() == [1, 2.5]
    assert (found.parents.tolist(), found.children.tolist(), found.bytes.tolist()) == ([0], [1], [100])


def changed(*path: str | int, to: Any = None) -> str:
    """The workflow with one value replaced, or removed."""
    document = workflow()
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return json.dumps(document)


TASKS = ("workflow", "specification", "tasks")
RUNS = ("workflow", "execution", "tasks")
RAN = workflow()["workflow"]["execution"]["tasks"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "w.json, line 1: this is not JSON"),
        ("[]", "w.json, line 1: this is a list: it must be an object"),
        (changed("schemaVersion", to="1.4"), 'schemaVersion is "1.4": it must be "1.5"'),
        (changed("schemaVersion"), "schemaVersion is null"),
        (changed("workflow", "execution"), "workflow.execution.tasks is missing"),
        (changed(*TASKS, to=[]), "workflow.specification.tasks is []: a workflow needs at least one task"),
        (changed(*TASKS, to={"a": 1}), 'workflow.specification.tasks is {"a": 1}: it must be a list'),
        (changed(*TASKS, 1, "id"), "workflow.specification.tasks[1].id is missing"),
        (changed(*TASKS, 1, "id", to="a"), 'workflow.specification.tasks[1].id is "a": there is another of that id before it'),
        (
            changed(*TASKS, 1, "parents", to=["z"]),
            'workflow.specification.tasks[1].parents[0] is "z": there is no task of that',
        ),
        (changed(*TASKS, 1, "inputFiles", to=["z"]), 'workflow.specification.tasks[1].inputFiles[0] is "z"'),
        (changed(*RUNS, 0, "runtimeInSeconds", to=-1), "workflow.execution.tasks[0].runtimeInSeconds is -1"),
        (changed(*RUNS, 0, "runtimeInSeconds", to="fast"), 'workflow.execution.tasks[0].runtimeInSeconds is "fast"'),
        (changed(*RUNS, to=[*RAN, {"id": "z"}]), 'workflow.execution.tasks[2].id is "z": workflow.specification.tasks has no'),
        (changed(*RUNS, 0), 'workflow.specification.tasks[1].id is "b": workflow.execution.tasks has no task of that id'),
        (changed("workflow", "specification", "files", 1, "sizeInBytes"), "files[1].sizeInBytes is missing"),
    ],
)
def test_bad_workflows(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        read_workflow(next(documents(written(tmp_path, "w.json", text))))


def run(main: Callable[[], int], monkeypatch: pytest.MonkeyPatch, *options: object) -> int:
    monkeypatch.setattr("sys.argv", ["bench", *map(str, options)])
    return main()


def test_dag_writes_figures_and_a_schedule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, "g.stg", STG)
    written(tmp_path, "optimal_2.csv", "50/g.stg,2,11\n")
    out, figures = tmp_path / "out.csv", tmp_path / "figures.json"
    assert run(dag.main, monkeypatch, "--data", tmp_path, "--procs", 2, "--json", figures, "--out", out) == 0
    (figure,) = json.loads(figures.read_text())
    assert {key: figure[key] for key in ("graph", "processors", "makespan", "lower_bound", "proved", "budget_s")} == {
        "graph": "g.stg", "processors": 2, "makespan": 11, "lower_bound": 11, "proved": True, "budget_s": 10,
    }  # fmt: skip
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [row["task"] for row in rows] == ["0", "1", "2", "3", "4"]
    assert max(float(row["finish"]) for row in rows) == 11
    written(tmp_path, "h.stg", STG)
    assert run(dag.main, monkeypatch, "--data", tmp_path, "--procs", 2) == 2
    assert "optimal_2.csv: there is no line for h.stg: its optimum is needed" in capsys.readouterr().err
    assert run(dag.main, monkeypatch, "--data", tmp_path, "--procs", 3) == 2
    assert "optimal_3.csv cannot be read" in capsys.readouterr().err


def test_rcpsp_writes_figures_and_a_schedule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, "j/p.sm", PROJECT)
    written(tmp_path, "best_known.csv", "set,instance,best_makespan\nj,p.sm,7\n")
    out, figures = tmp_path / "out.csv", tmp_path / "figures.json"
    options = ("--data", tmp_path, "--planner", "Genetic", "--schedules", 9, "--json", figures, "--out", out)
    assert run(rcpsp.main, monkeypatch, *options) == 0
    (figure,) = json.loads(figures.read_text())
    assert (figure["instance"], figure["planner"], figure["makespan"]) == ("p.sm", "Genetic", 7)
    assert figure["schedules"] <= 9
    assert out.read_text().splitlines()[0] == "task,processor,start,finish"
    written(tmp_path, "best_known.csv", "set,instance,best_makespan\nj,q.sm,7\n")
    assert run(rcpsp.main, monkeypatch, *options) == 2
    assert "best_known.csv: there is no line for p.sm" in capsys.readouterr().err


def test_heft_writes_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [",".join(map(str, (f"T{task}", *row))) for task, row in enumerate(TEN_DURATIONS)]
    written(tmp_path, "heft/exec_time.csv", "\n".join(["task,P0,P1,P2", *rows]))
    written(tmp_path, "heft/edges.csv", "\n".join(["src,dst,comm", *(f"T{a},T{b},{c}" for a, b, c in TEN_EDGES)]))
    figures = tmp_path / "figures.json"
    assert run(heft.main, monkeypatch, "--data", tmp_path, "--json", figures) == 0
    assert [(each["planner"], each["makespan"]) for each in json.loads(figures.read_text())] == [("Heft", 80), ("Cpop", 86)]
    written(tmp_path, "wfinstances/w.json", json.dumps(workflow()))
    speeds = {name: {JOB: {"null": speed}} for name, speed in (("v100", 4.0), ("p100", 2.0), ("k80", 0.5))}
    path = written(tmp_path, "gavel/simulation_throughputs.json", json.dumps(speeds))
    assert np.allclose(read_speeds(path), [4.0, 2.0, 0.5])
    out = tmp_path / "out.csv"
    options = ("--data", tmp_path, "--budget", 0.1, "--json", figures, "--out", out, "--instance", "w.json")
    assert run(heft.main, monkeypatch, *options) == 0
    assert [(each["planner"], each["makespan"], each["lower_bound"]) for each in json.loads(figures.read_text())] == [
        ("Heft", 3.5, 3.5), ("Auto", 3.5, 3.5),
    ]  # fmt: skip
    assert [row["task"] for row in csv.DictReader(out.read_text().splitlines())] == ["a", "b"]
    written(tmp_path, "wfinstances/w.json", changed("schemaVersion", to="1.3"))
    assert run(heft.main, monkeypatch, *options) == 2
    assert 'w.json, line 1: schemaVersion is "1.3"' in capsys.readouterr().err
