"""Has the load of the nodes measured for as long as this process decides."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bayplan_operator.clock import Clock
from bayplan_operator.conductor.surroundings import View
from bayplan_operator.settings import PrometheusSettings
from bayplan_operator.view.prometheus import NodeAliases, Poller, PollResult, by_alias

_FIRST = 2.0
"""Seconds to wait for the first measurement, so that what waits because nodes are hot is not put there by a restart."""


@asynccontextmanager
async def measured(
    settings: PrometheusSettings | None, view: View, clock: Clock, wake: Callable[[], None]
) -> AsyncIterator[None]:
    """Within it, measurements come in beside the ticks; the first usually has. Without Prometheus, nothing runs."""
    load, nodes = view.load, view.nodes
    if settings is None or load.queries is None:
        yield
        return
    labels, first = load.queries.labels, asyncio.Event()

    def there_are() -> NodeAliases:
        return NodeAliases(tuple(nodes.aliases), by_alias(nodes.aliases), labels)

    def take(outcome: PollResult) -> None:
        load.put(outcome)
        first.set()
        wake()

    polling = asyncio.create_task(Poller(settings, load.queries, there_are, take, clock).run(), name="load")
    try:
        await asyncio.wait({polling, waiting := asyncio.create_task(first.wait())}, timeout=_FIRST)
        waiting.cancel()
        yield
    finally:
        polling.cancel()
