"""Which of many was used longest ago."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan_operator.conductor.knowledge.oldest import Oldest

STEPS = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 5), st.booleans()), max_size=400)


@given(STEPS)
def test_it_is_what_a_look_at_all_of_them_finds(steps: list[tuple[str, int, bool]]) -> None:
    ages, known = Oldest[str](), dict[str, float]()
    for key, at, gone in steps:
        if gone:
            ages.drop(key)
            known.pop(key, None)
        else:
            ages.used(key, float(at))
            known[key] = float(at)
        if known:
            assert ages.find() == min(known, key=lambda each: (known[each], each))
        else:
            with pytest.raises(IndexError):
                ages.find()
