"""Each manifest runs in this process, and does what docs/collaboration.md says of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bayplan.collaboration.fusion import FusionError
from bayplan_task import Unit
from bench.collaborating import federation
from examples.collaboration import digits, federated, in_process, tiles
from examples.collaboration.in_process import InProcess, Results
from examples.collaboration.manifests import read
from examples.collaboration.settings import arrays

FOLDER = Path(__file__).parents[3] / "examples" / "collaboration"
MANIFESTS = sorted(path.name for path in FOLDER.glob("*.yaml"))


def run(name: str, workspace: Path, seed: int = 21, size: int = 500, **options: object) -> InProcess:
    variables = {"SEED": str(seed), "SIZE": str(size)}
    graph = InProcess(read(FOLDER / name), workspace, variables, tell=lambda _: None, **options)  # type: ignore[arg-type]
    graph.run()
    return graph


def said(graph: InProcess, task: str) -> Results:
    return graph.ran[task].results[0]


def test_rounds_in_files_are_those_in_memory_bit_for_bit(tmp_path: Path) -> None:
    """With a client lost in the second round; and the same again gives the same."""
    graph = run("federated.yaml", tmp_path / "a", most_rounds=4, lost=frozenset({("local", 4, 2)}))
    again = run("federated.yaml", tmp_path / "b", most_rounds=4, lost=frozenset({("local", 4, 2)}))
    part, _ = digits.load()
    clients = [digits.of_two_digits(part, client) for client in range(5)]
    memory = federation.Federation("softmax", 21, clients, federation.FED_AVG_M)
    for round_ in range(1, 5):
        memory.next_round(4 if round_ == 2 else None)
        for workspace in (graph.workspace, again.workspace):
            found = arrays(workspace / f"aggregate/{round_}/0/1/weights.npz")
            assert {name: each.tobytes() for name, each in found.items()} == {
                name: each.tobytes() for name, each in memory.model.items()
            }
    assert graph.history[1]["local"].attempts == [1, 1, 1, 1, 0]
    assert said(graph, "evaluate") == said(again, "evaluate")


def test_a_client_that_is_tried_again_gives_the_same_weights(tmp_path: Path) -> None:
    """So a lost client costs a federation nothing but time, as long as it is tried again."""
    found = []
    for attempt in ("1", "2"):
        unit = Unit({
            "BAYPLAN_TASK": "local", "BAYPLAN_SHARDS": "5", "JOB_COMPLETION_INDEX": "3", "BAYPLAN_ROUND": "1",
            "BAYPLAN_INCARNATION": attempt, "BAYPLAN_WORKSPACE": str(tmp_path), "SEED": "7",
            "BAYPLAN_TERMINATION_LOG": str(tmp_path / "log"),
        })  # fmt: skip
        federated.main(unit)
        found.append({name: each.tobytes() for name, each in arrays(unit.output / "weights.npz").items()})
    assert found[0] == found[1]
    assert (tmp_path / "local/1/3/2/weights.npz").exists()


def test_a_manifest_runs_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = str(FOLDER / "federated.yaml")
    named = ["--rounds", "2", "--workspace", str(tmp_path), "--env", "EPOCHS=1", "--lose", "local:4@2"]
    monkeypatch.setattr("sys.argv", ["in_process", manifest, *named])
    assert in_process.main() == 0
    said = capsys.readouterr().out.splitlines()
    assert "local 4 in round 2: lost" in said
    assert said[-1].startswith("round 2 is the last")
    assert (tmp_path / "aggregate/2/0/1/state.npz").exists()


def test_rounds_end_when_the_condition_holds(tmp_path: Path) -> None:
    graph = run("recommendation.yaml", tmp_path)
    roots = [ran["evaluate"].results[0]["rmse"] for ran in graph.history]
    assert roots[-1] <= 0.4 < min(roots[:-1])
    assert said(graph, "evaluate")["alone"] > 1.2 * roots[-1]


def test_rounds_end_when_the_joint_loss_is_low_enough(tmp_path: Path) -> None:
    graph = run("customer-service.yaml", tmp_path)
    joint = [sum(weight * ran[task].results[0]["loss"] for task, weight in
             (("understand", 0.2), ("intent", 0.4), ("response", 0.4))) for ran in graph.history]  # fmt: skip
    assert joint[-1] <= 0.4 < min(joint[:-1])
    assert said(graph, "intent")["accuracy"] > graph.history[0]["intent"].results[0]["accuracy"] + 0.2
    assert [ran["understand"].results[0]["size"] for ran in graph.history] == [2 * 2**step for step in range(len(joint))]


def test_what_does_worse_counts_more_where_the_manifest_says_so(tmp_path: Path) -> None:
    graph = read(FOLDER / "customer-service.yaml")
    graph.rounds["joint"].update(otherwise="Reweigh", bound="0.3", limit=2)
    running = InProcess(graph, tmp_path, tell=lambda _: None)
    running.run()
    assert len(running.history) == 3  # two with new weights, and then it ends
    losses = {name: ran.results[0]["loss"] for name, ran in running.ran.items()}
    assert max(losses, key=losses.__getitem__) == "understand"
    assert running.joint_weights["understand"] > 0.2
    assert sum(running.joint_weights.values()) == pytest.approx(1)


def test_two_models_agree_and_both_learn(tmp_path: Path) -> None:
    graph = run("consensus.yaml", tmp_path)
    for ran in graph.history:
        compared = ran["compare"].results[0]
        assert compared["after"] == pytest.approx(0.5 * compared["before"], rel=1e-9)
    assert said(graph, "compare")["accuracy"] >= 0.93


def test_a_step_of_consensus_that_never_ends_is_refused(tmp_path: Path) -> None:
    graph = read(FOLDER / "consensus.yaml")
    agree = graph.tasks["agree"].spec["fuse"]
    agree["parameters"] = [{"name": "alpha", "value": "1"}]
    with pytest.raises(FusionError, match="alpha is 1: for this topology it must be below 2 / lambda_max = 1"):
        InProcess(graph, tmp_path, most_rounds=1, tell=lambda _: None).run()


def test_equal_members_are_better_together(tmp_path: Path) -> None:
    graph = run("ensemble-equal.yaml", tmp_path)
    alone = [each["accuracy"] for each in graph.ran["member"].results]
    assert min(said(graph, "evaluate").values()) >= np.mean(alone) + 0.01


def test_of_unequal_members_solved_weights_are_best(tmp_path: Path) -> None:
    graph = run("ensemble-unequal.yaml", tmp_path)
    found = said(graph, "evaluate")
    assert found["wls"] > max(found["mean"], found["vote"])


def test_a_student_learns_without_labels(tmp_path: Path) -> None:
    found = said(run("distillation.yaml", tmp_path), "student")
    assert found["accuracy"] >= 0.945
    assert found["accuracy"] > found["few"]


@pytest.mark.parametrize(("seed", "size"), [(21, 500), (22, 501), (23, 640)])
def test_tiles_count_what_is_in_the_whole_image(tmp_path: Path, seed: int, size: int) -> None:
    graph = run("tiles.yaml", tmp_path, seed, size)
    assert said(graph, "merge")["missing"] == 0
    picture = np.load(tmp_path / "draw/0/0/1/image.npy")
    assert np.array_equal(np.load(tmp_path / "merge/0/0/1/centres.npy"), tiles.cells(picture))


def test_text_in_shards_makes_the_model_of_the_whole_text(tmp_path: Path) -> None:
    graph = run("text.yaml", tmp_path)
    words = np.load(tmp_path / "write/0/0/1/learn.npy")
    counts = np.load(tmp_path / "merge/0/0/1/pairs.npy")
    whole = np.zeros_like(counts)
    for first, second in zip(words[:-1].tolist(), words[1:].tolist(), strict=True):
        whole[first, second] += 1
    assert np.array_equal(counts, whole)
    assert said(graph, "merge")["perplexity"] < said(graph, "merge")["untrained"] / 10


@pytest.mark.parametrize("camera", ["small", "large"])
def test_sensors_drive_better_together(tmp_path: Path, camera: str) -> None:
    graph = run("driving.yaml", tmp_path, candidates={"camera": camera})
    alone = {sensor: said(graph, sensor)["accuracy"] for sensor in ("camera", "lidar", "radar")}
    fused = said(graph, "decide")
    assert fused["accuracy"] > max(alone.values()) + 0.03
    assert fused["uncertain"] > 0
    assert said(graph, "check")["accuracy"] > fused["accuracy"]


def test_the_camera_sees_more_with_its_large_model(tmp_path: Path) -> None:
    small, large = (run("driving.yaml", tmp_path / name, candidates={"camera": name}) for name in ("small", "large"))
    assert said(large, "camera")["accuracy"] > said(small, "camera")["accuracy"]


def test_what_is_not_uncertain_is_not_checked(tmp_path: Path) -> None:
    graph = read(FOLDER / "driving.yaml")
    graph.tasks["check"].spec["when"] = "decide.uncertain > 100000"  # type: ignore[index]
    assert "check" not in InProcess(graph, tmp_path, tell=lambda _: None).run()


@pytest.mark.parametrize("name", MANIFESTS)
def test_every_program_that_a_manifest_names_can_be_run_by_its_command(name: str) -> None:
    for task in read(FOLDER / name).tasks.values():
        assert (FOLDER / f"{task.program(None).rpartition('.')[2]}.py").exists()
        assert task.container(None)["command"] == ["python", "-m", task.program(None)]


def test_programs_need_nothing_but_numpy_until_a_member_is_of_another_kind() -> None:
    """Containers start fast, and an image for these examples holds neither the operator nor the library."""
    programs = {task.program(None) for name in MANIFESTS for task in read(FOLDER / name).tasks.values()}
    code = (
        f"import sys, importlib; [importlib.import_module(each) for each in {sorted(programs)}]; "
        "print({each.partition('.')[0] for each in sys.modules} & {'bayplan', 'bayplan_operator', 'sklearn', 'scipy', 'yaml'})"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=FOLDER.parents[1], capture_output=True, text=True, check=True)
    assert ended.stdout == "set()\n"
