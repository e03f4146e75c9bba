"""Reservation and backfill: nothing starves, and what is promised holds."""

from __future__ import annotations

from dataclasses import replace

from bayplan.admission.queue import Queue, QuotaRow
from bayplan.admission.tree import tree_of
from bayplan.cluster.quotas import QuotaKey
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.occupant import Tenant
from bayplan.model.reasons import Reason
from bayplan.model.run_law import RunLaw
from bayplan.model.workload import Request
from tests.unit.placement.admission.streams import Stream, gang, small
from tests.unit.placement.building import asking


def test_what_ends_in_time_is_let_in_and_what_does_not_is_not() -> None:
    stream = Stream(1)
    stream.submit(0.0, [small("long", RunLaw(100.0), 6)], 100.0)
    stream.submit(1.0, [small("whole", RunLaw(10.0), 8)], 10.0)
    stream.submit(2.0, [small("late", RunLaw(200.0), 1)], 200.0)
    stream.submit(3.0, [small("short", RunLaw(50.0), 1)], 50.0)
    stream.submit(4.0, [small("unknown", None, 1)], 1.0)
    stream.run(500.0)
    assert stream.started == {"long": 0.0, "short": 3.0, "whole": 100.0, "late": 110.0, "unknown": 110.0}


def test_what_fits_beside_is_let_in_however_long_it_runs() -> None:
    stream = Stream(1)
    stream.submit(0.0, [small("first", RunLaw(100.0), 6)], 100.0)
    stream.submit(1.0, [small("next", RunLaw(10.0), 6)], 10.0)
    stream.submit(2.0, [small("beside", None, 2)], 1000.0)
    stream.submit(3.0, [small("more", None, 1)], 1.0)
    stream.run(500.0)
    assert stream.started["beside"] == 2.0
    assert stream.started["next"] == 100.0
    assert stream.started["more"] == 110.0


def test_what_comes_ahead_takes_the_promise_of_the_last() -> None:
    stream = Stream(1)
    stream.submit(0.0, [small("long", RunLaw(100.0), 6)], 100.0)
    stream.submit(1.0, [small("whole", RunLaw(10.0), 8)], 10.0)
    stream.submit(2.0, [replace(small("first", RunLaw(10.0), 8), priority=5)], 10.0)
    stream.submit(4.0, [small("late", RunLaw(200.0), 2)], 200.0)
    stream.run(5.0)
    assert [each.owners for each in stream.decider.promises.all] == [("first",)]
    stream.submit(6.0, [replace(small("larger", RunLaw(9.0), 8), priority=7)], 9.0)
    stream.run(7.0)
    assert [each.owners for each in stream.decider.promises.all] == [("larger",)]
    stream.run(500.0)
    assert stream.started == {"long": 0.0, "larger": 100.0, "first": 109.0, "whole": 119.0, "late": 129.0}


def test_quota_is_promised_too() -> None:
    """Three cores of the tree are held; what asks for four waits, and what would hold it up does not start before it."""
    tree = tree_of(
        [
            Queue("lab"),
            Queue("a", "lab", (QuotaRow(QuotaKey("cpu"), 2000),), reserve=1),
            Queue("b", "lab", (QuotaRow(QuotaKey("cpu"), 2000),), reserve=1),
        ]
    )
    stream = Stream(2)
    stream.decider.update(Changes(queues=tree))

    def of(queue: str, id_: str, cpu: int, seconds: float) -> Request:
        return Request(id_, asking(cpu), queue=queue, run=RunLaw(seconds))

    stream.submit(0.0, [of("a", "one", 2, 100.0)], 100.0)
    stream.submit(0.0, [of("b", "two", 1, 50.0)], 50.0)
    stream.submit(1.0, [of("a", "all", 4, 10.0)], 10.0)
    stream.submit(2.0, [of("b", "late", 1, 200.0)], 200.0)
    stream.submit(3.0, [of("b", "short", 1, 20.0)], 20.0)
    stream.run(500.0)
    assert stream.started == {"one": 0.0, "two": 0.0, "short": 3.0, "all": 100.0, "late": 110.0}


def test_ends_that_are_not_known_drain() -> None:
    stream = Stream(2)
    for number in range(16):
        stream.submit(0.0, [small(number, None)], 50.0 + number)
    stream.submit(1.0, gang("g", 2, 8), 10.0)
    for number in range(16, 60):
        stream.submit(2.0 + number, [small(number, None)], 30.0)
    stream.run(500.0)
    assert stream.started["g", 0] == stream.started["g", 1] == 65.0


def test_a_straggler_that_is_overdue_already_is_waited_for_twice_as_long_each_time() -> None:
    """It runs a thousand times as long as it should; the promise is renewed about as often as a thousand can be halved."""
    stream = Stream(nodes=2)
    stream.submit(0.0, [small("straggler", RunLaw(1.0), gpus=8)], 1_000.0)
    stream.submit(1.0, [small("neighbour", RunLaw(1_000.0), gpus=2)], 1_000.0)
    stream.submit(500.0, [small("waits", RunLaw(1.0), gpus=8)], 1.0)
    for second in range(1, 490):  # others come and go beside it
        stream.submit(500.0 + second, [small(f"other{second}", RunLaw(0.5), gpus=2)], 0.5)
    stream.run(995.0)
    promise = stream.decider.promises.of("waits")
    assert promise is not None
    assert 3 <= promise.renewals <= 10


def promised(stream: Stream, owner: object) -> tuple[float, float, float]:
    """The instant of a promise, when it was made, and its first instant."""
    found = stream.decider.promises.of(owner)
    assert found is not None
    return found.at, found.made, found.first


def test_what_asks_again_keeps_its_promise() -> None:
    """As it does once other run times are expected."""
    stream = Stream(2)
    stream.submit(0.0, [small("long", RunLaw(100.0), 6)], 100.0)
    stream.submit(0.0, [small("other", RunLaw(100.0), 6)], 100.0)
    members = gang("g", 2, 8)
    stream.submit(1.0, members, 10.0)
    stream.run(2.0)
    before = promised(stream, ("g", 0))
    assert before == (100.0, 1.0, 100.0)
    stream.cluster.occupy(
        "long", "n0", {"cpu": 1000, "nvidia.com/gpu": 6}, tenant=Tenant(queue="q", since=0.0, run=RunLaw(900.0))
    )
    stream.decider.update(Changes(tuple(stream.decider.wishes.values())))
    stream.decider.decide(3.0)
    assert promised(stream, ("g", 0)) == before


def test_a_promise_outlives_its_decider() -> None:
    stream = Stream(2)
    stream.submit(0.0, [small("long", RunLaw(100.0), 6)], 100.0)
    stream.submit(0.0, [small("other", RunLaw(100.0), 6)], 100.0)
    stream.submit(1.0, gang("g", 2, 8), 10.0)
    stream.run(50.0)
    found = stream.decider.promises.of(("g", 0))
    assert found is not None
    wishes, record = tuple(stream.decider.wishes.values()), replace(found.record, at=90.0, renewals=2, allowance=7.0)
    successor = Decider(stream.cluster, seed=1)
    successor.update(Changes(wishes, queues=tree_of([Queue("q", reserve=1)]), promised={found.owners[0]: record}))
    successor.decide(51.0)
    again = successor.promises.of(("g", 0))
    assert again is not None
    assert again.record == record, "the instant is the recorded one though what is there ends later"
    successor.update(Changes(reopened=True))
    successor.decide(98.0)
    renewed = successor.promises.of(("g", 0))
    assert renewed is not None
    assert (renewed.at, renewed.first, renewed.renewals, renewed.allowance) == (100.0, 100.0, 3, 14.0)


def test_only_what_promises_keep_out_is_said_to_be_kept_out() -> None:
    stream = Stream(1)
    stream.submit(0.0, [small("long", RunLaw(100.0), 6)], 100.0)
    stream.submit(1.0, [small("whole", RunLaw(10.0), 8)], 10.0)
    stream.submit(2.0, [small("late", RunLaw(200.0), 1)], 200.0)
    stream.submit(2.0, [small("large", RunLaw(200.0), 3)], 200.0)
    stream.run(10.0)
    said = {id_: stream.decider.why(wish.request) for id_, wish in stream.decider.wishes.items()}
    late, large, whole = (said[each] for each in ("late", "large", "whole"))
    assert late is not None
    assert late.reason is Reason.RESERVED
    assert late.message == "there is room, and it is kept for 1 request ahead until 00:01 UTC"
    assert {each and each.reason for each in (large, whole)} == {Reason.NO_CAPACITY}


def test_a_quota_that_a_promise_keeps_is_not_said_to_be_used() -> None:
    stream = Stream(4)
    queue = Queue("q", None, (QuotaRow(QuotaKey("nvidia.com/gpu"), 8),), reserve=1)
    stream.decider.update(Changes(queues=tree_of([queue])))
    stream.submit(0.0, [small("long", RunLaw(100.0), 5)], 100.0)
    stream.submit(1.0, [small("whole", RunLaw(10.0), 6)], 10.0)
    stream.submit(2.0, [small("beside", RunLaw(200.0), 2)], 200.0)
    stream.submit(3.0, [small("late", RunLaw(200.0), 1)], 200.0)
    stream.submit(3.0, [small("large", RunLaw(200.0), 4)], 200.0)
    stream.run(10.0)
    said = {id_: stream.decider.why(wish.request) for id_, wish in stream.decider.wishes.items()}
    assert stream.started.keys() == {"long", "beside"}
    assert said["late"] is not None
    assert said["late"].reason is Reason.RESERVED
    assert said["late"].message == "there is room, and it is kept for 1 request ahead until 00:01 UTC"
    assert said["large"] is not None
    assert said["large"].reason is Reason.QUOTA_EXCEEDED
    message = "queue q: nvidia.com/gpu: 8 of 8 used, 4 asked, 4 missing, 1 kept for requests ahead"
    assert said["large"].message == message


def test_what_had_no_room_and_is_kept_out_by_now_is_said_so() -> None:
    stream = Stream(1)
    stream.submit(0.0, [small("long", RunLaw(100.0), 6)], 100.0)
    stream.submit(0.0, [small("short", RunLaw(30.0), 2)], 30.0)
    stream.submit(1.0, [small("whole", RunLaw(10.0), 8)], 10.0)
    stream.submit(2.0, [small("late", RunLaw(200.0), 1)], 200.0)
    for until, reason in ((10.0, Reason.NO_CAPACITY), (40.0, Reason.RESERVED)):
        stream.run(until)
        said = stream.decider.why(stream.decider.wishes["late"].request)
        assert said is not None
        assert said.reason is reason


def test_a_promise_whose_node_is_cordoned_is_made_again_and_counts_once() -> None:
    stream = Stream(2)
    stream.submit(0.0, [small("long", RunLaw(100.0), 6)], 100.0)
    stream.submit(0.0, [small("other", RunLaw(200.0), 6)], 200.0)
    stream.submit(1.0, [small("whole", RunLaw(10.0), 8)], 10.0)
    stream.run(2.0)
    before = stream.decider.promises.of("whole")
    assert before is not None
    (row,) = before.rows
    node = next(each for each in stream.cluster.nodes if each.name == stream.cluster.names[row])
    stream.cluster.set_node(replace(node, unschedulable=True))
    stream.decider.decide(3.0)
    again = stream.decider.promises.of("whole")
    assert again is not None
    assert row not in again.rows
    assert len(stream.decider.promises) == stream.decider.promises.count(0) == 1
