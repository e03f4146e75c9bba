"""Linear algebra runs in the thread that asks for it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("given", "used"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3")], ids=["by itself", "as it is told"]
)
def test_how_many_threads_there_are_is_said_before_numpy_is_loaded(given: dict[str, str], used: str) -> None:
    text = "import os, sys, bayplan_operator; print(os.environ['OPENBLAS_NUM_THREADS'], 'numpy' in sys.modules)"
    rest = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", text], env={**rest, **given}, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [used, "False"]
