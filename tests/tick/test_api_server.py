"""The API server in memory does as the real one, as far as the operator goes by it."""

from __future__ import annotations

import pytest

from tests.cluster.kube import Object, task
from tests.testbed.nodes import CPU_SMALL
from tests.tick.api.kinds import LEASE, POD, TASK_GRAPH
from tests.tick.api.patches import PatchError, edited, merged
from tests.tick.api.refusal import Refusal
from tests.tick.api.store import Store
from tests.tick.loop import EPOCH, VirtualLoop
from tests.tick.world import World


@pytest.fixture
def store() -> Store:
    return Store(lambda: EPOCH)


def pod(**fields: object) -> Object:
    return {"metadata": {"name": "p", **fields}, "spec": {"containers": [{"name": "c", "image": "none"}]}}


def graph(store: Store) -> Object:
    return store.create(TASK_GRAPH, "n", {"metadata": {"name": "g"}, "spec": {"tasks": [task("a")]}})


def test_what_is_created_has_its_defaults_and_loses_what_the_schema_does_not_know(store: Store) -> None:
    made = store.create(TASK_GRAPH, "n", {"metadata": {"name": "g"}, "spec": {"tasks": [task("a")], "prioritiy": 5}})
    assert made["spec"]["policyName"] == "default"
    assert "prioritiy" not in made["spec"]
    assert made["metadata"]["generation"] == 1
    assert made["metadata"]["creationTimestamp"] == "2027-01-15T08:00:00Z"
    with pytest.raises(Refusal, match="already exists") as refused:
        graph(store)
    assert (refused.value.status, refused.value.reason) == (409, "AlreadyExists")


def test_a_status_that_the_schema_does_not_allow_is_refused(store: Store) -> None:
    graph(store)
    with pytest.raises(Refusal, match=r"status\.active in body must be of type integer") as refused:
        store.change(TASK_GRAPH, "n", "g", lambda each: merged(each, {"status": {"active": "many"}}), "status")
    assert refused.value.status == 422


def test_spec_and_status_are_written_by_paths_of_their_own(store: Store) -> None:
    before = graph(store)
    change = {"spec": {"priority": 5}, "status": {"summary": "Running"}}
    spec = store.change(TASK_GRAPH, "n", "g", lambda each: merged(each, change))
    assert (spec["spec"]["priority"], spec.get("status"), spec["metadata"]["generation"]) == (5, None, 2)
    status = store.change(TASK_GRAPH, "n", "g", lambda each: merged(each, {**change, "spec": {"priority": 7}}), "status")
    assert (status["spec"]["priority"], status["status"], status["metadata"]["generation"]) == (5, {"summary": "Running"}, 2)
    same = store.change(TASK_GRAPH, "n", "g", lambda each: merged(each, change), "status")
    assert same["metadata"]["resourceVersion"] == status["metadata"]["resourceVersion"], "nothing new, no version"
    for field in ("uid", "resourceVersion"):
        stale = {"metadata": {field: before["metadata"][field] + "0"}, "status": {"summary": "x"}}
        with pytest.raises(Refusal) as refused:
            store.change(TASK_GRAPH, "n", "g", lambda each, stale=stale: merged(each, stale), "status")  # type: ignore[misc]
        assert refused.value.status == 409


def test_what_is_held_stays_until_it_is_let_go(store: Store) -> None:
    made = store.create(POD, "n", pod(finalizers=["x/y"]))
    with pytest.raises(Refusal, match="precondition"):
        store.delete(POD, "n", "p", only_if={"uid": "another"})
    marked = store.delete(POD, "n", "p", only_if={"uid": made["metadata"]["uid"]})
    assert marked["metadata"]["deletionTimestamp"]
    assert store.find(POD, "n", "p") == marked
    store.change(POD, "n", "p", lambda each: merged(each, {"metadata": {"finalizers": None}}))
    assert store.find(POD, "n", "p") is None
    assert [what for _, _, what, _ in store.history] == ["ADDED", "MODIFIED", "DELETED"]


def test_a_pod_on_a_node_is_given_its_grace(store: Store) -> None:
    store.create(POD, "n", pod())
    store.change(POD, "n", "p", lambda each: merged(each, {"spec": {"nodeName": "node"}}))
    marked = store.delete(POD, "n", "p")
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 30
    assert marked["metadata"]["deletionTimestamp"] == "2027-01-15T08:00:30Z"
    store.delete(POD, "n", "p", grace=0)
    assert store.find(POD, "n", "p") is None


def test_patches() -> None:
    assert merged({"a": {"b": 1, "c": 2}, "d": [1, 2]}, {"a": {"b": None, "e": 3}, "d": [3]}) == {
        "a": {"c": 2, "e": 3},
        "d": [3],
    }
    test = {"op": "test", "path": "/a/1", "value": 2}
    assert edited({"a": [1, 2]}, [test, {"op": "remove", "path": "/a/1"}]) == {"a": [1]}
    with pytest.raises(PatchError):
        edited({"a": [1, 3]}, [test])


def test_any_kind_is_stored(store: Store) -> None:
    store.create(LEASE, "n", {"metadata": {"name": "l"}, "spec": {"holderIdentity": "a"}})
    held = store.change(LEASE, "n", "l", lambda each: merged(each, {"spec": {"holderIdentity": "b"}}))
    assert held["spec"]["holderIdentity"] == "b"


def test_time_is_virtual_and_a_spin_is_an_error() -> None:
    loop = VirtualLoop()
    order: list[str] = []
    loop.call_later(1e6, order.append, "late")
    loop.call_later(1.0, order.append, "early")

    async def wait() -> None:
        waiting = loop.create_future()
        loop.call_later(2e6, waiting.set_result, None)
        await waiting

    loop.run_until_complete(wait())
    assert (order, loop.passed) == (["early", "late"], 2e6)

    def again() -> None:
        loop.call_soon(again)

    again()
    with pytest.raises(RuntimeError, match="without waiting for anything"):
        loop.run_until_complete(wait())
    loop.close()


def test_the_same_test_twice_is_the_same_to_the_last_version() -> None:
    def run() -> list[tuple[int, str, str]]:
        world = World()
        world.create_policy("default")
        world.add_nodes(CPU_SMALL, 3)
        world.api.latency = 0.03
        world.operator.start()
        world.create("g", *(task(f"t{number}", seconds=number % 3 + 0.5, cpu="3") for number in range(12)))
        world.run(2)
        world.operator.restart()
        world.wait_condition("g", "Complete")
        world.run(30)
        history = [(version, what, item["metadata"]["name"]) for version, _, what, item in world.store.history]
        world.close()
        return history

    assert run() == run()
