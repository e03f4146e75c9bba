"""Pods of a copied cluster that are no graph's and wait to be placed by Bayplan."""

from bayplan.strategy.wish import Wish
from bayplan_operator.conductor.foreign.judging import Judging
from bayplan_operator.conductor.foreign.register import ForeignRegister
from bayplan_operator.translate.foreign.placed import decided
from bayplan_operator.view import PodStore


def foreign_wishes(pods: PodStore, judging: Judging, now: float) -> tuple[Wish, ...]:
    """What the operator would tell its decider of them. Those whose places are on record with the rest of their gang count
    there. `now`: seconds since the epoch."""
    register = ForeignRegister(pods, judging)
    register.take(now)
    for key, each in register.by_key.items():
        claim = decided(each.pod) if each.resumes else None
        if claim is not None:
            pods.claim(key, claim)
    return tuple(each.wish for each in register.by_key.values() if each.wish is not None)
