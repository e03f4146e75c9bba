"""From names in a policy to something that decides, resolved once."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bayplan.ordering import ORDERS
from bayplan.planning import Greedy
from bayplan.protocols import Planner
from bayplan.scoring import SCORERS

PLANNERS = ("Greedy",)
_PREFERENCE_WEIGHT = 0.5
"""Of the weights of all scorers that a policy names: what pods themselves prefer always counts, at half as much."""


class StrategyError(ValueError):
    """A policy names what does not exist; the message names the field and the nearest right name."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """A compiled policy."""

    planner: Planner


def compile_strategy(
    order: Sequence[str],
    scorers: Sequence[tuple[str, int]],
    planner: str,
    node_selector: tuple[tuple[str, str], ...] = (),
) -> Strategy:
    """A strategy from names, with a weight (above zero) for each scorer. Raises `StrategyError`."""
    for number, name in enumerate(order):
        _known(f"order[{number}]", name, ORDERS)
    for number, (name, weight) in enumerate(scorers):
        _known(f"scorers[{number}].name", name, SCORERS)
        if not weight > 0:
            raise StrategyError(f"scorers[{number}].weight is {weight}: it must be above zero")
    _known("planner.name", planner, PLANNERS)
    if not scorers:
        raise StrategyError("scorers is empty: name at least one")
    weighted = [(SCORERS[name], float(weight)) for name, weight in scorers]
    if "PreferredAffinity" not in {name for name, _ in scorers}:
        weighted.append((SCORERS["PreferredAffinity"], _PREFERENCE_WEIGHT * sum(weight for _, weight in weighted)))
    label = " + ".join(name for name, _ in scorers)
    return Strategy(Greedy(tuple(ORDERS[name] for name in order), tuple(weighted), node_selector, label))


def _known(field: str, name: str, known: Iterable[str]) -> None:
    names = list(known)
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
        raise StrategyError(f"{field} is {name}: unknown; {advice}")
