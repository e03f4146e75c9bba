"""The benchmark of fusion runs, and no fusion holds more than 1.5 models in memory."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_benchmark_and_the_bound_on_memory(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.fusing", "--size", "8M", "--models", "4", "--repeat", "1", "--dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    rows = dict(re.findall(r"^(.+?) +[\d.]+ +[\d.]+ +[\d.]+ +(-?[\d.]+)$", done.stdout, re.MULTILINE))
    assert set(rows) == {"reading the files", "numpy.load alone", "plain numpy", "bayplan, Mean", "bayplan, FedAvg"}
    assert float(rows["plain numpy"]) > 2, "what a plain loop holds is seen"
    assert max(float(rows["bayplan, Mean"]), float(rows["bayplan, FedAvg"])) <= 1.5
    assert list(tmp_path.iterdir()) == [], "the files are deleted"
