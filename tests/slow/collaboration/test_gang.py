"""Members of a gang in processes of their own, over real sockets; one is killed, and they go on from the checkpoint."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bayplan_task import Checkpoints
from examples.collaboration.settings import arrays

ROOT = Path(__file__).parents[3]
EPOCHS = 6


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def members(workspace: Path, count: int, attempt: int, epochs: int = EPOCHS) -> list[subprocess.Popen[str]]:
    port = free_port()
    return [
        subprocess.Popen(
            [sys.executable, "-m", "examples.collaboration.gang"],
            cwd=ROOT,
            env=os.environ
            | {
                "BAYPLAN_TASK": "train", "BAYPLAN_WORKSPACE": str(workspace), "BAYPLAN_SHARDS": str(count),
                "JOB_COMPLETION_INDEX": str(rank), "BAYPLAN_INCARNATION": str(attempt), "RANK": str(rank),
                "WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "SEED": "4",
                "EPOCHS": str(epochs), "BAYPLAN_CHECKPOINTS": str(workspace / "train/0/checkpoints"),
                "BAYPLAN_TERMINATION_LOG": str(workspace / f"log-{rank}"),
            },
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(count)
    ]  # fmt: skip


def ended(processes: list[subprocess.Popen[str]]) -> list[tuple[int, str]]:
    said = [process.communicate(timeout=60)[1] for process in processes]
    return [(process.returncode, text) for process, text in zip(processes, said, strict=True)]


def weights(workspace: Path, attempt: int) -> dict[str, bytes]:
    return {name: each.tobytes() for name, each in arrays(workspace / f"train/0/0/{attempt}/weights.npz").items()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Of two members that nothing happens to."""
    workspace = tmp_path_factory.mktemp("whole")
    assert [code for code, _ in ended(members(workspace, 2, 1))] == [0, 0]
    found = [json.loads((workspace / f"log-{rank}").read_text()) for rank in range(2)]
    assert found[0] == found[1]
    assert found[0]["accuracy"] >= 0.9
    assert (found[0]["began"], found[0]["members"]) == (0, 2)
    return weights(workspace, 1)


@pytest.mark.parametrize("killed", [0, 1])
def test_a_gang_goes_on_from_the_last_checkpoint(tmp_path: Path, whole: dict[str, bytes], killed: int) -> None:
    processes = members(tmp_path, 2, 1, epochs=100_000)
    checkpoints = Checkpoints(tmp_path / "train/0/checkpoints")
    until = time.monotonic() + 60
    while time.monotonic() < until:
        latest = checkpoints.latest()
        if latest is not None and latest.step >= 2:
            break
        time.sleep(0.005)
    os.kill(processes[killed].pid, signal.SIGKILL)
    codes = ended(processes)
    assert codes[killed][0] == -signal.SIGKILL
    code, said = codes[1 - killed]
    assert code == 1
    assert said.startswith("another member of the gang ")
    latest = checkpoints.latest()
    assert latest is not None
    for step in range(EPOCHS, latest.step + 1):  # as if it had been killed earlier, where this machine was fast
        (checkpoints.folder / f"step-{step:010d}.npz").unlink(missing_ok=True)
    latest = checkpoints.latest()
    assert [code for code, _ in ended(members(tmp_path, 2, 2))] == [0, 0]
    assert json.loads((tmp_path / "log-0").read_text())["began"] == (latest.step if latest else 0)
    assert weights(tmp_path, 2) == whole


def test_what_is_left_of_a_gang_goes_on_alone(tmp_path: Path) -> None:
    """An elastic gang that has shrunk to one member takes over the checkpoint."""
    assert [code for code, _ in ended(members(tmp_path, 2, 1, epochs=2))] == [0, 0]
    assert [code for code, _ in ended(members(tmp_path, 1, 2))] == [0]
    found = json.loads((tmp_path / "log-0").read_text())
    assert (found["began"], found["members"]) == (2, 1)
    assert found["accuracy"] >= 0.9
