"""Polls that follow each other whatever the server does, without holding anybody up."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
import pytest

from bayplan_operator import metrics
from bayplan_operator.settings import PrometheusSettings
from bayplan_operator.view.prometheus import NodeAliases, Poller, PollResult, Queries, by_alias
from tests.unit.operator.load.server import Behaviour, Request, Server, data, drips_headers, hangs, in_turn, says, vector

NODES = NodeAliases(("a", "b"), by_alias({"a": ("a",), "b": ("b",)}), ("node", "instance"))
QUERIES = Queries({"cpu": "cpu", "disk": "disk"})
GOOD = says(vector(({"node": "a"}, "0.5"), ({"node": "b"}, "0.25")))


def by_query(**behaviours: Behaviour) -> Behaviour:
    def answer(request: Request) -> None:
        behaviours.get(request.query, says(vector()))(request)

    return answer


@asynccontextmanager
async def polling(server: Server, queries: Queries = QUERIES, **changes: float) -> AsyncIterator[Callable[[], object]]:
    """The next outcome, whenever it is asked for."""
    outcomes: asyncio.Queue[PollResult] = asyncio.Queue()
    settings = replace(PrometheusSettings(server.url, interval=0.1, timeout=0.5), **changes)  # type: ignore[arg-type]
    task = asyncio.create_task(Poller(settings, queries, lambda: NODES, outcomes.put_nowait).run())
    try:
        yield lambda: asyncio.wait_for(outcomes.get(), 10)
    finally:
        task.cancel()


async def test_a_poll_asks_each_query_once_however_many_nodes_there_are() -> None:
    with Server(GOOD) as server:
        async with polling(server, interval=60.0) as next_outcome:
            outcome = await next_outcome()
            assert server.asked[:2] == ["cpu", "disk"]
            assert len(server.asked) == 3
            assert "node_uname_info" in server.asked[2]
            np.testing.assert_array_equal(outcome.measured.reading.values, [[0.5, 0.5], [0.25, 0.25]])
            assert time.time() - 5 < outcome.measured.reading.at <= time.time()


@pytest.mark.parametrize("bad", [says(data("scalar", [1, "2"])), says(b'{"error": "no such function"}', 400)])
async def test_one_query_that_is_wrong_leaves_the_others_alone(bad: Behaviour) -> None:
    with Server(by_query(cpu=GOOD, disk=bad)) as server:
        async with polling(server) as next_outcome:
            outcome = await next_outcome()
            assert outcome.measured.reading.resources == ("cpu",)
            (problem,) = outcome.measured.problems
            assert str(problem).startswith("query disk: ")


async def test_only_a_query_of_the_users_own_that_finds_nothing_is_told() -> None:
    with Server(by_query(cpu=GOOD)) as server:
        async with polling(server) as next_outcome:
            assert (await next_outcome()).measured.problems == ()
        async with polling(server, replace(QUERIES, own=frozenset({"disk"}))) as next_outcome:
            (problem,) = (await next_outcome()).measured.problems
            assert str(problem) == "query disk finds no series"


async def test_instances_are_looked_up_by_nodename() -> None:
    join = says(vector(({"instance": "edge:9100", "node": "b"}, "1")))
    unnamed = says(vector(({"instance": "edge:9100"}, "0.75")))
    with Server(lambda request: (unnamed if request.query in ("cpu", "disk") else join)(request)) as server:
        async with polling(server) as next_outcome:
            assert (await next_outcome()).measured.reading.nodes == ("b",)


@pytest.mark.parametrize("trouble", [hangs, drips_headers, says(b"x", 500), says(bytes(10**7)), says(data("matrix", [7]))])
async def test_trouble_holds_nobody_up_is_counted_and_passes(trouble: Behaviour) -> None:
    with Server(in_turn(trouble, GOOD)) as server:
        async with polling(server) as next_outcome:
            longest, last = 0.0, time.monotonic()

            async def watch() -> None:
                nonlocal longest, last
                while True:
                    await asyncio.sleep(0.01)
                    longest, last = max(longest, time.monotonic() - last), time.monotonic()

            watching = asyncio.create_task(watch())
            failure = (await next_outcome()).failure
            assert failure is not None
            before = metrics.LOAD_FAILURES.labels(failure.reason)._value.get()
            assert before >= 1
            assert (await next_outcome()).measured is not None
            watching.cancel()
            assert longest < 0.5, "the event loop went on meanwhile"


async def test_all_queries_together_have_one_time_box() -> None:
    def slow(request: Request) -> None:
        time.sleep(0.3)
        GOOD(request)

    with Server(slow) as server:
        async with polling(server, Queries({name: name for name in "abcdefgh"})) as next_outcome:
            begun = time.monotonic()
            failure = (await next_outcome()).failure
            assert time.monotonic() - begun < 2.2, "one after the other they take 2.4 s"
            assert (failure.reason, str(failure)) == (
                "Timeout", f"{server.url}: the queries were not all answered within 0.5 s"
            )  # fmt: skip


async def test_failures_make_polls_rarer_up_to_a_bound_and_the_first_success_ends_that() -> None:
    with Server(says(b"", 503)) as server:
        poller = Poller(PrometheusSettings(server.url, interval=15.0), QUERIES, lambda: NODES, lambda outcome: None)
        waits = []
        for _ in range(5):
            poller._note(await poller._poll())
            waits.append(poller._wait())
        assert waits == [15.0, 30.0, 60.0, 60.0, 60.0]
        server.behaviour = GOOD
        poller._note(await poller._poll())
        assert poller._wait() == 15.0


async def test_being_stopped_does_not_wait_for_the_server() -> None:
    with Server(hangs) as server:
        before = {thread.ident for thread in threading.enumerate()}
        async with polling(server, timeout=20.0):
            await asyncio.sleep(0.2)
            ours = [each for each in threading.enumerate() if each.name.startswith("load") and each.ident not in before]
            assert len(ours) == 1
        for _ in range(20):
            await asyncio.sleep(0.1)
            if not ours[0].is_alive():
                return
        raise AssertionError("its thread still hangs, and the process could not end")
