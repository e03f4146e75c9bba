"""Chromium on this machine, or the reason why there is none."""

from __future__ import annotations

import pytest

from tests.browser import chromium
from tests.testbed.system import ensure_packages


@pytest.fixture(scope="session")
def reason() -> str | None:
    """Why there is no Chromium; None where there is. Debian's package is installed where that is allowed."""
    return None if chromium.program() else ensure_packages(chromium.PACKAGES)


@pytest.fixture(autouse=True)
def browser(reason: str | None) -> None:
    if reason:
        pytest.skip(f"no chromium on this machine: {reason}")
