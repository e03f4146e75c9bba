"""A candidate model of a subtask, as far as choosing needs to know it."""

from collections.abc import Sequence
from dataclasses import dataclass

from bayplan.collaboration.choosing.belief import NOTHING, Learned
from bayplan.collaboration.choosing.chosen import Beaten, ChoosingError, Chosen, listed, short


@dataclass(frozen=True, slots=True)
class Contender:
    """One candidate. Raises `ChoosingError` for a figure that is none."""

    name: str
    learned: Learned = NOTHING
    """Its metric, over the runs that reported it."""
    under_way: int = 0
    """Runs of it that were chosen and have not ended: they count as tries, but say nothing yet."""
    failed: str = ""
    """Why it failed in this graph and task; empty: it did not."""

    def __post_init__(self) -> None:
        """Check the figures."""
        if not self.name:
            raise ChoosingError("a candidate has no name: give it one")
        if self.under_way < 0:
            raise ChoosingError(f"candidate {self.name}: under_way is {self.under_way}: it must be 0 or above")


def admitted(contenders: Sequence[Contender], retry_failed: bool) -> tuple[list[Contender], dict[str, str]]:
    """Those that may be chosen, in their order, and why the others may not. Raises `ChoosingError` if there are none at all, or
    two of one name. O(candidates)."""
    if not contenders:
        raise ChoosingError("candidates is empty: name at least one")
    names = [each.name for each in contenders]
    for position, name in enumerate(names):
        if name in names[:position]:
            raise ChoosingError(f'candidates[{position}].name is "{name}", which another candidate has too: names are unique')
    excluded = {each.name: f"it failed: {each.failed}" for each in contenders if each.failed and not retry_failed}
    return [each for each in contenders if each.name not in excluded], excluded


def none_left(contenders: Sequence[Contender], excluded: dict[str, str]) -> Chosen:
    """The choice where every candidate is excluded."""
    losers = tuple(Beaten(each.name, None, excluded[each.name]) for each in contenders)
    reasons = listed(f"{name} ({reason})" for name, reason in excluded.items())
    return Chosen(None, None, losers, short(f"no candidate is left: {reasons}"))
