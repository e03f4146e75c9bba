"""Strategies of hypothesis, made once each: to check and set one up takes longer than to draw from it."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


@lru_cache(maxsize=None, typed=True)  # 1 and 1.0 are different values
def among(*values: T) -> st.SearchStrategy[T]:
    """One of these values; one that is given twice is drawn twice as often."""
    return st.sampled_from(values)


@cache
def whole(low: int, high: int) -> st.SearchStrategy[int]:
    """A whole number from `low` to `high`."""
    return st.integers(low, high)


@cache
def some_below(number: int, most: int) -> st.SearchStrategy[set[int]]:
    """At most `most` different whole numbers from 0, below `number`."""
    return st.sets(st.integers(0, number - 1), max_size=most)
