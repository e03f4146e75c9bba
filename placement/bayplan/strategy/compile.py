"""From names in a policy to something that decides, resolved once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bayplan.cluster.filters import Selector
from bayplan.cluster.hot import hot_thresholds
from bayplan.model.spelling import unknown
from bayplan.strategy.assigning import PLANNERS
from bayplan.strategy.declarations import DeclarationError, Kind, checked
from bayplan.strategy.needs import Need
from bayplan.strategy.ordering import ORDERS
from bayplan.strategy.parameters import ParameterError, with_parameters
from bayplan.strategy.plugin_parts import PluginOrder, PluginPlanner, PluginScorer
from bayplan.strategy.plugins import NO_PLUGIN, Plugin
from bayplan.strategy.protocols import Order, Planner, Scorer, Scoring, Strategy, WeightedScorer
from bayplan.strategy.scoring import SCORERS

__all__ = ["Named", "Strategy", "StrategyError", "compile_strategy", "with_hot"]

_PREFERENCES = "PreferredAffinity"


class StrategyError(ValueError):
    """A policy names what does not exist, or what cannot be used; the message names the field and what would be right."""


@dataclass(frozen=True, slots=True)
class Named:
    """A scorer or planner by its name, with its parameters as text."""

    name: str
    weight: float = 1.0
    """How much a scorer counts beside others; of a planner without meaning."""
    parameters: Mapping[str, str] = field(default_factory=dict)


def compile_strategy(
    order: Sequence[str],
    scorers: Sequence[Named],
    planner: Named,
    node_selector: Selector = (),
    plugin: Plugin = NO_PLUGIN,
) -> Strategy:
    """A strategy from names. Raises `StrategyError`. `plugin`: orders, scorers and planners beside the built-in ones.

    What pods themselves prefer always counts. Where the policy gives it no weight, it counts as much as all
    the named scorers together, as in kube-scheduler's defaults (node affinity 2, two of resources 1 each).
    """
    orders, known = {**ORDERS, **plugin.orders}, {**SCORERS, **plugin.scorers}
    planners = {**PLANNERS, **plugin.planners}
    for number, name in enumerate(order):
        if name not in orders:
            raise StrategyError(unknown(f"order[{number}]", name, orders))
    _check_once("order", order)
    ordered = [_order(f"order[{number}]", name, orders[name], name in plugin.orders) for number, name in enumerate(order)]
    if not scorers:
        raise StrategyError("scorers is empty: name at least one")
    weighted = [
        _weighted(f"scorers[{number}]", each, known, each.name in plugin.scorers) for number, each in enumerate(scorers)
    ]
    _check_once("scorers", [each.name for each in scorers])
    if _PREFERENCES not in (each.name for each in scorers):
        preferences: Scorer = SCORERS[_PREFERENCES]()
        weighted.append(WeightedScorer(_PREFERENCES, preferences, sum(each.weight for each in weighted)))
    if planner.name not in planners:
        raise StrategyError(unknown("planner.name", planner.name, planners))
    made = _planner(planner, planners[planner.name], planner.name in plugin.planners)
    return Strategy(tuple(ordered), Scoring(tuple(weighted)), made, node_selector)


def with_hot(strategy: Strategy, thresholds: Mapping[str, float]) -> Strategy:
    """The same, with nodes left out from these loads on: resource to share above 0, at most 1. Raises `StrategyError`.

    Load is `Context.load`; a resource without a measurement makes no node hot.
    """
    try:
        return replace(strategy, hot=hot_thresholds(thresholds))
    except ValueError as error:
        raise StrategyError(str(error)) from error


def _order(path: str, name: str, order: Order, foreign: bool) -> Order:
    needs = _needs(path, name, order, "order")
    return PluginOrder(order, needs) if foreign else order


def _planner(named: Named, kind: type[Planner], foreign: bool) -> Planner:
    try:
        planner: Planner = with_parameters(kind, named.parameters)
    except ParameterError as error:
        raise StrategyError(f"planner.{error}") from error
    needs = _needs("planner.name", named.name, planner, "planner")
    return PluginPlanner(planner, needs) if foreign else planner


def _weighted(path: str, each: Named, known: Mapping[str, type[Scorer]], foreign: bool) -> WeightedScorer:
    if each.name not in known:
        raise StrategyError(unknown(f"{path}.name", each.name, known))
    if not 0 < each.weight < float("inf"):
        raise StrategyError(f"{path}.weight is {each.weight}: it must be a number above zero")
    try:
        scorer: Scorer = with_parameters(known[each.name], each.parameters)
    except ParameterError as error:
        raise StrategyError(f"{path}.{error}") from error
    needs = _needs(f"{path}.name", each.name, scorer, "scorer")
    return WeightedScorer(each.name, PluginScorer(scorer, needs) if foreign else scorer, float(each.weight))


def _needs(path: str, name: str, part: object, kind: Kind) -> frozenset[Need]:
    try:
        return checked(part, kind)
    except DeclarationError as error:
        raise StrategyError(f'{path} is "{name}", {error}') from error


def _check_once(field_name: str, names: Sequence[str]) -> None:
    for number, name in enumerate(names):
        first = names.index(name)
        if first < number:
            raise StrategyError(f'{field_name}[{number}] is "{name}", as is {field_name}[{first}]: name each once')
