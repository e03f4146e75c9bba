"""What occupies nodes, and whose it is."""

from __future__ import annotations

import pytest

from bayplan.cluster.cluster import Cluster
from bayplan.model.gpu import GpuAsk, Gpus, GpuUse
from bayplan.model.occupant import Occupant, Tenant
from bayplan.model.stake import Stake
from bayplan.model.workload import NodeInfo, RequestClass
from tests.unit.placement.test_greedy import snapshot

MILLI = "bayplan.dev/gpu-milli"
OURS = Tenant("g", 3, "team", priority=5, since=10.0)


def one(gpus: int = 2) -> Cluster:
    made = Cluster()
    made.set_node(NodeInfo("a", {"cpu": 8, MILLI: 1000 * gpus}, gpus=Gpus(gpus)))
    return made


def half() -> GpuUse:
    return GpuUse(GpuAsk(1, 500))


def test_what_is_on_a_node_is_there_by_key_with_its_gpus_and_whose_it_is() -> None:
    on = one()
    on.occupy("p", "a", {"cpu": 1, MILLI: 500}, half(), OURS)
    on.occupy("q", "a", {"cpu": 2, MILLI: 1000}, GpuUse(GpuAsk(1), (1,)))
    assert on.occupants("a") == {
        "p": Occupant({"cpu": 1, MILLI: 500}, half(), OURS, (0,)),
        "q": Occupant({"cpu": 2, MILLI: 1000}, GpuUse(GpuAsk(1), (1,)), None, (1,)),
    }
    assert on.occupants("b") == {}
    on.vacate("p")
    assert list(on.occupants("a")) == ["q"]
    on.vacate("q")
    assert on.occupants("a") == {}


def test_what_is_known_of_a_tenant_is_kept_and_what_is_not_is_absent() -> None:
    assert Tenant() == Tenant(None, None, None, None, None, None, None, None)
    on = one()
    on.occupy("p", "a", {"cpu": 1}, tenant=Tenant(expected_end=70.0, stake=Stake("p"), queue="q"))
    tenant = on.occupants("a")["p"].tenant
    assert tenant is not None
    assert (tenant.expected_end, tenant.stake, tenant.queue, tenant.graph) == (70.0, Stake("p"), "q", None)


def test_another_tenant_of_the_same_pod_changes_neither_usage_nor_version() -> None:
    """Nobody has to decide again because an end is expected at another time."""
    on = one()
    on.occupy("p", "a", {"cpu": 1, MILLI: 500}, half(), OURS)
    before, logs = snapshot(on), (on.changes.position, on.freed.position, on.static_changes.position)
    later = Tenant("g", 3, "team", priority=5, since=10.0, expected_end=99.0)
    on.occupy("p", "a", {"cpu": 1, MILLI: 500}, half(), later)
    assert on.occupants("a")["p"] == Occupant({"cpu": 1, MILLI: 500}, half(), later, (0,))
    on.occupy("p", "a", {"cpu": 1, MILLI: 500}, half())
    assert on.occupants("a")["p"].tenant is None
    assert snapshot(on) == before
    assert (on.changes.position, on.freed.position, on.static_changes.position) == logs


def test_what_occupies_nodes_is_not_the_callers_own_dictionary() -> None:
    on, resources = one(), {"cpu": 1}
    on.occupy("p", "a", resources)
    resources["cpu"] = 5
    assert on.occupants("a")["p"].resources == {"cpu": 1}


def test_a_pod_that_moves_is_on_one_node_only() -> None:
    on = one()
    on.set_node(NodeInfo("b", {"cpu": 8}))
    on.occupy("p", "a", {"cpu": 1}, tenant=OURS)
    on.occupy("p", "b", {"cpu": 1}, tenant=OURS)
    assert on.occupants("a") == {}
    assert on.occupants("b") == {"p": Occupant({"cpu": 1}, None, OURS)}
    assert on.used[:, 0].tolist() == [0, 1]


def test_occupants_outlive_their_node_and_are_charged_when_it_is_there() -> None:
    on = Cluster()
    on.occupy("p", "a", {"cpu": 1, MILLI: 500}, half(), OURS)
    assert on.occupants("a")["p"].devices == ()
    on.set_node(NodeInfo("a", {"cpu": 8, MILLI: 2000}, gpus=Gpus(2)))
    assert on.occupants("a") == {"p": Occupant({"cpu": 1, MILLI: 500}, half(), OURS, (0,))}
    assert [each.free for each in on.gpus("a")] == [500, 1000]
    on.remove_node("a")
    assert on.occupants("a")["p"].tenant == OURS
    on.set_node(NodeInfo("a", {"cpu": 8, MILLI: 1000}, gpus=Gpus(1)))
    assert [each.free for each in on.gpus("a")] == [500]
    on.vacate("p")
    assert [each.free for each in on.gpus("a")] == [1000]


@pytest.mark.parametrize("free", [1, 3])
def test_the_log_of_what_became_free_has_the_rows_of_which_something_left(free: int) -> None:
    on = one()
    on.set_node(NodeInfo("b", {"cpu": 8}))
    start = on.freed.position
    on.occupy("p", "a", {"cpu": 2})
    on.occupy("q", "b", {"cpu": 2})
    assert on.freed.since(start) == [], "that something came frees nothing"
    on.occupy("p", "a", {"cpu": free})
    assert on.freed.since(start) == [0], "what it said before has left"
    at = on.freed.position
    on.vacate("q")
    on.vacate("never heard of")
    assert on.freed.since(at) == [1]
    assert on.freed.since(start) == [0, 1]
    at = on.freed.position
    on.occupy("r", "gone", {"cpu": 1})
    on.vacate("r")
    with on.trial() as trial:
        trial.take(0, on.demand(RequestClass((("cpu", 1),))))
    assert on.freed.since(at) == [], "neither on a node that is not there, nor by what is tried"
