"""When the clients of a round are done."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.collaboration.rounds import ClientRule, ClientsAction, ClientsSeen, RoundError, clients_verdict, timeout_of
from bayplan.knowledge.run_times.run_time import RunTime

RULE = ClientRule(minimum=3, timeout=60.0)
WAIT, PROCEED, TOO_FEW = ClientsAction.WAIT, ClientsAction.PROCEED, ClientsAction.TOO_FEW


@pytest.mark.parametrize(
    ("answered", "lost", "now", "action", "again_at"),
    [
        (0, 0, 0.0, WAIT, None),
        (2, 2, 500.0, WAIT, None),  # the time is out, and the minimum can still be reached
        (3, 0, 59.0, WAIT, 160.0),
        (3, 0, 160.0, PROCEED, None),
        (3, 2, 1.0, PROCEED, None),
        (5, 0, 1.0, PROCEED, None),
        (1, 3, 1.0, TOO_FEW, None),
        (2, 3, 1.0, TOO_FEW, None),
    ],
)
def test_it_waits_for_all_until_the_time_is_out_and_for_the_minimum_in_any_case(
    answered: int, lost: int, now: float, action: ClientsAction, again_at: float | None
) -> None:
    found = clients_verdict(RULE, ClientsSeen(100.0, 5, answered, lost), now if now >= 100 else 100 + now)
    assert (found.action, found.again_at) == (action, again_at)


def test_reasons() -> None:
    late, few = ClientsSeen(0.0, 5, 3, 1), ClientsSeen(0.0, 5, 1, 3)
    assert (
        clients_verdict(RULE, late, 61.0).why == "3 of 5 clients have answered, 1 lost: after 60 s the others are left behind"
    )
    assert clients_verdict(RULE, few, 0.0).why == "1 of 5 clients have answered, 3 lost: the minimum of 3 cannot be reached"


def test_asynchronous_rounds_end_with_the_minimum() -> None:
    rule = ClientRule(minimum=2, asynchronous=True)
    assert clients_verdict(rule, ClientsSeen(0.0, 5, 1), 1e9).action is WAIT
    assert clients_verdict(rule, ClientsSeen(0.0, 5, 2), 0.0).action is PROCEED


@given(st.integers(1, 6), st.integers(1, 6), st.floats(1, 100), st.booleans(), st.data())
@settings(max_examples=150, deadline=None)
def test_every_round_ends_once_all_clients_have_and_never_below_the_minimum(
    drawn: int, minimum: int, timeout: float, asynchronous: bool, data: st.DataObject
) -> None:
    rule = ClientRule(minimum, timeout, asynchronous)
    answered = lost = 0
    now = 0.0
    while True:
        found = clients_verdict(rule, ClientsSeen(0.0, drawn, answered, lost), now)
        if found.action is PROCEED:
            assert answered >= minimum
            assert asynchronous or answered + lost == drawn or now >= timeout
            break
        if found.action is TOO_FEW:
            assert drawn - lost < minimum
            break
        if found.again_at is not None and data.draw(st.booleans()):
            now = found.again_at
            assert clients_verdict(rule, ClientsSeen(0.0, drawn, answered, lost), now).action is PROCEED
            continue
        answered, lost = (answered + 1, lost) if data.draw(st.booleans()) else (answered, lost + 1)
        assert answered + lost <= drawn


def test_the_time_out_is_the_slowest_clients_p95() -> None:
    fast, slow = RunTime.single(math.log(10), 0.1, 30.0), RunTime.single(math.log(40), 0.1, 30.0)
    assert timeout_of([fast, slow]) == slow.quantile(0.95)
    assert 40 < timeout_of([fast, slow]) < 50
    assert timeout_of([fast, None]) == math.inf
    assert timeout_of([]) == math.inf
    assert timeout_of([slow], 0.5) == pytest.approx(40, rel=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ClientRule(minimum=0), "minimum is 0"),
        (lambda: ClientRule(timeout=0.0), "timeout is 0.0"),
        (lambda: ClientRule(timeout=math.nan), "timeout is nan"),
        (lambda: ClientsSeen(0.0, 3, -1), "answered is -1"),
        (lambda: ClientsSeen(0.0, 3, 2, 2), "that is more than drawn, 3"),
    ],
)
def test_figures_that_are_none_are_refused(make: object, message: str) -> None:
    with pytest.raises(RoundError) as caught:
        make()  # type: ignore[operator]
    assert message in str(caught.value)
