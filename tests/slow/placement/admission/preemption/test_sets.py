"""Drawn sets of queues, trees and gangs with one and with two resources, beside a judge that tries all sets of victims."""

from __future__ import annotations

import pytest

from bench.preempting.hours import Hours, window
from bench.preempting.sets import drawn
from bench.preempting.settling import Settling
from tests.draws import seeds

BY_NO_ORDER = (4333, 10066, 11585, 15639, 17718, 19982)
"""Sets of the seed 11 in which no order of victims leads to those that are lawful together, or are the fewest."""


@pytest.mark.drawn
def test_victims_are_lawful_needed_and_few_and_all_comes_to_rest() -> None:
    for number in seeds(400, search=800):
        found = Settling(drawn((1, number))).run()
        assert not found.faults, (number, found.told)


@pytest.mark.parametrize("number", BY_NO_ORDER)
def test_few_victims_are_tried_in_all_ways(number: int) -> None:
    found = Settling(drawn((11, number))).run()
    assert not found.faults, found.told


@pytest.mark.drawn
def test_answers_that_are_left_out_change_nothing() -> None:
    for number in seeds(40, search=60):
        quick, thorough = (Settling(drawn((2, number)), shortcuts=each) for each in (True, False))
        quick.run()
        thorough.run()
        assert [unit.nodes for unit in quick.units.values()] == [unit.nodes for unit in thorough.units.values()], number


def test_hours_of_three_queues_whose_gangs_do_not_divide_their_quotas() -> None:
    found = Hours()
    window((7,), 60.0, found)
    assert found.figures["plans"] > 5
    assert not any(found.faults.values()), found.faults
