"""By auction: each candidate bids what it is worth less what it costs and how long it waits; the highest bid wins.

The bids are sealed, and the winner is charged the second-highest: then no candidate gains by another bid than its true worth
(Vickrey, Counterspeculation, Auctions, and Competitive Sealed Tenders, 1961).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bayplan.collaboration.choosing.belief import LARGEST, Learned, beliefs
from bayplan.collaboration.choosing.chosen import Beaten, ChoosingError, Chosen, short
from bayplan.collaboration.choosing.contender import Contender, admitted, none_left


@dataclass(frozen=True, slots=True)
class Offer:
    """What a candidate would cost now. Raises `ChoosingError` for a figure that is none."""

    contender: Contender
    cost: float = 0.0
    """The price of a run, 0 or above."""
    waits: float = 0.0
    """Seconds until nodes that can run it are free; 0: some are; infinite: no node can run it, and it makes no bid."""

    def __post_init__(self) -> None:
        """Check the figures."""
        if not (math.isfinite(self.cost) and self.cost >= 0):
            raise ChoosingError(f"candidate {self.contender.name}: cost is {self.cost}: it must be a number, 0 or above")
        if not self.waits >= 0:
            raise ChoosingError(f"candidate {self.contender.name}: waits is {self.waits}: it must be seconds, 0 or above")


@dataclass(frozen=True, slots=True)
class Tariff:
    """What things are worth, in the unit of costs. Raises `ChoosingError` for a figure that is none."""

    worth: float = 1.0
    """Of one unit of the metric, above 0."""
    second: float = 0.0
    """The price of a second of waiting, 0 or above."""
    maximise: bool = True
    """Whether more of the metric is better; else its mean counts against the bid."""

    def __post_init__(self) -> None:
        """Check the figures."""
        if not 0 < self.worth <= LARGEST:
            raise ChoosingError(f"worth is {self.worth}: it must be a number above 0, of at most {LARGEST:g}")
        if not (math.isfinite(self.second) and self.second >= 0):
            raise ChoosingError(f"second is {self.second}: it must be a number, 0 or above")


def offers_of(
    contenders: Sequence[Contender], costs: Sequence[float | None], waits: Sequence[float], shards: int
) -> list[Offer]:
    """What each candidate would cost now, in their order. The price is that of all shards.

    `costs`: of one run; none: no run of it is known, and it costs what the others do on average; `waits`: as in `Offer`.
    """
    told = [each for each in costs if each is not None]
    usual = sum(told) / len(told) if told else 0.0
    return [
        Offer(contender, shards * (usual if cost is None else cost), wait)
        for contender, cost, wait in zip(contenders, costs, waits, strict=True)
    ]


def by_auction(offers: Sequence[Offer], tariff: Tariff, *, retry_failed: bool = False) -> Chosen:
    """The highest bid wins; of equals, the first.

    A bid is worth x the metric's expected mean - cost - second x waits. A candidate of which nothing is known is expected to
    be as the others are on average. Raises `ChoosingError` that names the field. O(candidates).
    """
    contenders = [each.contender for each in offers]
    left, excluded = admitted(contenders, retry_failed)
    names = {each.name for each in left}
    for each in offers:
        if each.contender.name in names and math.isinf(each.waits):
            excluded[each.contender.name] = "no node can run it"
    bidding = [each for each in offers if each.contender.name not in excluded]
    if not bidding:
        return none_left(contenders, excluded)
    expected = [each.location for each in beliefs([each.contender.learned for each in bidding])]
    bids = {each.contender.name: _bid(each, mean, tariff) for each, mean in zip(bidding, expected, strict=True)}
    winner = max(bids, key=bids.__getitem__)
    others = [bid for name, bid in bids.items() if name != winner]
    charged = max(others) if others else None
    losers = tuple(
        Beaten(each.name, bids.get(each.name), excluded.get(each.name, "")) for each in contenders if each.name != winner
    )
    offer = next(each for each in bidding if each.contender.name == winner)
    return Chosen(winner, bids[winner], losers, short(_why(offer, bids[winner], charged)), charged)


def _bid(offer: Offer, mean: float, tariff: Tariff) -> float:
    value = tariff.worth * mean * (1 if tariff.maximise else -1)
    return value - offer.cost - tariff.second * offer.waits


def _why(offer: Offer, bid: float, charged: float | None) -> str:
    wait = f"a wait of {offer.waits:.4g} s" if offer.waits else "no wait"
    known = _known(offer.contender.learned)
    second = f"it is charged the second bid, {charged:.4g}" if charged is not None else "no other candidate bids"
    return f"{offer.contender.name}: bids {bid:.4g} ({known}, cost {offer.cost:.4g}, {wait}); {second}"


def _known(learned: Learned) -> str:
    return f"mean {learned.mean:.4g} over {learned.count} runs" if learned.count else "nothing known of it"
