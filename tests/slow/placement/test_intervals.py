"""Simulated graphs end within the interval of their estimate as often as it says."""

import numpy as np

from bench.deadlines import On, World, measure


def test_four_true_ends_in_five_lie_in_the_interval() -> None:
    case = measure(6, 40, 2, World(noise=0.3, seen=10), "BestFit", 5)
    assert 0.70 <= case.covered <= 0.90
    assert np.abs(case.met.mean(axis=0) - [0.5, 0.7, 0.8, 0.9, 0.95]).max() < 0.12


def test_where_nodes_fail_as_often_as_they_did_before_the_interval_holds_too() -> None:
    counted = measure(6, 20, 1, World(noise=0.3, seen=10, mtbf=900.0), "BestFit", 5)
    unforeseen = measure(6, 20, 1, World(noise=0.3, seen=10, mtbf=900.0, blind=True), "BestFit", 5)
    assert unforeseen.covered < 0.5 < 0.65 <= counted.covered


def test_four_true_ends_in_five_lie_in_the_interval_of_the_default_policy_on_few_nodes() -> None:
    for on in (On.SIZES, On.SPEEDS):
        assert measure(3, 8, 2, World(noise=0.3, seen=10), "Auto", 5, on).covered >= 0.6, on
