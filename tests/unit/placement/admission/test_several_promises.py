"""Several reservations at once: each is made beside those ahead of it, and all of them hold."""

from __future__ import annotations

import numpy as np
import pytest

from bayplan.core.changes import Changes
from bayplan.model.run_law import RunLaw
from tests.unit.placement.admission.streams import Stream, gang, of, several, small


def promised(stream: Stream) -> dict[object, float]:
    return {each.owners[0]: each.at for each in stream.decider.promises.all}


@pytest.mark.parametrize("above", [None, 8])
def test_a_promise_behind_another_counts_on_its_places_only_once_that_has_ended(above: int | None) -> None:
    stream = several(1 if above is None else 2, above=above)
    stream.submit(0.0, of("a", [small("runs", RunLaw(10.0), 8)]), 10.0)
    for number, queue in enumerate("abc"):
        stream.submit(1.0 + number, of(queue, [small(queue, RunLaw(100.0), 8)]), 100.0)
    stream.run(5.0)
    assert promised(stream) == {"a": 10.0, "b": 110.0, "c": 210.0}
    stream.run(12.0)
    assert promised(stream) == {"b": 110.0, "c": 210.0}
    stream.run(500.0)
    assert [stream.started[each] for each in "abc"] == [10.0, 110.0, 210.0]
    assert not any(each.renewals for each in stream.decider.promises.kept)


def test_if_a_request_is_gone_those_that_were_to_start_after_it_are_promised_an_earlier_instant() -> None:
    stream = several(1)
    stream.submit(0.0, of("a", [small("runs", RunLaw(10.0), 8)]), 10.0)
    stream.submit(1.0, of("a", [small("first", RunLaw(100.0), 8)]), 100.0)
    stream.submit(2.0, of("b", [small("second", RunLaw(50.0), 8)]), 50.0)
    stream.run(5.0)
    assert promised(stream) == {"first": 10.0, "second": 110.0}
    stream.decider.update(Changes(dropped=("first",)))
    stream.decider.decide(6.0)
    assert promised(stream) == {"second": 10.0}


def test_behind_a_promise_of_what_runs_for_an_unknown_time_nothing_is_promised_on_its_places() -> None:
    stream = several(1)
    stream.submit(0.0, of("a", [small("runs", RunLaw(10.0), 8)]), 10.0)
    stream.submit(1.0, of("a", [small("first", None, 8)]), 100.0)
    stream.submit(2.0, of("b", [small("second", RunLaw(50.0), 8)]), 50.0)
    stream.run(5.0)
    assert promised(stream) == {"first": 10.0, "second": np.inf}


def test_what_leaves_is_promised_to_one_only() -> None:
    """Two that fit together once both that run have left; the shorter of these leaves first, and its room is kept."""
    stream = several(6, above=12)
    stream.submit(0.0, of("a", [small("short", RunLaw(10.0), 4)]), 10.0)
    stream.submit(0.0, of("b", [small("long", RunLaw(40.0), 8)]), 40.0)
    stream.submit(1.0, of("a", [small("first", RunLaw(50.0), 6)]), 50.0)
    stream.submit(2.0, of("b", [small("second", RunLaw(50.0), 6)]), 50.0)
    stream.submit(3.0, of("c", [small("behind", RunLaw(80.0), 1)]), 80.0)
    stream.run(200.0)
    assert {each: stream.started[each] for each in ("first", "second")} == {"first": 40.0, "second": 40.0}
    assert stream.started["behind"] >= 40.0


def test_a_request_that_never_fits_does_not_take_the_reservation_of_its_queue() -> None:
    stream = Stream(1)
    stream.submit(0.0, [small("short", RunLaw(50.0), 4)], 50.0)
    stream.submit(0.0, [small("long", RunLaw(60.0), 4)], 60.0)
    stream.submit(1.0, gang("never", 2, 8, RunLaw(10.0)), 10.0)
    stream.submit(2.0, [small("whole", RunLaw(10.0), 8)], 10.0)
    for number in range(100):  # a stream that never leaves the node empty
        stream.submit(3.0 + 5.0 * number, [small(number, RunLaw(50.0), 1)], 50.0)
    stream.run(2.0)
    assert promised(stream) == {"whole": 60.0}
    stream.run(500.0)
    assert stream.started["whole"] == 60.0


def test_what_the_owner_of_a_promise_leaves_by_going_elsewhere_is_taken_at_once() -> None:
    stream = several(3)
    stream.submit(0.0, of("a", [small("long", RunLaw(100.0), 8)]), 100.0)
    stream.submit(0.0, of("a", [small("short", RunLaw(10.0), 8)]), 10.0)
    stream.submit(1.0, of("a", gang("five", 5, 2, RunLaw(90.0))), 90.0)
    stream.submit(2.0, of("b", [small("one", RunLaw(60.0), 1)]), 60.0)
    stream.run(10.0)
    assert stream.started[("five", 0)] == stream.started["one"] == 10.0


def test_a_promise_of_nodes_keeps_its_part_of_the_quota() -> None:
    """There is quota enough for it now, and there would not be once others had taken what is free on other nodes."""
    stream = several(3, above=22)
    stream.submit(0.0, of("a", [small("long", RunLaw(1000.0), 5)]), 1000.0)
    stream.submit(0.0, of("a", [small("longer", RunLaw(2000.0), 5)]), 2000.0)
    stream.submit(0.0, of("b", [small("runs", RunLaw(20.0), 4)]), 20.0)
    stream.submit(1.0, of("a", [small("whole", RunLaw(50.0), 8)]), 50.0)
    for number in range(2):
        stream.submit(2.0, of("c", [small(number, RunLaw(500.0), 3)]), 500.0)
    stream.run(10.0)
    (promise,) = stream.decider.promises.all
    assert (list(promise.rows.values()), promise.quotas, promise.at) == ([1], {0: 8}, 20.0)
    assert stream.started[0] == 2.0
    stream.run(100.0)
    assert stream.started["whole"] == 20.0
