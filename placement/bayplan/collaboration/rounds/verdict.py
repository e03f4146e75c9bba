"""Whether another round follows, decided once when a round has ended."""

from dataclasses import dataclass, replace
from enum import Enum

from bayplan.collaboration.rounds.errors import RoundError
from bayplan.collaboration.rounds.rule import Patience, RoundRule
from bayplan.lifecycle.conditions import Undecidable
from bayplan.lifecycle.conditions.truth import Lookup

UNDECIDED = 3
"""So many rounds in a row whose results leave `until` undecided: then a key is misspelt, and no round will ever decide it."""


class RoundAction(Enum):
    """What follows a round."""

    CONTINUE = "Continue"
    DONE = "Done"
    FAILED = "Failed"


class RoundEnd(Enum):
    """What ended the rounds well."""

    CONDITION = "ConditionHolds"
    NO_PROGRESS = "NoProgress"
    MAXIMUM = "Maximum"


@dataclass(frozen=True, slots=True)
class RoundVerdict:
    """What follows, and why."""

    action: RoundAction
    why: str
    """One sentence."""
    end: RoundEnd | None = None
    """`None`: there is another round, they have failed, or none of these ended them."""


@dataclass(frozen=True, slots=True)
class RoundState:
    """What the rounds so far leave behind: all that the next verdict needs of them. Raises `RoundError`."""

    ended: int = 0
    """The last round that has ended; 0: none."""
    best: float | None = None
    """Of the measure of `patience`; `None`: it never had a value."""
    stale: int = 0
    """Rounds in a row without progress."""
    undecided: int = 0
    """Rounds in a row that left `until` undecided."""

    def __post_init__(self) -> None:
        """Check the counts."""
        for name in ("ended", "stale", "undecided"):
            if getattr(self, name) < 0:
                raise RoundError(f"{name} is {getattr(self, name)}: it must be 0 or above")


def verdict(rule: RoundRule, state: RoundState, lookup: Lookup) -> tuple[RoundState, RoundVerdict]:
    """The round after `state.ended` has ended with these results: the new state, and what follows.

    A result that is missing leaves `until` undecided, and counts as no progress: the next round may have it. One of the wrong
    kind ends it as failed, and so do three rounds in a row that leave `until` undecided. O(conditions x shards).
    """
    number = state.ended + 1
    found = rule.until.evaluate(lookup) if rule.until is not None else False
    undecided = isinstance(found, Undecidable)
    state = replace(state, ended=number, undecided=state.undecided + 1 if undecided else 0)
    if isinstance(found, Undecidable):
        if not found.missing:
            return state, RoundVerdict(RoundAction.FAILED, f"round {number}: until cannot be decided: {found.why}")
        if state.undecided >= UNDECIDED:
            why = f"round {number}: until was undecided {UNDECIDED} times in a row: {found.why}"
            return state, RoundVerdict(RoundAction.FAILED, why)
    elif found:
        return state, RoundVerdict(RoundAction.DONE, f"round {number}: {rule.until} holds", RoundEnd.CONDITION)
    seen: float | Undecidable | None = None
    if rule.patience is not None:
        seen = rule.patience.measure.evaluate(lookup)
        if isinstance(seen, Undecidable) and not seen.missing:
            return state, RoundVerdict(RoundAction.FAILED, f"round {number}: progress cannot be measured: {seen.why}")
        state = progressed(rule.patience, state, None if isinstance(seen, Undecidable) else seen)
    return state, _without_until(rule, state, found if isinstance(found, Undecidable) else None)


def progressed(patience: Patience, state: RoundState, value: float | None) -> RoundState:
    """After a round with this figure; ``None``: it had none, which is no progress."""
    if value is None:
        return replace(state, stale=state.stale + 1)
    gain = None if state.best is None else (value - state.best) * (1 if patience.maximise else -1)
    if gain is None or gain > patience.min_delta:
        return replace(state, best=value, stale=0)
    return replace(state, stale=state.stale + 1)


def _without_until(rule: RoundRule, state: RoundState, open_until: Undecidable | None) -> RoundVerdict:
    number, patience = state.ended, rule.patience
    if patience is not None and state.stale >= patience.rounds:
        best = "it never had a value" if state.best is None else f"its best is {state.best:.6g}"
        why = f"round {number}: no progress of {patience.measure} in {state.stale} rounds, {best}"
        return RoundVerdict(RoundAction.DONE, why, RoundEnd.NO_PROGRESS)
    if open_until is not None:
        rest = f", and until is undecided: {open_until.why}"
    elif rule.until is not None:
        rest = f", and {rule.until} does not hold"
    else:
        rest = ""
    if number >= rule.most:
        return RoundVerdict(RoundAction.DONE, f"round {number} is the last{rest}", RoundEnd.MAXIMUM)
    return RoundVerdict(RoundAction.CONTINUE, f"round {number} of at most {rule.most} has ended{rest}")
