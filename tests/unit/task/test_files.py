"""Files that appear whole or not at all, and checkpoints of which torn ones are passed over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bayplan_task import Checkpoints, TaskError, Unit
from bayplan_task.files import save, writing


def test_a_file_appears_at_the_end_of_the_block(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "report.txt"
    with writing(path) as file:
        file.write(b"half")
        file.flush()
        assert not path.exists()
        file.write(b" and half")
    assert path.read_bytes() == b"half and half"
    assert [each.name for each in path.parent.iterdir()] == ["report.txt"]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_bytes(b"old")

    def half() -> None:
        with writing(path) as file:
            file.write(b"new")
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        half()
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["report.txt"]


def test_arrays_come_back_bit_for_bit(tmp_path: Path) -> None:
    unit = Unit({"BAYPLAN_WORKSPACE": str(tmp_path)})
    weights: dict[str, NDArray[Any]] = {"w": np.random.default_rng(1).normal(size=(3, 2)).astype(np.float32), "b": np.arange(2)}
    with np.load(unit.save("weights.npz", weights)) as found:
        assert {name: (found[name].dtype, found[name].tobytes()) for name in found} == {
            name: (each.dtype, each.tobytes()) for name, each in weights.items()
        }
    assert np.load(unit.save("one.npy", [1.5, 2.5])).tolist() == [1.5, 2.5]


@pytest.mark.parametrize(
    ("name", "arrays", "said"),
    [
        ("a.npz", [1], "a.npz: an .npz file takes a mapping"),
        ("a.npy", {"w": 1}, "an .npy file takes one array"),
        ("a.pkl", [1], 'a.pkl: arrays are saved as .npy or .npz, not as ".pkl"'),
        ("a.npz", {"w": [object()]}, "a.npz: w holds Python objects; it must hold numbers"),
    ],
)
def test_what_is_no_file_of_numbers_is_refused(tmp_path: Path, name: str, arrays: object, said: str) -> None:
    with pytest.raises(TaskError, match=said):
        save(tmp_path / name, arrays)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=40, deadline=None)
@given(keep=st.integers(1, 4), steps=st.lists(st.integers(0, 30), min_size=1, max_size=8, unique=True))
def test_the_newest_are_kept(tmp_path_factory: pytest.TempPathFactory, keep: int, steps: list[int]) -> None:
    checkpoints = Checkpoints(tmp_path_factory.mktemp("kept"), keep)
    kept: list[int] = []
    for step in steps:
        checkpoints.save(step, {"step": np.array(step)})
        kept = sorted([*kept, step])[-keep:]
        found = checkpoints.latest()
        assert found is not None
        assert (found.step, int(found.arrays["step"])) == (kept[-1], kept[-1])
    assert len(list(checkpoints.folder.iterdir())) == len(kept)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_torn_checkpoint_is_passed_over(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Cut off anywhere, or with a byte of an array's values changed: the one before is taken."""
    checkpoints = Checkpoints(tmp_path_factory.mktemp("torn"))
    values = np.arange(50.0)
    checkpoints.save(1, {"w": values})
    path = checkpoints.save(2, {"w": values + 1})
    whole = path.read_bytes()
    if data.draw(st.booleans()):
        path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    else:
        start = whole.index((values + 1).tobytes())
        at = start + data.draw(st.integers(0, values.nbytes - 1))
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    found = checkpoints.latest()
    assert found is not None
    assert (found.step, found.arrays["w"].tolist()) == (1, values.tolist())


def test_without_checkpoints_there_is_no_latest(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path / "none").latest() is None
    (tmp_path / "notes.txt").write_text("no checkpoint")
    assert Checkpoints(tmp_path).latest() is None


@pytest.mark.parametrize("step", [-1, 10**10])
def test_a_step_out_of_range_is_refused(tmp_path: Path, step: int) -> None:
    with pytest.raises(TaskError, match=f"the checkpoint's step is {step}: it must be from 0 to 9999999999"):
        Checkpoints(tmp_path).save(step, {})


def test_something_has_to_be_kept(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="keep is 0"):
        Checkpoints(tmp_path, 0)


def test_what_killed_processes_left_is_cleared_away_later(tmp_path: Path) -> None:
    """But not at once: a twin that saves at the same time still needs its file."""
    checkpoints = Checkpoints(tmp_path)
    old, young = tmp_path / ".step-0000000001.npz.aa.tmp", tmp_path / ".step-0000000001.npz.bb.tmp"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (1e9, 1e9))
    checkpoints.save(2, {"w": 1})
    assert sorted(each.name for each in tmp_path.iterdir()) == [young.name, "step-0000000002.npz"]


SAVES_FOR_EVER = """
import itertools, sys
from pathlib import Path
import numpy as np
from bayplan_task import Checkpoints
checkpoints = Checkpoints(Path(sys.argv[1]), keep=2)
found = checkpoints.latest()
for step in itertools.count(0 if found is None else found.step + 1):
    checkpoints.save(step, {"w": np.full(200_000, step)})
"""


def test_a_process_that_is_killed_while_it_saves_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    reached = -1
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "-c", SAVES_FOR_EVER, str(tmp_path)])
        until = time.monotonic() + 30
        found = None
        while time.monotonic() < until and (found is None or found.step <= reached):
            time.sleep(0.01)
            found = Checkpoints(tmp_path).latest()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        found = Checkpoints(tmp_path).latest()
        assert found is not None
        assert found.step > reached
        assert (found.arrays["w"] == found.step).all()
        reached = found.step
