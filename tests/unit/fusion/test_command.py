"""`bayplan fuse` as a command for people."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bayplan.collaboration.fusion import METHODS
from bayplan_operator.cli import main

from .models import drawn


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, model in zip("abc", drawn(1, 3, "float32"), strict=True):
        np.savez(tmp_path / f"{name}.npz", **model)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        code = main(["fuse", *arguments])
    except SystemExit as ended:
        code = int(ended.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


FILES = ("a.npz", "b.npz", "c.npz")


def test_what_is_said_of_a_fusion(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "--method", "FedAvg", "--weights", "1,2,3", "--out", "out.npz", *FILES)
    assert (code, err) == (0, "")
    assert out == "FedAvg of 3 files: out.npz\n    0.1667  a.npz\n    0.3333  b.npz\n    0.5000  c.npz\n"
    models = [np.load(each)["weights"].astype(float) for each in FILES]
    wanted = (models[0] + 2 * models[1] + 3 * models[2]) / 6
    assert np.load("out.npz")["weights"].dtype == np.float32
    assert np.allclose(np.load("out.npz")["weights"], wanted, rtol=1e-7)


def test_two_rounds_of_momentum_for_programs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ("--method", "FedAvgM", "--parameter", "momentum=0.5", "--parameter", "serverRate=0.7", "-o", "json")
    assert run(capsys, *common, "--first", "--out", "1.npz", "--state-out", "s1.npz", *FILES)[0] == 0
    code, out, _ = run(
        capsys,
        *(*common, "--reference", "1.npz", "--state", "s1.npz", "--out", "2.npz", "--state-out", "s2.npz", *FILES),
    )
    assert code == 0
    told = json.loads(out)
    assert told["parameters"] == {"momentum": 0.5, "serverRate": 0.7}
    assert told["written"] == ["2.npz", "s2.npz"]
    assert told["weights"] == [pytest.approx(1 / 3)] * 3


def test_several_models_and_what_a_method_has_chosen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--method", "Consensus", "--parameter", "topology=Line", "--out", "near.safetensors", *FILES)
    assert (code, out) == (
        0,
        "Consensus of 3 files: near-0.safetensors, near-1.safetensors, near-2.safetensors\n  alpha: 0.333333\n",
    )
    (folder / "labels.json").write_text('[{"0": 5}, {"0": 5}, {"1": 5}]')
    code, out, err = run(capsys, "--method", "Krum", "--parameter", "f=0", "--labels", "labels.json", "--out", "k.npz", *FILES)
    assert code == 0
    assert "\n  chosen: " in out
    assert err.startswith("bayplan: Krum may lose what few clients know: their label sets differ (0, 1 not at every client)")


def test_weights_from_a_validation_split(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generator = np.random.default_rng(1)
    targets = generator.integers(0, 3, 40)
    right, wrong = np.eye(3)[targets], np.roll(np.eye(3)[targets], 1, axis=1)
    predictions = [generator.dirichlet(np.ones(3), 10) for _ in range(2)]
    for name, validation, each in zip(("p", "q"), (right, wrong), predictions, strict=True):
        np.savez(f"{name}.npz", validation=validation, predictions=each)
    np.save("targets.npy", targets)
    common = ("--method", "WeightedLeastSquares", "--targets", "targets.npy")
    code, out, _ = run(capsys, *common, "--out", "fused.npz", "p.npz", "q.npz", "-o", "json")
    assert code == 0
    assert json.loads(out)["weights"] == pytest.approx([1, 0], abs=1e-12)
    assert np.load("fused.npz").files == ["predictions"]
    assert np.allclose(np.load("fused.npz")["predictions"], predictions[0])
    np.save("v.npy", right)
    np.save("w.npy", wrong)
    assert run(capsys, *common, "--out", "fused.npy", "v.npy", "w.npy")[0] == 0
    assert np.allclose(np.load("fused.npy"), right)


def test_votes_in_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, labels in (("x", [0, 1, 2]), ("y", [0, 2, 2]), ("z", [1, 2, 0])):
        (folder / f"{name}.json").write_text(json.dumps(labels))
    files = ("x.json", "y.json", "z.json")
    assert run(capsys, "--method", "MajorityVote", "--out", "vote.json", *files)[0] == 0
    assert json.loads((folder / "vote.json").read_text()) == {"array": [0, 2, 2]}
    (folder / "p.json").write_text("[[0.9, 0.3]]")
    code, _, err = run(capsys, "--method", "SoftVote", "--out", "vote.json", "p.json")
    assert code == 2
    assert err == "bayplan: p.json: array: the probabilities of a sample must sum to 1 over the last axis\n"


WRONG = {
    "no method": (
        ("--out", "o.npz", "a.npz"),
        "bayplan fuse: error: --method is missing: say what is fused, how, and where it goes",
    ),
    "no file": (("--method", "Mean", "--out", "o.npz"), "bayplan fuse: error: FILE is missing: say what is fused"),
    "a method": (
        ("--method", "Meen", "--out", "o.npz", "a.npz"),
        'bayplan: method is "Meen", which is unknown: did you mean "Mean"?',
    ),
    "a parameter": (
        ("--method", "FedAvgM", "--parameter", "momentum", "--out", "o.npz", "a.npz"),
        'bayplan: --parameter is "momentum": write NAME=VALUE, such as momentum=0.9',
    ),
    "weights": (
        ("--method", "FedAvg", "--weights", "1,x", "--out", "o.npz", "a.npz"),
        'bayplan fuse: error: argument --weights: "1,x" must be numbers with commas between them, such as 1,2,3',
    ),
    "no reference": (
        ("--method", "FedAvgM", "--out", "o.npz", "a.npz"),
        "bayplan: FedAvgM needs the model of the round before as reference: none is given",
    ),
    "a reference in the first round": (
        ("--method", "FedAvgM", "--first", "--reference", "b.npz", "--out", "o.npz", "a.npz"),
        "bayplan fuse: error: --first says that there is no round before: leave --reference and --state away",
    ),
    "a file": (("--method", "Mean", "--out", "o.npz", "d.npz"), "bayplan: d.npz: it cannot be read: No such file or directory"),
    "a format": (("--method", "Mean", "--out", "o.pt", "a.npz"), "bayplan: o.pt: the end of its name says no format"),
    "a state": (
        ("--method", "Mean", "--state-out", "s.npz", "--out", "o.npz", "a.npz"),
        "bayplan: Mean keeps no state: there is nothing to write to s.npz",
    ),
    "labels": (
        ("--method", "Median", "--labels", "bad.json", "--out", "o.npz", "a.npz"),
        "bayplan: bad.json: it must be a list with an object for each client",
    ),
    "a task and more": (
        ("--task", "--method", "Mean"),
        "bayplan fuse: error: --task takes everything from the environment: leave --method away",
    ),
    "targets": (
        ("--method", "Mean", "--targets", "t.npy", "--out", "o.npz", "a.npz"),
        "bayplan: Mean takes no targets: only WeightedLeastSquares solves for weights",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_refused(case: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.json").write_text("{}")
    arguments, sentence = WRONG[case]
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(sentence)
    assert err.count("\n") == 1
    assert not (folder / "o.npz").exists()


def test_the_help_names_every_method(capsys: pytest.CaptureFixture[str]) -> None:
    out = " ".join(run(capsys, "--help")[1].split())
    assert all(name in out for name in METHODS)
