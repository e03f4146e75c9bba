"""How the candidate of one task is chosen, and the choice itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bayplan.collaboration.choosing.auction import Offer, Tariff, by_auction
from bayplan.collaboration.choosing.chosen import Chosen
from bayplan.collaboration.choosing.contender import Contender
from bayplan.collaboration.choosing.performance import Occasion, by_performance
from bayplan.collaboration.choosing.rule import ChoosingRule, by_rule
from bayplan.lifecycle.conditions import Condition
from bayplan.lifecycle.conditions.truth import Lookup


@dataclass(frozen=True, slots=True)
class ChoiceTerms:
    """Of one task. The names of candidates were checked where the rule was made."""

    names: tuple[str, ...]
    by: Literal["Rule", "Performance", "Auction"]
    rule: ChoosingRule
    """Of no use but for Rule."""
    metric: str
    """Empty for Rule."""
    tariff: Tariff
    retry_failed: bool
    """What failed in a round may be chosen again in a later one."""
    each_round: bool
    """Each round chooses again."""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Those of the rule."""
        return tuple(case.when for case in self.rule.cases)

    def without(self, failed: frozenset[str]) -> ChoosingRule:
        """The rule, with the next candidate as its default where that has failed."""
        at = self.names.index(self.rule.default)
        order = (*self.names[at:], *self.names[:at])
        return replace(self.rule, default=next((name for name in order if name not in failed), self.rule.default))


def choose(
    terms: ChoiceTerms,
    contenders: Sequence[Contender],
    occasion: Occasion,
    lookup: Lookup,
    offers: Callable[[], Sequence[Offer]],
) -> Chosen:
    """The candidate for this occasion.

    `lookup`: what tasks have said, which rules look at; `offers`: what each candidate would cost now, asked for by auctions
    only, since that looks at all nodes. O(candidates), and what `offers` costs.
    """
    if terms.by == "Rule":
        return by_rule(contenders, terms.without(frozenset(each.name for each in contenders if each.failed)), lookup)
    if terms.by == "Performance":
        return by_performance(contenders, occasion, metric=terms.metric, maximise=terms.tariff.maximise)
    return by_auction(offers(), terms.tariff)
