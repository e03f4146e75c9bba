"""Which unit a program is, what it reads and what it hands on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bayplan_task import TaskError, Unit, results


def unit(folder: Path, **variables: str) -> Unit:
    return Unit({"BAYPLAN_WORKSPACE": str(folder), "BAYPLAN_TERMINATION_LOG": str(folder / "log"), **variables})


def test_the_unit_is_what_the_variables_say(tmp_path: Path) -> None:
    found = unit(
        tmp_path, BAYPLAN_TASK="local", BAYPLAN_SHARDS="5", JOB_COMPLETION_INDEX="3", BAYPLAN_ROUND="7", BAYPLAN_INCARNATION="2"
    )
    assert (found.task, found.shard, found.shards, found.round, found.attempt) == ("local", 3, 5, 7, 2)
    assert (found.rank, found.world_size) == (3, 5)
    assert found.output == tmp_path / "local/7/3/2"


def test_the_folders_that_are_named_win(tmp_path: Path) -> None:
    found = unit(
        tmp_path, BAYPLAN_OUTPUT=str(tmp_path / "out"), BAYPLAN_CHECKPOINTS=str(tmp_path / "kept"), RANK="1", WORLD_SIZE="2"
    )
    assert (found.output, found.checkpoints().folder) == (tmp_path / "out", tmp_path / "kept")
    assert (found.rank, found.world_size, found.stage) == (1, 2, None)
    assert unit(tmp_path, BAYPLAN_STAGE="decoder").stage == "decoder"


@pytest.mark.parametrize(
    ("variable", "text", "least"),
    [("BAYPLAN_SHARDS", "0", 1), ("JOB_COMPLETION_INDEX", "-1", 0), ("BAYPLAN_ROUND", "one", 0), ("RANK", "²", 0)],
)
def test_a_variable_that_is_no_number_is_named(tmp_path: Path, variable: str, text: str, least: int) -> None:
    with pytest.raises(TaskError, match=f'^{variable} is "{text}": it must be a whole number from {least}$'):
        unit(tmp_path, **{variable: text})


def test_inputs_are_the_recorded_attempts(tmp_path: Path) -> None:
    found = unit(tmp_path, BAYPLAN_INPUTS=json.dumps({"local": {"round": 3, "attempts": [1, 0, 2]}}))
    assert found.inputs("local") == [tmp_path / "local/3/0/1", None, tmp_path / "local/3/2/2"]
    with pytest.raises(TaskError, match='"local" left 2 folders where this program reads one'):
        found.input("local")
    with pytest.raises(TaskError, match='"other" is no input of this task: its inputs are local'):
        found.inputs("other")


def test_the_only_folder_of_a_task(tmp_path: Path) -> None:
    found = unit(tmp_path, BAYPLAN_INPUTS=json.dumps({"merge": {"round": 0, "attempts": [0, 4]}}))
    assert found.input("merge") == tmp_path / "merge/0/1/4"


def test_the_round_before(tmp_path: Path) -> None:
    first = unit(tmp_path, BAYPLAN_ROUND="1", BAYPLAN_INPUTS="{}")
    assert first.previous("aggregate") is None
    later = unit(tmp_path, BAYPLAN_ROUND="4", BAYPLAN_PREVIOUS=json.dumps({"aggregate": {"round": 3, "attempts": [2]}}))
    assert later.previous("aggregate") == [tmp_path / "aggregate/3/0/2"]
    with pytest.raises(TaskError, match='"split" left nothing in the round before: they have aggregate'):
        later.previous("split")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}', '{"a": {"round": 1}}', '{"a": {"round": "1", "attempts": []}}'])
def test_inputs_that_cannot_be_read_are_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(TaskError, match=r"^BAYPLAN_INPUTS is .* it must be JSON such as"):
        unit(tmp_path, BAYPLAN_INPUTS=text)


def test_the_weights_of_a_joint_loss(tmp_path: Path) -> None:
    assert unit(tmp_path, BAYPLAN_WEIGHTS='{"intent": 0.4, "response": 1}').weights == {"intent": 0.4, "response": 1.0}
    assert unit(tmp_path).weights == {}
    for text in ("[]", "{", '{"a": null}'):
        with pytest.raises(TaskError, match=r'^BAYPLAN_WEIGHTS is .* it must be JSON such as {"intent": 0.4}$'):
            unit(tmp_path, BAYPLAN_WEIGHTS=text)


def test_results_are_one_flat_object(tmp_path: Path) -> None:
    found = unit(tmp_path)
    found.results(accuracy=np.float64(0.95), samples=np.int64(270), kind="softmax", converged=np.True_)
    assert json.loads((tmp_path / "log").read_text()) == {
        "accuracy": 0.95, "samples": 270, "kind": "softmax", "converged": True,
    }  # fmt: skip
    found.results(accuracy=1)
    assert (tmp_path / "log").read_text() == '{"accuracy":1}'


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("nan"), "is nan: it must be finite"),
        (np.inf, "is inf: it must be finite"),
        ([1], "is a list: it must be a number, a text or a boolean"),
        (None, "is a NoneType: it must be"),
        (np.zeros(2), "is a ndarray: it must be"),
        ("\ud800", "the results hold '.ud800': text must be Unicode"),
        ("é" * 2048, "the results take 4108 bytes of JSON: at most 4096 reach the operator"),
    ],
)
def test_a_result_that_cannot_be_handed_on_is_refused(tmp_path: Path, value: object, said: str) -> None:
    found = unit(tmp_path)
    found.results(kept=1)
    with pytest.raises(TaskError, match=said):
        found.results(value=value)
    assert json.loads((tmp_path / "log").read_text()) == {"kept": 1}


def test_results_of_just_4096_bytes_pass(tmp_path: Path) -> None:
    unit(tmp_path).results(value="x" * (4096 - len('{"value":""}')))
    assert (tmp_path / "log").stat().st_size == 4096


def test_metrics_are_a_line_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = unit(tmp_path, BAYPLAN_TASK="train")
    found.metrics(1, loss=0.5)
    found.metrics(2, loss=float("nan"))
    lines = (tmp_path / "train/0/0/1/metrics.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [{"step": 1, "loss": 0.5}, {"step": 2, "loss": None}]
    assert capsys.readouterr().out.splitlines() == lines


def test_a_file_that_would_be_lost_with_its_container_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pod that Bayplan has made there is a file for the termination message; a volume may be missing."""
    (tmp_path / "log").touch()
    monkeypatch.setattr(results, "TERMINATION_LOG", tmp_path / "log")
    monkeypatch.chdir(tmp_path)
    without = Unit({"BAYPLAN_TASK": "train", "BAYPLAN_INCARNATION": "1"})
    with pytest.raises(TaskError, match=r'train: w\.npy would be lost with the container: mount a volume named "workspace"'):
        without.save("w.npy", [1])
    without.results(accuracy=1)
    assert (tmp_path / "log").read_text() == '{"accuracy":1}'
    assert Unit({"BAYPLAN_INCARNATION": "1", "BAYPLAN_WORKSPACE": str(tmp_path)}).save("w.npy", [1]).exists()
    assert Unit({}).save("w.npy", [1]).exists()


PROGRAM = """
import numpy as np
from bayplan_task import Unit, run

def main(unit: Unit) -> None:
    if unit.task == "local":
        unit.save("part.npy", np.full(3, unit.shard + 10 * unit.attempt))
    else:
        parts = [np.load(folder / "part.npy") for folder in unit.inputs("local") if folder]
        unit.results(total=np.sum(parts), parts=len(parts))

run(main)
"""


def by_hand(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    (folder / "program.py").write_text(PROGRAM)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BAYPLAN_")}
    return subprocess.run(
        [sys.executable, "program.py"], cwd=folder, env=clean | variables, capture_output=True, text=True, check=False
    )


def test_programs_hand_on_files_without_a_cluster(tmp_path: Path) -> None:
    """The highest attempt of a shard counts, and a shard that left nothing is absent."""
    for shard, attempt in [("0", "1"), ("2", "1"), ("2", "2")]:
        assert by_hand(
            tmp_path, BAYPLAN_TASK="local", BAYPLAN_SHARDS="3", JOB_COMPLETION_INDEX=shard, BAYPLAN_INCARNATION=attempt
        ).returncode == 0  # fmt: skip
    assert by_hand(tmp_path, BAYPLAN_TASK="merge", BAYPLAN_TERMINATION_LOG="log").returncode == 0
    assert json.loads((tmp_path / "log").read_text()) == {"total": 3 * 10 + 3 * 22, "parts": 2}


def test_the_round_before_without_a_cluster(tmp_path: Path) -> None:
    for round_ in (1, 2):
        Unit({"BAYPLAN_WORKSPACE": str(tmp_path), "BAYPLAN_TASK": "aggregate", "BAYPLAN_ROUND": str(round_)}).save(
            "w.npy", [round_]
        )
    (folder,) = Unit({"BAYPLAN_WORKSPACE": str(tmp_path), "BAYPLAN_ROUND": "2"}).previous("aggregate") or []
    assert folder == tmp_path / "aggregate/1/0/1"
    assert Unit({"BAYPLAN_WORKSPACE": str(tmp_path), "BAYPLAN_ROUND": "1"}).previous("aggregate") is None
    third = Unit({"BAYPLAN_WORKSPACE": str(tmp_path), "BAYPLAN_TASK": "local", "BAYPLAN_ROUND": "5"})
    with pytest.raises(TaskError, match='local: "aggregate" left nothing in the round before: the workspace has no folder'):
        third.previous("aggregate")


def test_a_program_that_cannot_go_on_says_why_in_one_sentence(tmp_path: Path) -> None:
    ended = by_hand(tmp_path, BAYPLAN_TASK="merge", BAYPLAN_TERMINATION_LOG="log")
    assert ended.returncode == 1
    assert ended.stderr == 'merge: "local" is no input of this task: the workspace has no folder of it\n'
    assert (tmp_path / "log").read_text() == ended.stderr.strip()


def test_shards_of_asynchronous_rounds_have_folders_of_their_own_rounds(tmp_path: Path) -> None:
    said = {"local": {"round": 5, "attempts": [4, 0, 2], "rounds": [5, 5, 3]}}
    unit = Unit({"BAYPLAN_WORKSPACE": str(tmp_path), "BAYPLAN_INPUTS": json.dumps(said)})
    assert unit.inputs("local") == [tmp_path / "local/5/0/4", None, tmp_path / "local/3/2/2"]
