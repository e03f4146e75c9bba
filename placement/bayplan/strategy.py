"""From names in a policy to something that decides, resolved once."""

import difflib
from collections.abc import Iterable, Sequence

from bayplan.filters import Selector
from bayplan.ordering import ORDERS
from bayplan.planning import PLANNERS
from bayplan.protocols import Strategy, WeightedScorer
from bayplan.scoring import SCORERS

__all__ = ["Strategy", "StrategyError", "compile_strategy"]

_PREFERENCES = "PreferredAffinity"


class StrategyError(ValueError):
    """A policy names what does not exist; the message names the field and the nearest right name."""


def compile_strategy(
    order: Sequence[str], scorers: Sequence[tuple[str, int]], planner: str, node_selector: Selector = ()
) -> Strategy:
    """A strategy from names, with a weight (above zero) for each scorer. Raises `StrategyError`.

    What pods themselves prefer always counts. Where the policy gives it no weight, it counts as much as all
    the named scorers together, as in kube-scheduler's defaults (node affinity 2, two of resources 1 each).
    """
    for number, name in enumerate(order):
        _check_known(f"order[{number}]", name, ORDERS)
    _check_once("order", order)
    if not scorers:
        raise StrategyError("scorers is empty: name at least one")
    for number, (name, weight) in enumerate(scorers):
        _check_known(f"scorers[{number}].name", name, SCORERS)
        if not weight > 0:
            raise StrategyError(f"scorers[{number}].weight is {weight}: it must be above zero")
    _check_once("scorers", [name for name, _ in scorers])
    _check_known("planner.name", planner, PLANNERS)
    weights = {name: float(weight) for name, weight in scorers}
    weights.setdefault(_PREFERENCES, sum(weights.values()))
    return Strategy(
        order=tuple(ORDERS[name] for name in order),
        scorers=tuple(WeightedScorer(name, SCORERS[name], weight) for name, weight in weights.items()),
        planner=PLANNERS[planner],
        node_selector=node_selector,
    )


def _check_known(field: str, name: str, known: Iterable[str]) -> None:
    names = list(known)
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        advice = f'did you mean "{near[0]}"?' if near else f"there are {', '.join(names)}"
        raise StrategyError(f'{field} is "{name}", which is unknown: {advice}')


def _check_once(field: str, names: Sequence[str]) -> None:
    for number, name in enumerate(names):
        first = names.index(name)
        if first < number:
            raise StrategyError(f'{field}[{number}] is "{name}", as is {field}[{first}]: name each once')
