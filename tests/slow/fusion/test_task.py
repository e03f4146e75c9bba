"""`bayplan fuse --task`: three rounds of a container's life, through the real command, equal bit for bit to a run in memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bayplan.collaboration.fusion import FusionError, planned
from bayplan.collaboration.fusion.memory import Fused, ModelFacts, fuse
from bayplan_operator.cli.exit_codes import ExitCode
from bayplan_operator.fusing.task import fuse_task, job_of
from tests.unit.fusion.models import drawn, same_bits

WEIGHTS = [270, 271, 0, 269, 270]
SETTINGS: dict[str, Any] = {
    "method": "FedAvgM",
    "from": "weights.npz",
    "to": "weights.npz",
    "parameters": {"momentum": 0.9, "serverRate": 0.5},
    "weights": {"local": WEIGHTS},
    "seed": None,
}


def environment(folder: Path, round_: int, **changed: Any) -> dict[str, str]:
    """As the operator sets it for a fuse task. The third client is lost, the fifth has succeeded at its second attempt."""
    workspace = folder / "uid"
    found = {
        "BAYPLAN_TASK": "aggregate",
        "BAYPLAN_ROUND": str(round_),
        "BAYPLAN_WORKSPACE": str(workspace),
        "BAYPLAN_OUTPUT": str(workspace / "aggregate" / str(round_) / "0" / "1"),
        "BAYPLAN_INPUTS": json.dumps({"local": {"round": round_, "attempts": [1, 1, 0, 1, 2]}}),
        "BAYPLAN_FUSE": json.dumps(SETTINGS),
        "BAYPLAN_TERMINATION_LOG": str(folder / "termination-log"),
    }
    if round_ > 1:
        found["BAYPLAN_PREVIOUS"] = json.dumps({
            "local": {"round": round_ - 1, "attempts": [1, 1, 0, 1, 2]},
            "aggregate": {"round": round_ - 1, "attempts": [1]},
        })  # fmt: skip
    return found | changed


def clients(folder: Path, round_: int) -> list[dict[str, np.ndarray]]:
    """What the clients of a round leave in the workspace, also what an attempt that failed has left."""
    models = drawn(round_, 4, "float32")
    for (shard, attempt), model in zip(((0, 1), (1, 1), (3, 1), (4, 2)), models, strict=True):
        place = folder / "uid" / "local" / str(round_) / str(shard) / str(attempt)
        place.mkdir(parents=True)
        np.savez(place / "weights.npz", **model)
    broken = folder / "uid" / "local" / str(round_) / "2" / "1"
    broken.mkdir(parents=True)
    (broken / "weights.npz").write_bytes(b"half a file")
    return models


def command(variables: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("BAYPLAN_")}
    return subprocess.run(
        [sys.executable, "-m", "bayplan_operator", "fuse", "--task", *arguments],
        env=inherited | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_three_rounds(tmp_path: Path) -> None:
    plan = planned("FedAvgM", SETTINGS["parameters"])
    fused: Fused | None = None
    for round_ in (1, 2, 3):
        models = clients(tmp_path, round_)
        done = command(environment(tmp_path, round_))
        assert (done.returncode, done.stderr) == (0, "")
        told = json.loads((tmp_path / "termination-log").read_text())
        assert (told["inputs"], told["method"]) == (4, "FedAvgM")
        assert told["weight1"] == pytest.approx(271 / 1080)
        known = ModelFacts(
            weights=[270, 271, 269, 270],
            reference=fused.model if fused else None,
            state=fused.state if fused else None,
            first=fused is None,
        )
        fused = fuse(plan, models, known)
        folder = tmp_path / "uid" / "aggregate" / str(round_) / "0" / "1"
        assert sorted(each.name for each in folder.iterdir()) == ["state.npz", "weights.npz"]
        assert same_bits(dict(np.load(folder / "weights.npz")), fused.model)
        assert same_bits(dict(np.load(folder / "state.npz")), fused.state)


def test_a_refusal_is_told_twice(tmp_path: Path) -> None:
    clients(tmp_path, 1)
    place = tmp_path / "uid" / "local" / "1" / "1" / "1" / "weights.npz"
    place.write_bytes(place.read_bytes()[:-30])
    done = command(environment(tmp_path, 1))
    assert done.returncode == ExitCode.USAGE
    sentence = f"{place}: this is no .npz file, or it is truncated"
    assert done.stderr == f"bayplan: {sentence}\n"
    assert (tmp_path / "termination-log").read_text() == sentence
    assert list((tmp_path / "uid" / "aggregate").rglob("*.npz*")) == []


def test_the_first_round_may_begin_with_a_model(tmp_path: Path) -> None:
    """`reference` names the task that made it."""
    models = clients(tmp_path, 1)
    begun = drawn(99, 1, "float32")[0]
    place = tmp_path / "uid" / "init" / "0" / "0" / "1"
    place.mkdir(parents=True)
    np.savez(place / "weights.npz", **begun)
    inputs = {"local": {"round": 1, "attempts": [1, 1, 0, 1, 2]}, "init": {"round": 0, "attempts": [1]}}
    found = fuse_task(
        environment(
            tmp_path,
            1,
            BAYPLAN_INPUTS=json.dumps(inputs),
            BAYPLAN_FUSE=json.dumps(SETTINGS | {"reference": "init"}),
        )
    )
    assert found["inputs"] == 4
    wanted = fuse(planned("FedAvgM", SETTINGS["parameters"]), models, ModelFacts(weights=[270, 271, 269, 270], reference=begun))
    made = np.load(tmp_path / "uid" / "aggregate" / "1" / "0" / "1" / "weights.npz")
    assert same_bits(dict(made), wanted.model)


def test_robust_methods_tell_what_they_chose_and_warn(tmp_path: Path) -> None:
    clients(tmp_path, 1)
    extra = tmp_path / "uid" / "local" / "1" / "5" / "1"
    extra.mkdir(parents=True)
    np.savez(extra / "weights.npz", **drawn(7, 1, "float32")[0])
    labels = [{str(each): 9} for each in range(6)]
    settings = {"method": "Krum", "from": "weights.npz", "to": "weights.npz", "labels": {"local": labels}}
    inputs = {"local": {"round": 1, "attempts": [1, 1, 0, 1, 2, 1]}}
    found = fuse_task(environment(tmp_path, 1, BAYPLAN_FUSE=json.dumps(settings), BAYPLAN_INPUTS=json.dumps(inputs)))
    assert found["chosen"] in list("01234")
    assert found["warning"].startswith("Krum may lose what few clients know")
    assert all(isinstance(value, int | float | str) for value in found.values())


def test_results_are_short_enough_for_a_termination_message(tmp_path: Path) -> None:
    shards = 400
    for shard in range(shards):
        place = tmp_path / "uid" / "local" / "1" / str(shard) / "1"
        place.mkdir(parents=True)
        np.savez(place / "weights.npz", w=np.full(2, float(shard)))
    settings = {"method": "Mean", "from": "weights.npz", "to": "m.npz"}
    inputs = {"local": {"round": 1, "attempts": [1] * shards}}
    found = fuse_task(environment(tmp_path, 1, BAYPLAN_FUSE=json.dumps(settings), BAYPLAN_INPUTS=json.dumps(inputs)))
    assert found == {"inputs": shards, "method": "Mean"}
    assert np.load(tmp_path / "uid" / "aggregate" / "1" / "0" / "1" / "m.npz")["w"] == pytest.approx(199.5, rel=1e-12)


def fusing(**changed: Any) -> dict[str, str]:
    return {"BAYPLAN_FUSE": json.dumps(SETTINGS | changed)}


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "no settings": ({"BAYPLAN_FUSE": ""}, "BAYPLAN_FUSE is not set: the operator sets it for a task that fuses"),
    "no JSON": ({"BAYPLAN_INPUTS": "{"}, "BAYPLAN_INPUTS: this is not JSON: "),
    "no object": ({"BAYPLAN_INPUTS": "[]"}, "BAYPLAN_INPUTS: it must be a JSON object"),
    "no workspace": ({"BAYPLAN_WORKSPACE": ""}, "BAYPLAN_WORKSPACE is not set: the operator sets it for a task that fuses"),
    "no attempts": (
        {"BAYPLAN_INPUTS": '{"local": {"round": 1}}'},
        "BAYPLAN_INPUTS: local must have a round and a list of attempts",
    ),
    "no success": (
        {"BAYPLAN_INPUTS": '{"local": {"round": 1, "attempts": [0, 0]}}'},
        "BAYPLAN_INPUTS: no shard has a recorded success: there is nothing to fuse",
    ),
    "a method": (fusing(method="FedAvgMM"), 'method is "FedAvgMM", which is unknown: did you mean "FedAvgM"?'),
    "no method": (fusing(method=None), "BAYPLAN_FUSE: method is None: it must be text"),
    "a parameter": (
        fusing(parameters={"momentum": 2}),
        "FedAvgM: momentum is 2: it must be a number at least 0 and below 1",
    ),
    "a path that leads out": (
        fusing(to="../../other/weights.npz"),
        'BAYPLAN_FUSE: to is "../../other/weights.npz": it must be a path inside the folder of a task',
    ),
    "an absolute path": (fusing(**{"from": "/etc/passwd"}), 'BAYPLAN_FUSE: from is "/etc/passwd": it must be a path inside'),
    "too few weights": (fusing(weights={"local": [1, 2]}), "BAYPLAN_FUSE: weights has no value for shard 3 of task local"),
    "a weight that is none": (
        fusing(weights={"local": [1, "2", 3, 4, 5]}),
        "BAYPLAN_FUSE: weights.local[1] is '2': it must be a number",
    ),
    "no such reference": (
        fusing(reference="init"),
        'BAYPLAN_FUSE: reference is "init": it must be a task of BAYPLAN_INPUTS with a recorded success',
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_refused(case: str, tmp_path: Path) -> None:
    changed, sentence = WRONG[case]
    with pytest.raises(FusionError) as error:
        job_of(environment(tmp_path, 1) | changed)
    assert str(error.value).startswith(sentence)
