"""Work in a thread, beside the ticks."""

from __future__ import annotations

import asyncio
import logging
import threading
import time

import pytest

from bayplan.core.background import Done, Inline
from bayplan_operator.clock import MACHINE, Clock, Rest
from bayplan_operator.conductor.beside import Thread


async def until(over: asyncio.Event) -> None:
    await asyncio.wait_for(over.wait(), 10.0)


async def test_work_is_done_in_a_thread_and_told_of_on_the_loop() -> None:
    woken, told = asyncio.Event(), []
    beside = Thread("test", MACHINE, woken.set)

    def work() -> str:
        time.sleep(0.05)
        return threading.current_thread().name

    def over(done: Done[str]) -> None:
        told.append((done.answer(), threading.current_thread().name, beside.busy))

    beside.begin(work, over)
    assert beside.busy
    with pytest.raises(RuntimeError, match="under way already"):
        beside.begin(work, over)
    turns = 0
    while beside.busy:
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 10, "the loop goes on meanwhile"
    await until(woken)
    ((worker, teller, busy),) = told
    assert worker != teller == "MainThread"
    assert not busy, "the next may be begun at once"


async def test_what_the_work_raises_reaches_the_caller() -> None:
    woken, errors = asyncio.Event(), []

    def over(done: Done[int]) -> None:
        with pytest.raises(ZeroDivisionError) as caught:
            done.answer()
        errors.append(caught.value)

    Thread("test", MACHINE, woken.set).begin(lambda: 1 // 0, over)
    await until(woken)
    assert errors
    Inline().begin(lambda: 1 // 0, over)
    assert len(errors) == 2


async def test_a_caller_that_fails_is_told_of_and_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    woken = asyncio.Event()
    beside = Thread("test", MACHINE, woken.set)

    def over(done: Done[int]) -> None:
        raise RuntimeError("cannot take it in")

    with caplog.at_level(logging.ERROR):
        beside.begin(lambda: 1, over)
        await until(woken)
    assert "cannot take it in" in caplog.text
    assert not beside.busy


def test_a_rest_is_as_long_as_the_work_was_and_no_shorter_than_said() -> None:
    now = [50.0]
    rest = Rest(Clock(monotonic=lambda: now[0]), least=1.0, times=20.0)
    assert rest.over
    assert rest.wait == 0.0
    rest.after(0.01)
    assert rest.wait == 1.0
    now[0] += 1.0
    assert rest.over
    rest.after(2.0)
    assert not rest.over
    assert rest.wait == 40.0
