"""By rule: the first condition that holds names the candidate, else the default is taken."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bayplan.collaboration.choosing.chosen import Beaten, ChoosingError, Chosen, short
from bayplan.collaboration.choosing.contender import Contender, admitted, none_left
from bayplan.lifecycle.conditions import Condition, ConditionError, Undecidable
from bayplan.lifecycle.conditions.truth import Lookup
from bayplan.model.spelling import unknown


@dataclass(frozen=True, slots=True)
class RuleCase:
    """If the condition holds, this candidate."""

    when: Condition
    candidate: str


@dataclass(frozen=True, slots=True)
class ChoosingRule:
    """Conditions in their order, and the candidate where none holds."""

    cases: tuple[RuleCase, ...]
    default: str

    def check(
        self,
        candidates: Sequence[str],
        shards: Mapping[str, int],
        keys: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        """Hold it against the candidates, and against the tasks that have run before the choice (`Condition.check`).

        Raises `ChoosingError` that names the field: a candidate or a task is unknown, or a condition can never be true.
        """
        if self.default not in candidates:
            raise ChoosingError(unknown("default", self.default, candidates))
        for number, case in enumerate(self.cases):
            if case.candidate not in candidates:
                raise ChoosingError(unknown(f"cases[{number}].candidate", case.candidate, candidates))
            try:
                case.when.check(shards, keys)
            except ConditionError as error:
                raise ChoosingError(f"cases[{number}].when: {error}") from error
            never = case.when.never()
            if never is not None:
                raise ChoosingError(f"cases[{number}].when can never be true: {never}")


def by_rule(contenders: Sequence[Contender], rule: ChoosingRule, lookup: Lookup, *, retry_failed: bool = False) -> Chosen:
    """The candidate of the first case that holds and is not excluded, else the default.

    A case that cannot be decided on these results does not hold, and the reason says so. Raises `ChoosingError` for a
    candidate that is unknown. O(cases x conditions).
    """
    left, excluded = admitted(contenders, retry_failed)
    known = [each.name for each in contenders]
    passed: list[str] = []
    for number, case in enumerate(rule.cases):
        if case.candidate not in known:
            raise ChoosingError(unknown(f"cases[{number}].candidate", case.candidate, known))
        found = case.when.evaluate(lookup)
        if isinstance(found, Undecidable):
            passed.append(f"{case.when} is undecided, since {found.why}")
        elif found and case.candidate in excluded:
            passed.append(f"{case.candidate} is left out, since {excluded[case.candidate]}")
        elif found:
            return _chosen(case.candidate, f"{case.when} holds", passed, contenders, excluded)
    if rule.default not in known:
        raise ChoosingError(unknown("default", rule.default, known))
    if rule.default in excluded:
        rest = {name: excluded.get(name, "no case of the rule names it") for name in known}
        return none_left(contenders, rest if left else excluded)
    return _chosen(rule.default, "it is the default, and no case holds", passed, contenders, excluded)


def _chosen(
    winner: str, reason: str, passed: Sequence[str], contenders: Sequence[Contender], excluded: Mapping[str, str]
) -> Chosen:
    losers = tuple(Beaten(each.name, None, excluded.get(each.name, "")) for each in contenders if each.name != winner)
    return Chosen(winner, None, losers, short("; ".join([f"{winner}: {reason}", *passed])))
