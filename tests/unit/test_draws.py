"""How much is drawn in every run, and in a search."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.draws import cases, seeds


@pytest.fixture(autouse=True)
def profile() -> Iterator[None]:
    """That of this run is there again after each test."""
    before = settings.get_current_profile_name()
    yield
    settings.load_profile(before)


def test_every_run_draws_the_same() -> None:
    settings.load_profile("repeatable")
    assert cases(3, search=9).max_examples == 3
    assert cases(3, search=9).derandomize
    assert seeds(3, search=9) == range(3)


def test_a_search_draws_more_and_each_others() -> None:
    settings.load_profile("default")  # as `make search` does
    assert cases(3, search=9).max_examples == 9
    assert not cases(3, search=9).derandomize
    one, other = seeds(3, search=9), seeds(3, search=9)
    assert len(one) == len(other) == 9
    assert one != other
