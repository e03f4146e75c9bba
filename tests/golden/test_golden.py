"""What is decided now is what was decided when it was recorded.

If you change a decision on purpose, record it with `python -m tests.golden.record`, and say in the commit why.
"""

from __future__ import annotations

import pytest

from tests.golden.all_of_it import KINDS
from tests.golden.files import differences, recorded

EVERYTHING = [(kind, name) for kind, names in KINDS.items() for name in names]


@pytest.mark.parametrize(("kind", "name"), EVERYTHING, ids=[f"{kind}-{name}" for kind, name in EVERYTHING])
def test_decisions_are_those_recorded(kind: str, name: str) -> None:
    found = differences(kind, name, KINDS[kind][name]())
    assert not found, found


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_recorded_of_what_there_is_no_more(kind: str) -> None:
    assert recorded(kind) - set(KINDS[kind]) == set()
