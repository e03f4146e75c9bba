"""Ticks that take long: what follows from that for the next one, and for the renewals of what is expected."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from bayplan_operator.conductor import Conductor, conduct
from bayplan_operator.conductor.knowledge.expectations import Renewal
from bayplan_operator.conductor.measures import Measures
from bayplan_operator.conductor.step import Tick
from bayplan_operator.settings import Settings
from tests.cluster.kube import task
from tests.tick.loop import VirtualLoop
from tests.tick.world import World


class Slow:
    """Ticks that take so long each; there are news at once again."""

    def __init__(self, loop: VirtualLoop, news: asyncio.Event, seconds: float) -> None:
        self.begun: list[float] = []
        self._loop, self._news, self._seconds = loop, news, seconds

    def tick(self) -> None:
        self.begun.append(self._loop.passed)
        self._loop.spend(self._seconds)
        self._news.set()


@pytest.mark.parametrize(("seconds", "between"), [(0.0, 0.01), (0.005, 0.015), (0.1, 0.2), (3.0, 3.25)])
def test_after_a_long_tick_news_are_gathered_for_as_long(seconds: float, between: float) -> None:
    loop = VirtualLoop()
    try:
        news = asyncio.Event()
        news.set()
        slow = Slow(loop, news, seconds)
        loop.run_until_complete(conduct(cast(Conductor, slow), news, lambda: len(slow.begun) < 5, loop.clock, Settings("tick")))
    finally:
        loop.close()
    first, *others = slow.begun[1:]
    assert [at - before for before, at in zip([first, *others], others, strict=False)] == pytest.approx([between] * 3, abs=1e-6)


def test_a_renewal_rests_by_all_that_follows_in_its_tick(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    took: list[float] = []
    count, follow = Measures.step, Renewal.followed

    def counted(self: Measures, tick: Tick) -> None:
        world.loop.spend(0.5)
        count(self, tick)

    def followed(self: Renewal, seconds: float) -> None:
        took.append(seconds)
        follow(self, seconds)

    monkeypatch.setattr(Measures, "step", counted)
    monkeypatch.setattr(Renewal, "followed", followed)
    world.create("g", task("a", seconds=2), task("b", "a", seconds=2))
    world.wait_condition("g", "Complete")
    world.run(30.0)
    assert took
    assert min(took) >= 0.5
