"""Asks Prometheus now and then, in a thread of its own, and tells what came of it."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from bayplan_operator import metrics
from bayplan_operator.clock import MACHINE, Clock
from bayplan_operator.settings import PrometheusSettings
from bayplan_operator.view.prometheus.answers import Series
from bayplan_operator.view.prometheus.client import Client
from bayplan_operator.view.prometheus.failure import LoadError
from bayplan_operator.view.prometheus.nodes import NodeAliases
from bayplan_operator.view.prometheus.queries import Queries
from bayplan_operator.view.prometheus.readings import Measured, measured
from bayplan_operator.view.prometheus.spread import Spread

log = logging.getLogger(__name__)

_LONGEST_WAIT = 60.0
"""Seconds between two polls of a server that fails, unless polls are rarer anyway."""
_ABORT = 2.0
"""Seconds for the thread to end once its connection has been cut."""


@dataclass(frozen=True, slots=True)
class PollResult:
    """What came of one poll."""

    measured: Measured | None = None
    failure: LoadError | None = None


class Poller:
    """Polls in one worker thread, each poll within its time-out; whatever happens, the next one follows."""

    def __init__(
        self,
        settings: PrometheusSettings,
        queries: Queries,
        nodes: Callable[[], NodeAliases],
        tell: Callable[[PollResult], None],
        clock: Clock = MACHINE,
    ) -> None:
        self._settings, self._clock = settings, clock
        self._join = queries.join()
        self._queries = queries.filled()
        self._own = queries.own
        self._nodes = nodes
        self._tell = tell
        self._client = Client(settings, clock)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="load")
        self._spread = Spread()
        self._failures = 0

    async def run(self) -> None:
        """Poll until cancelled."""
        try:
            while True:
                begun = self._clock.monotonic()
                outcome = await self._poll()
                metrics.LOAD_POLL_SECONDS.observe(self._clock.monotonic() - begun)
                self._note(outcome)
                self._tell(outcome)
                await asyncio.sleep(self._wait())
        finally:
            self._client.abort()  # so that the process need not wait for the thread
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def _poll(self) -> PollResult:
        timeout = self._settings.timeout
        work = asyncio.wrap_future(self._thread.submit(self._ask_all, self._nodes(), self._clock.now()))
        if not (await asyncio.wait({work}, timeout=timeout))[0]:
            self._client.abort()
            await asyncio.wait({work}, timeout=_ABORT)
            work.cancel()  # should the thread hang all the same, in a look-up of names, polls must not queue up behind it
            words = f"{self._client.url}: the queries were not all answered within {timeout:g} s"
            return PollResult(failure=LoadError("Timeout", words))
        return work.result()

    def _ask_all(self, nodes: NodeAliases, at: float) -> PollResult:
        try:
            self._client.refresh_credentials()
            answers, problems = self._ask_each()
            found = measured(answers, self._joined(nodes), at, problems)
            return PollResult(replace(found, reading=self._spread.added(found.reading)))
        except LoadError as error:
            return PollResult(failure=error)
        except Exception as error:
            log.exception("Prometheus' answers could not be handled")
            return PollResult(
                failure=LoadError("Internal", f"the answers of {self._client.url} could not be handled: {error!r}")
            )

    def _ask_each(self) -> tuple[dict[str, list[Series]], list[LoadError]]:
        answers: dict[str, list[Series]] = {}
        problems = []
        for resource, expression in self._queries.items():
            try:
                answers[resource] = self._client.ask(resource, expression)
                if not answers[resource] and resource in self._own:
                    raise LoadError("NoData", f"query {resource} finds no series")
            except LoadError as error:
                if not error.of_one_query:
                    raise
                problems.append(error)
        return answers, problems

    def _joined(self, nodes: NodeAliases) -> NodeAliases:
        try:
            return nodes.joined(self._client.ask("node_uname_info", self._join))
        except LoadError as error:
            if not error.of_one_query:
                raise
            return nodes  # a server that knows other metrics only; series that belong to no node are told of anyway

    def _note(self, outcome: PollResult) -> None:
        for problem in outcome.measured.problems if outcome.measured is not None else (outcome.failure,):
            if problem is not None:
                metrics.LOAD_FAILURES.labels(problem.reason).inc()
        self._failures = 0 if outcome.failure is None else self._failures + 1

    def _wait(self) -> float:
        interval = self._settings.interval
        longest = max(interval, _LONGEST_WAIT)
        return min(interval * 2.0 ** max(0, min(self._failures - 1, 10)), longest)
