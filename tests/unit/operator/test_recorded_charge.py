"""What is charged for a graph as a whole: its record, and when it is given back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.cluster.quotas import GraphCharge
from bayplan_operator.conductor.record.charge import RecordedCharge
from bayplan_operator.translate.charge_record import read_charge, write_charge
from bayplan_operator.translate.queue import quota_key

RESOURCES = ("cpu", "memory", "pods", "nvidia.com/gpu", "bayplan.dev/gpu-milli", "example.com/x")
SELECTORS: tuple[dict[str, str], ...] = ({}, {"gpu": "a"}, {"zone": "z", "gpu": "b"})
KEYS = st.builds(quota_key, st.sampled_from(RESOURCES), st.sampled_from(SELECTORS))
CHARGES = st.builds(
    GraphCharge,
    st.just("q"),
    st.lists(st.tuples(KEYS, st.integers(0, 2**45)), max_size=4, unique_by=lambda each: each[0]).map(tuple),
    st.sampled_from((None, (("gpu", "a"),), (("gpu", "b"), ("zone", "z")))),
)
ONE = GraphCharge("q", ((quota_key("cpu", {}), 4000),))
STATUS = {"charged": {"queue": "q", "quotas": [{"resource": "cpu", "amount": "4"}]}}


def made(status: dict[str, Any] | None = None) -> RecordedCharge:
    found = RecordedCharge()
    found.find(status or {})
    found.follow("q", whole=True, suspended=False)
    return found


@given(CHARGES)
def test_what_is_written_is_read(charge: GraphCharge) -> None:
    assert read_charge({"charged": write_charge(charge)}) == charge


@pytest.mark.parametrize("wrong", ["x", {}, {"queue": "q"}, {"queue": "q", "quotas": [{"resource": "cpu", "amount": "much"}]}])
def test_what_was_edited_so_that_it_cannot_be_read_is_none(wrong: object) -> None:
    assert read_charge({"charged": wrong}) is None


def test_it_is_recorded_before_anything_starts() -> None:
    charge = made()
    assert charge.settled, "it may ask for places, so that its turn comes"
    charge.admit(ONE)
    assert not charge.settled
    assert charge.counts == ONE
    charge.find(STATUS)
    assert charge.settled


def test_a_successor_finds_it() -> None:
    charge = made(STATUS)
    assert (charge.decided, charge.settled) == (ONE, True)


@pytest.mark.parametrize(
    ("queue", "whole", "suspended"), [("q", True, True), ("other", True, False), ("q", False, False)], ids=str
)
def test_given_back_it_counts_until_the_status_says_so(queue: str, whole: bool, suspended: bool) -> None:
    charge = made(STATUS)
    charge.follow(queue, whole=whole, suspended=suspended)
    assert (charge.decided, charge.counts, charge.settled) == (None, ONE, False)
    charge.find(STATUS)
    assert charge.decided is None, "what was given back is not taken over again"
    charge.find({})
    assert (charge.counts, charge.settled) == (None, True)


def test_what_was_recorded_holds_though_the_status_is_edited() -> None:
    charge = made(STATUS)
    charge.find({"charged": {"queue": "q", "quotas": [{"resource": "cpu", "amount": "1"}]}})
    assert (charge.decided, charge.settled) == (ONE, False)
    charge.find(STATUS)
    assert charge.settled
