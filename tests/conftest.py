"""How the tiers share one test run."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
TIMEOUT = 1800
"""Seconds for a test with a testbed: the first of a process starts it, and builds programs that are not there yet."""


def pytest_collection_finish() -> None:
    """Thousands of collected tests and their modules stay until the end: the collector need not walk them again and again."""
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Which tests run in one process, where several do (`--dist loadgroup`): each process starts a testbed of its own.

    The real nodes need the machine's network and cgroups for themselves, and the chart a cluster without Bayplan.
    """
    for item in items:
        tier, *rest = item.path.relative_to(TESTS).parts
        if tier in ("node", "chart"):
            item.add_marker(pytest.mark.xdist_group(tier))
        elif tier == "cluster":
            item.add_marker(pytest.mark.xdist_group("/".join(rest)))
        if tier in ("node", "chart", "cluster"):
            item.add_marker(pytest.mark.timeout(TIMEOUT))
