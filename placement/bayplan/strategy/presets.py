"""Named strategies: an order, scorers with weights, and a planner that go together."""

from collections.abc import Mapping
from dataclasses import dataclass

from bayplan.cluster.filters import Selector
from bayplan.model.spelling import unknown
from bayplan.strategy.compile import Named, StrategyError, compile_strategy
from bayplan.strategy.plugins import NO_PLUGIN, Plugin
from bayplan.strategy.protocols import Strategy

_GREEDY = Named("Greedy")
_POTENTIAL = (Named("Potential"),)
_LEAST_LOAD, _RISK = (Named(name, parameters={"hiddenWeight": "1"}) for name in ("LeastMeasuredLoad", "LoadRisk"))
_USUAL = ("Priority", "CriticalPath", "Age")


@dataclass(frozen=True, slots=True)
class Preset:
    """What the name stands for, and when to take it."""

    when: str
    scorers: tuple[Named, ...] = _POTENTIAL
    planner: Named = _GREEDY
    order: tuple[str, ...] = _USUAL


PRESETS: Mapping[str, Preset] = {
    "Auto": Preset("No wish of your own: it looks at what is asked.", planner=Named("Auto")),
    "Packing": Preset("As many GPUs as possible in use, by what usually arrives."),
    "FGD": Preset("The published fragmentation gradient descent, to compare with.", (Named("FragmentationGradient"),)),
    "BestFit": Preset("Full nodes, so that whole ones stay free.", (Named("BestFit"),)),
    "Spread": Preset("Even nodes (worst fit), so that a lost node costs little.", (Named("Spread"),)),
    "LeastLoaded": Preset("No node's busiest resource busier than need be.", (Named("LeastLoaded"),)),
    "LoadAware": Preset("No node busier than need be, by what is measured.", (_LEAST_LOAD,)),
    "TargetUtilization": Preset("Nodes busy up to a target, by what is measured.", (Named("TargetUtilization"),)),
    "LoadRisk": Preset("Nodes whose load is low and steady, by what is measured.", (_RISK,)),
    "LeastConnections": Preset("As many pods on every node.", (Named("LeastConnections"),)),
    "DotProduct": Preset("CPU, memory and GPUs that run out together.", (Named("DotProduct"),)),
    "Efficiency": Preset("Tasks where they achieve most, once that is known.", (Named("Efficiency", 9), Named("BestFit"))),
    "NodeSurvival": Preset(
        "Long tasks on nodes that hold out, once some have failed.", (Named("NodeSurvival", 99), Named("BestFit"))
    ),
    "RoundRobin": Preset("Equal pods on equal nodes.", (Named("BestFit"),), Named("RoundRobin")),
    "Random": Preset("A baseline to compare with.", (Named("BestFit"),), Named("Random")),
    "EarliestDeadline": Preset("Graphs with deadlines, all of which can be met.", order=("EarliestDeadline", *_USUAL)),
    "LeastSlack": Preset("Graphs with deadlines and long chains.", order=("LeastSlack", *_USUAL)),
    "GraphPlan": Preset(
        "Graphs that should end soon, on nodes of several speeds, or with much data.",
        (Named("EarliestFinish", 99), Named("BestFit")),
        Named("Planned"),
        ("Priority", "UpwardRank", "Age"),
    ),
    "LinearProgram": Preset("Large batches that compete, and what each node is worth.", planner=Named("LinearProgram")),
    "IntegerProgram": Preset("Small batches that compete: the most priority placed.", planner=Named("IntegerProgram")),
    "LeastCost": Preset(
        "Nodes with prices: the cheapest placement.",
        planner=Named("IntegerProgram", parameters={"objective": "Cost"}),
    ),
    "Assignment": Preset("Equal pods, one or a few to a node: the best matching.", planner=Named("Assignment")),
    "Auction": Preset("Large batches of equal pods: near the best matching.", planner=Named("Auction")),
    "Genetic": Preset("Several aims at once, and time to search.", planner=Named("Genetic")),
    "AntColony": Preset("Competing batches of unlike pods, and time to search.", planner=Named("AntColony")),
}
"""Static has no preset: its map is the policy's own."""


def compile_preset(name: str, node_selector: Selector = (), plugin: Plugin = NO_PLUGIN) -> Strategy:
    """The strategy of that name. Raises `StrategyError`."""
    preset = PRESETS.get(name)
    if preset is None:
        raise StrategyError(unknown("preset", name, PRESETS))
    return compile_strategy(preset.order, preset.scorers, preset.planner, node_selector, plugin)
