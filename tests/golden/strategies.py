"""What is asked: every preset of the table, and the orders, scorers, planners and objectives that no preset has."""

from __future__ import annotations

from collections.abc import Mapping

from bayplan.strategy.compile import Named, compile_strategy
from bayplan.strategy.presets import PRESETS, compile_preset
from bayplan.strategy.protocols import Strategy

_USUAL = ("Priority", "CriticalPath", "Age")
_MAP = {"t0": "n0", "g/t1": "n1", "t2": "gone", "l0t0": "n2", "h/l0t1": "n3"}


def preset(name: str) -> Strategy:
    return compile_preset(name)


PRESET_NAMES = tuple(PRESETS)
BESIDE: Mapping[str, Strategy] = {
    "ShortestExpected": compile_strategy(["ShortestExpected"], [Named("BestFit")], Named("Greedy")),
    "Static": compile_strategy(_USUAL, [Named("BestFit")], Named("Static", parameters=_MAP)),
    "RoundedBestFit": compile_strategy([], [Named("RoundedBestFit")], Named("Greedy")),
    "SeveralScorers": compile_strategy(
        ["Priority", "Age"],
        [Named("Spread", 2), Named("DotProduct"), Named("PreferredAffinity", 3)],
        Named("Greedy"),
        node_selector=(("pool", "a"),),
    ),
    "Tardiness": compile_strategy(
        ["LeastSlack"], [Named("Spread")], Named("IntegerProgram", parameters={"objective": "Tardiness"})
    ),
    "MostEfficient": compile_strategy(["Age"], [Named("BestFit")], Named("Assignment", parameters={"objective": "Efficiency"})),
    "GeneticWeights": compile_strategy(
        ["Age"], [Named("BestFit")], Named("Genetic", parameters={"utilisationWeight": "2", "responseTimeWeight": "1"})
    ),
}
