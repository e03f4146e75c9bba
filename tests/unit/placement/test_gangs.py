from bayplan.core.engine import place
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.model.workload import Gang, Request
from bayplan.strategy.context import Context
from tests.unit.placement.building import BEST_FIT, asking, cluster, node
from tests.unit.placement.test_greedy import snapshot


def gang(name: str, *cpus: int, priority: int = 0) -> list[Request]:
    return [Request((name, n), asking(cpu), priority, gang=Gang(name)) for n, cpu in enumerate(cpus)]


def single(name: str, cpu: int, priority: int = 0) -> Request:
    return Request(name, asking(cpu), priority)


def decided(requests: list[Request], *cpus: int) -> list[Decision]:
    on = cluster(*(node(f"n{number}", cpu=cpu) for number, cpu in enumerate(cpus)))
    before = snapshot(on)
    decisions = place(requests, on, BEST_FIT, Context())
    assert snapshot(on) == before
    return decisions


def test_a_gang_that_fits_is_placed_whole() -> None:
    assert None not in [each.node for each in decided(gang("g", 8, 8, 4, 4), 8, 8, 8)]


def test_a_gang_that_does_not_fit_gets_nothing_and_says_how_far_it_came() -> None:
    decisions = decided(gang("g", 8, 8, 8), 8, 8)
    assert [(each.node, each.reason) for each in decisions] == [(None, Reason.GANG_INCOMPLETE)] * 3
    assert decisions[0].message == (
        "only 2 of the 3 of the gang have a place; "
        "the next one: 0/2 nodes: 2 have too little cpu free (8 asked, at most 0 free)"
    )


def test_a_gang_with_a_member_that_never_fits_says_so() -> None:
    assert {each.reason for each in decided(gang("g", 1, 99), 8)} == {Reason.NO_SUCH_NODE}


def test_what_a_failed_gang_held_is_free_for_those_behind_it() -> None:
    requests = [*gang("g", 8, 8, 8, priority=9), single("s", 8), single("t", 8)]
    assert [each.node for each in decided(requests, 8, 8)] == [None, None, None, "n0", "n1"]


def test_that_nothing_was_left_within_a_failed_gang_is_not_remembered() -> None:
    requests = [*gang("g", 4, 4, 4, priority=9), *gang("h", 4, 4)]
    assert [each.node for each in decided(requests, 4, 4)] == [None, None, None, "n0", "n1"]


def test_a_gang_goes_when_its_first_member_would() -> None:
    mixed = [Request("high", asking(4), 5, gang=Gang("g")), Request("low", asking(4), -5, gang=Gang("g")), single("mid", 8)]
    assert [each.node for each in decided(mixed, 8)] == ["n0", "n0", None]


def test_a_gang_of_one_is_an_ordinary_request() -> None:
    assert [each.node for each in decided(gang("g", 3), 8)] == ["n0"]
    assert decided(gang("g", 9), 8)[0].reason is Reason.NO_SUCH_NODE
