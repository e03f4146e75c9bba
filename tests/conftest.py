"""How the tiers share one test run."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported; what tests start has it from here

pytest_plugins = ["tests.grouping"]
# The same draws in every run: a change is judged by its own faults. `make search` draws others, and more (profile `default`).
# A test that has to draw another number says so: see `draws.py`.
settings.register_profile("repeatable", derandomize=True, max_examples=50)
settings.load_profile("repeatable")
TESTS = Path(__file__).parent
TIMEOUT = 1800
"""Seconds for a test with a testbed: the first of a process starts it, and builds programs that are not there yet."""


def pytest_collection_finish() -> None:
    """Thousands of collected tests and their modules stay until the end: the collector need not walk them again and again."""
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.relative_to(TESTS).parts[0] in ("node", "chart", "cluster"):
            item.add_marker(pytest.mark.timeout(TIMEOUT))
