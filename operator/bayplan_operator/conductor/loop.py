"""When the conductor ticks."""

import asyncio
import logging
from collections.abc import Callable

from bayplan_operator.conductor.conductor import Conductor
from bayplan_operator.settings import Settings

log = logging.getLogger(__name__)


async def conduct(
    conductor: Conductor,
    news: asyncio.Event,
    may_decide: Callable[[], bool],
    clock: Callable[[], float],
    settings: Settings,
) -> None:
    """Tick whenever there are news or it is time, for as long as this process may decide; then it returns."""
    next_at: float | None = clock()
    while may_decide():
        # Even without news, so that a Lease that was lost is noticed.
        wait = settings.lease_renewal if next_at is None else min(settings.lease_renewal, max(0.0, next_at - clock()))
        try:
            await asyncio.wait_for(news.wait(), wait)
            await asyncio.sleep(settings.gather)
        except TimeoutError:
            if next_at is None or next_at > clock():
                continue
        news.clear()
        if may_decide():
            next_at = conductor.tick()
