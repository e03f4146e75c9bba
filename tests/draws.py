"""How many cases are drawn: enough in every run, and more of them in a search for faults (`make search`)."""

from __future__ import annotations

import random

from hypothesis import settings


def cases(every_run: int, *, search: int) -> settings:
    """Settings of a property test that takes long: so many cases in every run, always the same, and so many in a search."""
    return settings(max_examples=every_run if _repeatable() else search, deadline=None)


def seeds(every_run: int, *, search: int) -> range:
    """Seeds of cases that a test draws by itself: from 0 in every run, and in a search from where none may have begun yet.

    Such a test has the mark `drawn`, by which a search finds it, and names the seed where it fails.
    """
    if _repeatable():
        return range(every_run)
    first = random.SystemRandom().randrange(2**32)
    return range(first, first + search)


def _repeatable() -> bool:
    """Whether this run draws what every run draws: see `conftest.py`."""
    return bool(settings().derandomize)
