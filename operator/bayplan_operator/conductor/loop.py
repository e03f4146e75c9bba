"""When the conductor ticks."""

import asyncio
import logging
from collections.abc import Callable

from bayplan_operator import metrics
from bayplan_operator.backoff import Backoff
from bayplan_operator.conductor.tick import Conductor
from bayplan_operator.settings import Settings

log = logging.getLogger(__name__)

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0
_LONGEST_GATHER = 0.25
"""Seconds."""


async def conduct(
    conductor: Conductor,
    news: asyncio.Event,
    may_decide: Callable[[], bool],
    clock: Callable[[], float],
    settings: Settings,
) -> None:
    """Tick whenever there are news or it is time, for as long as this process may decide; then it returns.

    After a tick that took long, news are gathered for as long: what a tick costs whatever there is to do is shared by more of
    them, and half of the time is left for requests and answers.
    """
    loop, took = asyncio.get_running_loop(), 0.0
    next_at: float | None = clock()
    backoff = Backoff("tick", _FIRST_WAIT, _LONGEST_WAIT)
    while may_decide():
        # Even without news, so that a Lease that was lost is noticed.
        wait = settings.lease_renewal if next_at is None else min(settings.lease_renewal, max(0.0, next_at - clock()))
        try:
            await asyncio.wait_for(news.wait(), wait)
            await asyncio.sleep(max(settings.gather, min(took, _LONGEST_GATHER)))
        except TimeoutError:
            if next_at is None or next_at > clock():
                continue
        news.clear()
        if not may_decide():
            break
        began = loop.time()
        try:
            next_at = conductor.tick()
            took = loop.time() - began
            backoff.worked()
        except Exception:
            # What is wrong with one graph is caught where it is handled; this is for everything else. The state is compared
            # with the cluster again at each tick, so the next one may well work; if not, the log and the metric say so.
            metrics.TICK_ERRORS.inc()
            log.exception("a tick failed; trying again in %.0f s", backoff.wait)
            await asyncio.sleep(backoff.failed())
            next_at = clock()
