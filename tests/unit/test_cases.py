"""The worked cases of `examples/cases` come out right."""

import runpy
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from bayplan.strategy.compile import Named, compile_strategy
from bayplan.strategy.presets import compile_preset
from examples.cases import chain, efficiency, least_cost, least_loaded, rooms
from tests.unit.placement.batches import best_value

SCRIPTS = sorted((Path(__file__).parents[2] / "examples" / "cases").glob("*.py"))


def test_each_task_on_its_own_resource_costs_1100() -> None:
    assert least_cost.solve(least_cost.identity()).cost == 20 + 80 + 180 + 320 + 500 == 1100


@pytest.mark.parametrize("planner", ["LinearProgram", "IntegerProgram", "Assignment", "Auction", "Genetic", "AntColony"])
def test_the_least_cost_is_700(planner: str) -> None:
    strategy = compile_strategy(["Age"], [Named("BestFit")], Named(planner, parameters={"objective": "Cost"}))
    answer = least_cost.solve(strategy)
    assert answer.cost == 700
    assert answer.places == {"t10": "r10", "t20": "r8", "t30": "r6", "t40": "r4", "t50": "r2"}


def test_the_preset_for_least_cost_finds_it() -> None:
    assert least_cost.solve(compile_preset("LeastCost")).cost == 700


def test_the_least_loaded_resource_gets_the_next_task() -> None:
    steps = least_loaded.solve()
    assert [step.node for step in steps] == ["c10", "c8", "c6", "c8", "c10", "c8"]
    assert steps[-1].loads == (5, 5, 3)
    loads = np.zeros(3)
    for step in steps:
        after = (loads + step.units) / least_loaded.CAPACITIES
        chosen = [f"c{capacity}" for capacity in least_loaded.CAPACITIES].index(step.node)
        assert after[chosen] == after.min()
        loads[chosen] += step.units


def test_the_chain_ends_at_5_15_and_30_and_is_late_by_1() -> None:
    runs = chain.solve()
    assert [(run.task, run.end, run.tardiness) for run in runs] == [("T1", 5, 0), ("T2", 15, 1), ("T3", 30, 0)]
    assert sum(run.tardiness for run in runs) == 1


@pytest.mark.parametrize("planner", ["LinearProgram", "IntegerProgram", "Assignment", "Auction", "Genetic", "AntColony"])
def test_the_largest_efficiency_is_3_8(planner: str) -> None:
    answer = efficiency.solve(planner)
    assert answer.places == {"t1": "c1", "t2": "c4"}
    assert answer.value == pytest.approx(3.8)


def test_with_one_unit_each_all_the_priority_is_placed() -> None:
    answer = rooms.solve(rooms.UNIT)
    assert answer.integer == answer.linear == best_value(rooms.problem(rooms.UNIT)) == 15
    assert answer.duals.tolist() == [0, 0, 0]


def test_competing_demands_as_integer_program_equal_brute_force() -> None:
    answer = rooms.solve(rooms.COMPETING)
    tried = []
    for places in product((-1, 0, 1, 2), repeat=5):
        used = [sum(d for d, p in zip(rooms.COMPETING, places, strict=True) if p == node) for node in range(3)]
        if all(amount <= room for amount, room in zip(used, rooms.ROOMS, strict=True)):
            tried.append(sum(p for p, place in zip(rooms.PRIORITIES, places, strict=True) if place >= 0))
    assert answer.integer == max(tried) == 13


def test_competing_demands_as_linear_program_with_its_duals() -> None:
    answer = rooms.solve(rooms.COMPETING)
    # 24 units: the tasks by priority for a unit are 7 of 5, 6 of 4, 6 of 3, and 5 of 2 for what is left, 5.
    assert answer.linear == pytest.approx(14)
    # Strong duality: the room at its price and what each task is worth above the price of its own make up the optimum.
    prices, rooms_there = answer.duals, np.array(rooms.ROOMS)
    profits = [
        max(priority - min(prices) * demand, 0.0) for priority, demand in zip(rooms.PRIORITIES, rooms.COMPETING, strict=True)
    ]
    assert prices @ rooms_there + sum(profits) == pytest.approx(14)
    assert prices.tolist() == pytest.approx([prices[0]] * 3)
    assert 0.25 <= prices[0] <= 0.4


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_every_script_says_its_case(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = runpy.run_path(str(script), run_name="__main__")
    said = capsys.readouterr().out
    assert said == made["report"]() + "\n"
    assert f"`{script.stem}.py`" in (script.parents[2] / "docs" / "strategies.md").read_text()
