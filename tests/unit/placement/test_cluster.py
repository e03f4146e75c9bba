import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.model.workload import NodeInfo
from tests.unit.placement.building import GPU, asking, cluster, node, places


def used(on: Cluster, name: str) -> dict[str, int]:
    row = on.row(name)
    assert row is not None
    return {resource: amount for resource, amount in zip(on.resources, on.used[row].tolist(), strict=True) if amount}


def test_pods_on_a_node_add_up() -> None:
    one = cluster(node("n"))
    one.occupy("a", "n", {"cpu": 100, "pods": 1})
    one.occupy("b", "n", {"cpu": 50, GPU: 2})
    assert used(one, "n") == {"cpu": 150, "pods": 1, GPU: 2}
    one.vacate("a")
    assert used(one, "n") == {"cpu": 50, GPU: 2}
    one.vacate("a")
    one.vacate("never there")
    assert used(one, "n") == {"cpu": 50, GPU: 2}


def test_the_same_key_replaces_amounts_and_node() -> None:
    two = cluster(node("a"), node("b"))
    two.occupy("p", "a", {"cpu": 100})
    two.occupy("p", "a", {"cpu": 300})
    assert used(two, "a") == {"cpu": 300}
    two.occupy("p", "b", {"cpu": 200})
    assert (used(two, "a"), used(two, "b")) == ({}, {"cpu": 200})


def test_a_pod_on_an_unknown_node_is_charged_when_the_node_appears() -> None:
    one = cluster()
    one.occupy("p", "n", {"cpu": 100})
    one.occupy("q", "n", {"cpu": 50})
    one.vacate("q")
    one.set_node(node("n"))
    assert used(one, "n") == {"cpu": 100}


def test_a_node_that_comes_back_still_has_its_pods() -> None:
    one = cluster(node("n"), node("m"))
    one.occupy("p", "n", {"cpu": 100})
    one.occupy("q", "n", {"cpu": 10})
    one.remove_node("n")
    one.vacate("q")
    one.set_node(node("other"))
    assert used(one, "other") == {}
    one.set_node(node("n"))
    assert used(one, "n") == {"cpu": 100}


def test_what_the_caller_does_with_his_dictionaries_does_not_matter() -> None:
    resources, allocatable, labels = {"cpu": 100}, {"cpu": 1000, "pods": 5}, {"a": "1"}
    one = cluster(NodeInfo("n", allocatable, labels))
    one.occupy("p", "n", resources)
    resources["cpu"] = allocatable["cpu"] = 7
    labels["a"] = "2"
    one.vacate("p")
    assert used(one, "n") == {}
    assert places(one, [asking(1, node_selector=(("a", "1"),))]) == ["n"]


def test_the_version_changes_only_when_a_decision_could() -> None:
    one = cluster(node("n"))
    seen = [one.version]

    def changed() -> bool:
        seen.append(one.version)
        return seen[-1] != seen[-2]

    one.set_node(node("n"))
    assert not changed()
    one.occupy("p", "elsewhere", {"cpu": 1})
    assert not changed()
    one.occupy("p", "n", {"cpu": 1})
    assert changed()
    one.occupy("p", "n", {"cpu": 1})
    assert not changed()
    one.occupy("p", "n", {"cpu": 2})
    assert changed()
    places(one, [asking()])
    assert not changed()
    one.vacate("p")
    assert changed()
    one.vacate("p")
    assert not changed()
    one.set_node(node("n", labels={"x": ""}))
    assert changed()
    one.set_node(node("n", labels={"x": ""}, ready=False))
    assert changed()
    one.remove_node("n")
    assert changed()
    one.remove_node("n")
    assert not changed()


def test_only_static_changes_change_the_static_version() -> None:
    one = cluster(node("n"))
    one.occupy("p", "n", {"cpu": 1})
    before = one.static_version
    one.vacate("p")
    assert one.static_version == before
    one.set_node(node("n", unschedulable=True))
    assert one.static_version != before


def test_rows_are_used_again() -> None:
    one = cluster(node("a", gpu=2, labels={"x": "1"}, unschedulable=True), node("b"))
    one.remove_node("a")
    one.set_node(node("c"))
    assert (len(one), one.rows) == (2, 2)
    assert places(one, [asking(node_selector=(("x", "1"),))]) == [None]
    assert places(one, [asking(1, gpu=1)]) == [None]
    assert places(one, [asking(8), asking(8)]) == ["b", "c"]


def test_it_grows() -> None:
    many = cluster(*(NodeInfo(f"n{n}", {f"vendor{n % 40}.com/device": n + 1}) for n in range(300)))
    assert many.allocatable.shape == (300, 40)
    assert many.allocatable[np.arange(300), np.arange(300) % 40].tolist() == list(range(1, 301))
    assert int((many.allocatable > 0).sum()) == 300


def test_a_pod_may_use_what_no_node_offers() -> None:
    two = cluster(node("a", gpu=1), node("b"))
    assert places(two, [asking(1)]) == ["b"]
    two.occupy("p", "b", {"foreign.example.com/device": 1})
    assert places(two, [asking(2), asking(2, gpu=1)]) == ["a", "a"]


def test_name_ranks_are_lexicographic() -> None:
    three = cluster(node("n2"), node("n10"), node("a"))
    assert three.name_rank.tolist() == [2, 1, 0]


def test_the_change_log_tells_which_rows_changed() -> None:
    three = cluster(node("a"), node("b"), node("c"))
    position = three.changes.position
    three.occupy("p", "b", {"cpu": 1})
    three.occupy("q", "b", {"cpu": 1})
    three.set_node(node("c", ready=False))
    assert three.changes.since(position) == [1, 2]
    assert three.changes.since(three.changes.position) == []
    for key in range(70_000):
        three.changes.note(key % 3)
    assert three.changes.since(position) is None
    assert three.changes.since(three.changes.position - 10) is not None


def test_decisions_survive_a_log_that_has_forgotten() -> None:
    two = cluster(node("a"), node("b"))
    assert places(two, [asking(8)]) == ["a"]
    two.occupy("p", "a", {"cpu": 8000})
    for _ in range(70_000):
        two.changes.note(1)
    assert places(two, [asking(8)]) == ["b"]
