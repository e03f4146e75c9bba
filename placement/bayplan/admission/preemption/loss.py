"""What evicting a unit loses, and how long it is safe from that."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from bayplan.admission.preemption.rules import LONGEST_PROTECTION
from bayplan.model.stake import Stake


class Loss(NamedTuple):
    """A member, and since when it has its place, in seconds since the epoch; `None`: that is not known."""

    stake: Stake
    since: float | None


def lost(members: Sequence[Loss], part: float, most: float, wait: float, now: float) -> float:
    """Part x (s + c + max(0, s + c + w - slack)): seconds times the part of the cluster that it holds.

    s: seconds since its last checkpoint, at most `most`; c: what its restart costs; w: `wait`, until there may be room for it
    again. Of several members the largest of each.
    """
    work = max(min(since_checkpoint(each.stake, each.since, now), most) for each in members)
    restart = max(each.stake.restart for each in members)
    slacks = [each.stake.slack for each in members if each.stake.slack is not None]
    late = max(0.0, work + restart + wait - min(slacks)) if slacks else 0.0
    return part * (work + restart + late)


def since_checkpoint(stake: Stake, since: float | None, now: float) -> float:
    """Seconds of work after the last checkpoint that is believed, or since the start; infinite where that is not known."""
    if since is None:
        return math.inf
    last = since
    if stake.checkpoint_every is not None and stake.checkpoint_every > 0:
        last += math.floor(max(0.0, now - since) / stake.checkpoint_every) * stake.checkpoint_every
    if stake.checkpointed is not None and since <= stake.checkpointed <= now:
        last = max(last, stake.checkpointed)
    return max(0.0, now - last)


def safe_until(started: float, evictions: int, minimum: float) -> float:
    """Until when a unit is safe from work of higher priority and from fair shares: each eviction doubles the minimum run time,
    up to a bound, at which it is safe for good (infinite)."""
    if minimum <= 0:
        return -math.inf
    doubled = minimum * 2.0 ** min(evictions, 64)
    if evictions and doubled >= LONGEST_PROTECTION:
        return math.inf
    return started + doubled


def safe_from_reclaim_until(started: float, evictions: int, minimum: float) -> float:
    """Until when a unit is safe from a queue that takes back what is nominally its own: once, and for the minimum at most."""
    return started + minimum if evictions == 0 and minimum > 0 else -math.inf
