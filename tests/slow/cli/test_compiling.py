"""Compiling is told, and only compiling."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bayplan.solvers.kernels.compiled import HAVE_NUMBA
from bayplan_operator.cli.terminal.compiling import Told
from tests.unit.cli.processes import bayplan

MANY = ("simulate", "-f", "examples/wide.yaml", "--nodes", "examples/simulation/nodes.yaml", "--policy", "BestFit")
"""So many pods that a few kernels are compiled."""


@pytest.mark.skipif(not HAVE_NUMBA, reason="numba is not installed: nothing is compiled")
def test_the_first_compilation_is_told_and_no_other(tmp_path: Path) -> None:
    first, second = (bayplan(*MANY, NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0)
    begin, end = first.stderr.splitlines()
    assert begin == "bayplan: compiling the library's kernels, which is kept for the next time: it takes up to a minute ..."
    assert re.fullmatch(r"bayplan: compiled \d+ kernels in \d+\.\d s", end)
    assert second.stderr == ""
    assert first.stdout == second.stdout


def test_kernels_within_kernels_count_their_time_once(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told(clock=iter([0.0, 5.0, 7.0, 8.0]).__next__)
    told.started()
    told.started()
    told.ended()
    told.ended()
    told.started()
    told.ended()
    told.close()
    begin, end = capsys.readouterr().err.splitlines()
    assert begin.startswith("bayplan: compiling ")
    assert end == "bayplan: compiled 3 kernels in 6.0 s"


def test_nothing_is_said_where_nothing_is_compiled(capsys: pytest.CaptureFixture[str]) -> None:
    Told().close()
    assert capsys.readouterr().err == ""
