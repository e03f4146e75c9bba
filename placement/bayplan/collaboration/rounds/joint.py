"""Whether subtasks together do well enough, and what follows if they do not.

The joint loss is the weighted sum of the subtasks' losses. New weights follow the losses by exponentiated gradient: the worse
a subtask does, the more it counts from then on (Sagawa, Koh, Hashimoto and Liang, Distributionally Robust Neural Networks for
Group Shifts, 2020, algorithm 1), with losses scaled to 0 for the best and 1 for the worst, so that their unit does not matter.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from bayplan.collaboration.rounds.errors import RoundError
from bayplan.lifecycle.conditions import Measure, Undecidable
from bayplan.lifecycle.conditions.truth import Lookup

STEP = 0.5
"""The worst subtask gains a factor of e^0.5 = 1.65 on the best one."""


class EffectAction(Enum):
    """What follows from a joint loss."""

    ACCEPT = "Accept"
    """It is at most the bound: go on."""
    REWEIGH = "Reweigh"
    """Train again with new weights."""
    CHOOSE_AGAIN = "ChooseAgain"
    """Choose another model for the subtask that adds most to the loss."""
    ROUND = "Round"
    """One more round as things are."""
    STOP = "Stop"
    """The graph ends as failed."""
    WAIT = "Wait"
    """A loss is missing that may still come."""


@dataclass(frozen=True, slots=True)
class JointTerm:
    """One subtask's loss: less is better."""

    name: str
    loss: Measure
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class JointRule:
    """The joint loss, and what follows above its bound. Raises `RoundError`."""

    terms: tuple[JointTerm, ...]
    bound: float
    otherwise: EffectAction = EffectAction.STOP
    """`REWEIGH`, `CHOOSE_AGAIN`, `ROUND` or `STOP`."""
    limit: int = 3
    """So many times; then it stops."""
    step: float = STEP
    """How fast weights follow, above 0."""

    def __post_init__(self) -> None:
        """Check the figures."""
        if not self.terms:
            raise RoundError("terms is empty: name at least one subtask")
        names = [each.name for each in self.terms]
        for number, each in enumerate(self.terms):
            if each.name in names[:number]:
                raise RoundError(f'terms[{number}].name is "{each.name}", which another term has too: names are unique')
            if not (math.isfinite(each.weight) and each.weight >= 0):
                raise RoundError(f"terms[{number}].weight is {each.weight}: it must be a number, 0 or above")
        if not math.fsum(each.weight for each in self.terms) > 0:
            raise RoundError("the weights of terms add up to 0: at least one must be above 0")
        if not math.isfinite(self.bound):
            raise RoundError(f"bound is {self.bound}: it must be a number")
        if self.otherwise in (EffectAction.ACCEPT, EffectAction.WAIT):
            raise RoundError(f"otherwise is {self.otherwise.value}: it must be Reweigh, ChooseAgain, Round or Stop")
        if self.limit < 1:
            raise RoundError(f"limit is {self.limit}: it must be 1 or above")
        if not 0 < self.step <= 10:
            raise RoundError(f"step is {self.step}: it must be above 0, and 10 at most")


@dataclass(frozen=True, slots=True)
class Effect:
    """What follows, and why."""

    action: EffectAction
    why: str
    """One sentence."""
    loss: float | None = None
    """The joint loss; `None`: it is not known."""
    weights: tuple[float, ...] = ()
    """One per term, for `REWEIGH`; they add up to what the old ones did."""
    subtask: str = ""
    """For `CHOOSE_AGAIN`."""


def effect(rule: JointRule, lookup: Lookup, tried: int = 0, weights: Sequence[float] | None = None) -> Effect:
    """What the losses so far ask for. O(terms x shards).

    `tried`: how often something followed already. `weights`: those in force, if new ones have been made; else the rule's.
    Raises `RoundError` for another number of weights than of terms.
    """
    current = [each.weight for each in rule.terms] if weights is None else list(weights)
    if len(current) != len(rule.terms):
        raise RoundError(f"there are {len(current)} weights for {len(rule.terms)} terms: give one for each")
    losses: list[float] = []
    for each in rule.terms:
        found = each.loss.evaluate(lookup)
        if isinstance(found, Undecidable):
            action = EffectAction.WAIT if found.missing else EffectAction.STOP
            return Effect(action, f"the joint loss is not known: {found.why}")
        losses.append(found)
    parts = [weight * loss for weight, loss in zip(current, losses, strict=True)]
    try:
        total = math.fsum(parts)
    except (OverflowError, ValueError):
        return Effect(EffectAction.STOP, "the joint loss is no number: losses are too large")
    if total <= rule.bound:
        return Effect(EffectAction.ACCEPT, f"the joint loss is {total:.6g}, at most {rule.bound:.6g}", total)
    worst = max(range(len(parts)), key=parts.__getitem__)
    name = rule.terms[worst].name
    found_words = f"the joint loss is {total:.6g}, above {rule.bound:.6g}, most of it by {name} ({parts[worst]:.6g})"
    if rule.otherwise is EffectAction.STOP:
        return Effect(EffectAction.STOP, found_words, total)
    if tried >= rule.limit:
        return Effect(EffectAction.STOP, f"{found_words}, after {tried} attempts to better it", total)
    if rule.otherwise is EffectAction.REWEIGH:
        return Effect(EffectAction.REWEIGH, found_words, total, weights=_reweighed(current, losses, rule.step))
    subtask = name if rule.otherwise is EffectAction.CHOOSE_AGAIN else ""
    return Effect(rule.otherwise, found_words, total, subtask=subtask)


def _reweighed(weights: Sequence[float], losses: Sequence[float], step: float) -> tuple[float, ...]:
    low, high = min(losses), max(losses)
    half = high / 2 - low / 2  # halves, since the difference itself may be too large for a number
    if half == 0:
        return tuple(weights)
    raised = [weight * math.exp(step * (loss / 2 - low / 2) / half) for weight, loss in zip(weights, losses, strict=True)]
    scale = math.fsum(weights) / math.fsum(raised)
    return tuple(each * scale for each in raised)
