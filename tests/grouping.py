"""Which tests run in one process, where several do (`--dist loadgroup`): each process starts a testbed of its own.

The real nodes need the machine's network and cgroups for themselves, and the chart a cluster without Bayplan. The groups
follow from the tests' paths: pytest-xdist hands the groups of its own marks on as a part of the test's id, which
pytest 9.2 does not let it change, and then every test is a group of its own.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

ALONE = ("node", "chart")
"""Tiers that are one group as a whole; of the others, each file is one."""


def group(nodeid: str) -> str:
    """The group of a test: tests of one group run in one process, one after the other."""
    path = PurePosixPath(nodeid.partition("::")[0])
    tier = path.parts[1:2]
    return tier[0] if tier and tier[0] in ALONE else str(path)


class ByGroup(LoadScopeScheduling):
    """pytest-xdist's scheduler of groups, with `group` in place of a test's module or class."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByGroup | None:
    """Take the place of pytest-xdist's own scheduler for `--dist loadgroup`."""
    return ByGroup(config, log) if config.getvalue("dist") == "loadgroup" else None
