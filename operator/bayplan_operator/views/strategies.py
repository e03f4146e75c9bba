"""What a policy can name, from the registries that policies are compiled with."""

import inspect
import sys
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

from bayplan.strategy.assigning import PLANNERS
from bayplan.strategy.compile import Named
from bayplan.strategy.ordering import ORDERS
from bayplan.strategy.parameters import defaults
from bayplan.strategy.plugins import Plugin
from bayplan.strategy.presets import PRESETS
from bayplan.strategy.scoring import SCORERS
from bayplan_operator.views.model.strategies import NamedPart, PresetView, StrategiesView, StrategyPart

_OWN = "bayplan"


def strategies(plugin: Plugin) -> StrategiesView:
    """Presets, and what is built in beside what `plugin` adds."""
    presets = (
        PresetView(
            name,
            preset.when.removesuffix("."),
            preset.order,
            tuple(map(_named, preset.scorers)),
            _named(preset.planner),
        )
        for name, preset in PRESETS.items()
    )
    return StrategiesView(
        tuple(presets),
        _parts({**ORDERS, **plugin.orders}),
        _parts({**SCORERS, **plugin.scorers}),
        _parts({**PLANNERS, **plugin.planners}),
    )


def _named(said: Named) -> NamedPart:
    return NamedPart(said.name, said.weight, dict(said.parameters))


def _parts(known: Mapping[str, Any]) -> tuple[StrategyPart, ...]:
    return tuple(_part(name, each) for name, each in known.items())


def _part(name: str, made: Any) -> StrategyPart:
    package = made.__module__.partition(".")[0]
    # Each of ours has a module, whose first line says what it is about; its own docstring says how it is worked out.
    described = sys.modules[made.__module__] if package == _OWN else made
    free = hasattr(made, "from_parameters")
    parameters = defaults(made) if is_dataclass(made) and isinstance(made, type) and not free else {}
    return StrategyPart(name, (inspect.getdoc(described) or "").partition("\n")[0], package, parameters, free)
