"""What runs in one process where several share a test run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.grouping import group

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("nodeid", "name"),
    [
        ("tests/node/test_running.py::test_it[a::b]", "node"),
        ("tests/chart/test_install.py::test_it", "chart"),
        ("tests/cluster/test_gpu.py::test_it", "tests/cluster/test_gpu.py"),
        ("test_gpu.py::test_it", "test_gpu.py"),
    ],
)
def test_the_group_follows_from_the_path(nodeid: str, name: str) -> None:
    assert group(nodeid) == name


def test_the_tests_of_a_group_run_in_one_process(tmp_path: Path) -> None:
    """Two processes, two tiers, two files of two tests in each: by the ids alone, both processes would get some of both."""
    text = """
import os, time
from pathlib import Path
import pytest
@pytest.mark.parametrize("number", [0, 1])
def test_it(number):
    time.sleep(0.05)
    path = Path(__file__)
    with path.parent.with_suffix(".workers").open("a") as workers:
        print(os.environ["PYTEST_XDIST_WORKER"], file=workers)
"""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    for file in ("tests/node/test_a.py", "tests/node/test_b.py", "tests/chart/test_c.py", "tests/chart/test_d.py"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "xdist.plugin", "-p", "tests.grouping", "-n", "2", "--dist", "loadgroup"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONSAFEPATH": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
    workers = [set((tmp_path / "tests" / name).read_text().split()) for name in ("node.workers", "chart.workers")]
    assert [len(each) for each in workers] == [1, 1]
    assert workers[0] != workers[1]
