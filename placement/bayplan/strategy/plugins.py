"""Strategies of other packages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from types import MappingProxyType

from bayplan.strategy.protocols import Order, Planner, Scorer

GROUP = "bayplan.strategies"


class PluginError(ValueError):
    """A package announces strategies that are none; the message names the package's entry point."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """What a package adds, by name. A name that is built in is replaced."""

    orders: Mapping[str, Order] = field(default_factory=lambda: MappingProxyType({}))
    scorers: Mapping[str, type[Scorer]] = field(default_factory=lambda: MappingProxyType({}))
    planners: Mapping[str, type[Planner]] = field(default_factory=lambda: MappingProxyType({}))


NO_PLUGIN = Plugin()


def installed() -> Plugin:
    """Everything that installed packages announce under the entry point group `bayplan.strategies`, joined.

    Each entry point leads to a `Plugin`. Raises `PluginError`.
    """
    found = [_load(each.name, each.load) for each in sorted(entry_points(group=GROUP), key=lambda each: each.name)]
    return Plugin(
        {name: order for each in found for name, order in each.orders.items()},
        {name: scorer for each in found for name, scorer in each.scorers.items()},
        {name: planner for each in found for name, planner in each.planners.items()},
    )


def _load(name: str, load: Callable[[], object]) -> Plugin:
    try:
        plugin = load()
    except Exception as error:  # whatever a package does wrong while it is imported, it is named
        raise PluginError(f"entry point {name} of {GROUP} cannot be loaded: {error}") from error
    if not isinstance(plugin, Plugin):
        raise PluginError(
            f"entry point {name} of {GROUP} is a {type(plugin).__name__}: it must be a bayplan.strategy.plugins.Plugin"
        )
    return plugin
