"""`bayplan strategies`: what a policy can name, as the code has it."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from bayplan.strategy.assigning import PLANNERS
from bayplan.strategy.ordering import ORDERS
from bayplan.strategy.plugins import Plugin
from bayplan.strategy.presets import PRESETS
from bayplan.strategy.scoring import SCORERS
from bayplan_operator.views.strategies import strategies
from tests.unit.cli.whatif_files import run


def test_every_name_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "strategies")
    assert (code, err) == (0, "")
    tables = [table.splitlines() for table in out.rstrip().split("\n\n")]
    assert [[line.split()[0] for line in table[1:]] for table in tables] == [
        list(PRESETS), list(ORDERS), list(SCORERS), list(PLANNERS)
    ]  # fmt: skip
    assert all(len(line.split("  ", 1)) == 2 and line.split("  ", 1)[1].strip() for table in tables for line in table)


def test_parameters_with_their_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(run(capsys, "strategies", "-o", "json")[1])
    planners = {each["name"]: each for each in found["planners"]}
    assert planners["AntColony"]["parameters"]["evaporation"] == 0.2
    assert planners["Auction"]["parameters"] == {"objective": "Priority", "precision": 0.001, "bids": 100_000}
    assert planners["Static"]["freeParameters"]
    presets = {each["name"]: each for each in found["presets"]}
    assert presets["LeastCost"]["planner"]["parameters"] == {"objective": "Cost"}
    assert [(each["name"], each["weight"]) for each in presets["Efficiency"]["scorers"]] == [("Efficiency", 9), ("BestFit", 1)]
    wide = run(capsys, "strategies", "-o", "wide")[1]
    assert "IntegerProgram(objective=Cost)" in wide


@dataclass(frozen=True)
class Mine:
    """The node that I like.

    More about it.
    """

    how_much: float = 0.5


def test_those_of_other_packages_are_among_them() -> None:
    (mine,) = [each for each in strategies(Plugin(scorers={"Mine": Mine})).scorers if each.name == "Mine"]  # type: ignore[dict-item]
    assert (mine.about, mine.package, mine.parameters) == ("The node that I like.", "tests", {"howMuch": 0.5})
