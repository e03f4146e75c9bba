"""Gangs of pods that are no graph's: by labels, in their namespace, all at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.cluster.kube import Object
from tests.tick.api.kinds import NAMESPACE, POD
from tests.tick.api.refusal import Refusal
from tests.tick.foreign import GATE, bound, end, gated, pod, said, waits
from tests.tick.machinery.pods import node_of
from tests.tick.test_queues import cpu
from tests.tick.world import World


def member(world: World, name: str, size: int = 3, cpus: str = "1", gang: str = "train", **labels: str) -> Object:
    return gated(world, name, cpus, labels={"gang": gang, "gang-size": str(size), **labels})


def bound_now(world: World, *names: str) -> list[bool]:
    return [bool(node_of(pod(world, name))) for name in names]


def test_a_gang_waits_until_all_its_pods_are_there_and_starts_at_once(world: World) -> None:
    member(world, "a")
    member(world, "b")
    words = "2 of the 3 pods of gang train can be placed; it waits until all of them are there"
    assert waits(world, "a", "GangIncomplete") == words
    world.run(60)
    assert bound_now(world, "a", "b") == [False, False]
    member(world, "c")
    for name in ("a", "b", "c"):
        bound(world, name)


def test_all_of_a_gang_or_none_gets_a_place_also_by_its_quota(world: World) -> None:
    world.create_queue("research", cpu(4))
    gated(world, "single", cpu="2", labels={"queue": "research"})
    bound(world, "single")
    for name in ("a", "b", "c"):
        member(world, name, queue="research")
    waits(world, "a", "QuotaExceeded")
    world.run(30)
    assert bound_now(world, "a", "b", "c") == [False, False, False]
    end(world, "single")
    for name in ("a", "b", "c"):
        bound(world, name)
    world.run(3)
    assert world.queue("research")["status"]["admitted"] == 3


def test_a_gang_that_nodes_do_not_hold_takes_no_part_of_them(world: World) -> None:
    for number in range(5):
        member(world, f"m{number}", size=5, cpus="60")  # four nodes of 64
    words = waits(world, "m0", "GangIncomplete")
    assert words.startswith("gang train needs 5 places at once: 4 nodes have room, 1 is missing")
    gated(world, "single", cpu="60")
    bound(world, "single")
    assert bound_now(world, *(f"m{number}" for number in range(5))) == [False] * 5


@pytest.mark.parametrize(
    ("label", "value", "words"),
    [
        ("gang-size", "4", "bayplan.dev/gang-size of the pods of gang train is 3 and 4: all of them must say the same"),
        ("queue", "other", "bayplan.dev/queue of the pods of gang train is default and other: all of them must say the same"),
        ("priority", "5", "bayplan.dev/priority of the pods of gang train is 0 and 5: all of them must say the same"),
    ],
)
def test_pods_that_disagree_are_told_and_start_once_they_agree(world: World, label: str, value: str, words: str) -> None:
    world.create_queue("other")
    for name in ("a", "b"):
        member(world, name)
    gated(world, "c", labels={"gang": "train", "gang-size": "3", label: value})
    assert waits(world, "a", "InvalidLabel") == words
    assert waits(world, "c", "InvalidLabel") == words
    gated(world, "other")
    bound(world, "other")
    world.delete(POD, "c")
    member(world, "d")
    for name in ("a", "b", "d"):
        bound(world, name)


def test_a_pod_that_is_made_in_place_of_another_joins_the_gang_that_runs(world: World) -> None:
    for name in ("a", "b", "c"):
        member(world, name)
    for name in ("a", "b", "c"):
        bound(world, name)
    end(world, "a")
    world.delete(POD, "b")
    world.until(lambda: world.store.find(POD, "test", "b") is None)
    member(world, "d")
    bound(world, "d")
    world.operator.restart()
    member(world, "e")
    bound(world, "e")


def test_one_more_than_the_gang_has_waits_until_one_is_gone(world: World) -> None:
    for name in ("a", "b", "c", "d"):
        member(world, name)
    for name in ("a", "b", "c"):
        bound(world, name)
    assert waits(world, "d", "GangFull") == "gang train has the 3 pods already that bayplan.dev/gang-size says"
    end(world, "a")
    bound(world, "d")


def test_pods_that_disappear_take_their_gang_out_of_the_line(world: World) -> None:
    world.create_queue("research", cpu(2))
    for name in ("a", "b", "c"):
        member(world, name, queue="research")
    waits(world, "a", "QuotaExceeded")
    world.run(3)
    assert world.queue("research")["status"]["pending"] == 3
    world.delete(POD, "b")
    waits(world, "a", "GangIncomplete")
    world.run(3)
    assert world.queue("research")["status"]["pending"] == 0


def test_gangs_of_one_name_in_two_namespaces_are_two(world: World) -> None:
    world.store.create(NAMESPACE, "", {"metadata": {"name": "elsewhere"}})
    member(world, "a", size=2)
    there = pod(world, "a")
    world.store.create(
        POD, "elsewhere", {"metadata": {"name": "b", "labels": there["metadata"]["labels"]}, "spec": there["spec"]}
    )
    waits(world, "a", "GangIncomplete")
    world.run(30)
    assert not node_of(pod(world, "a"))
    assert not node_of(world.store.get(POD, "elsewhere", "b"))


@pytest.mark.parametrize("delay", [0.03, 0.05, 0.07, 0.09, 0.11, 0.13, 0.15])
def test_a_gang_of_which_a_part_was_let_go_before_a_kill_is_completed(world: World, delay: float) -> None:
    world.create_queue("research", cpu(3))
    world.operator.kill()
    world.operator.settings = replace(world.operator.settings, writes=1)
    world.operator.start()
    world.run(1)
    world.api.latency = 0.02
    for name in ("a", "b", "c"):
        member(world, name, queue="research")
    world.run(delay)
    world.operator.kill()
    world.run(5)
    gated(world, "other", labels={"queue": "research", "priority": "9"})
    world.operator.start()
    world.run(5)
    started = bound_now(world, "a", "b", "c")
    assert started in ([True] * 3, [False] * 3)
    assert any(started) != bool(node_of(pod(world, "other")))
    world.delete(POD, "other")
    for name in ("a", "b", "c"):
        bound(world, name)


def test_one_that_the_api_server_does_not_let_go_is_tried_again_and_joins_the_others(world: World) -> None:
    world.api.trouble.order("PATCH", "/pods/b$", Refusal(403, "Forbidden", "no"), times=2)
    for name in ("a", "b", "c"):
        member(world, name)
    bound(world, "a")
    bound(world, "c")
    waits(world, "b", "Forbidden")
    bound(world, "b")
    assert said(world, "b")["status"] == "True"


def test_one_that_is_tried_again_while_another_is_still_on_its_way(world: World) -> None:
    world.api.trouble.order("PATCH", "/pods/a$", Refusal(403, "Forbidden", "no"))
    world.api.trouble.order("PATCH", "/pods/b$", Refusal(429, "TooManyRequests", "later", retry_after=30))
    for name in ("a", "b"):
        member(world, name, size=2)
    bound(world, "a")
    assert world.loop.passed < 20
    bound(world, "b")


def test_a_gang_of_one_and_a_gate_of_another_program(world: World) -> None:
    gated(world, "a", labels={"gang": "one", "gang-size": "1"})
    bound(world, "a")
    gated(world, "b", labels={"gang": "two", "gang-size": "2"}, gates=("example.com/x", GATE))
    gated(world, "c", labels={"gang": "two", "gang-size": "2"})
    assert waits(world, "c", "GangIncomplete").startswith("1 of the 2 pods of gang two")
    waits(world, "b", "SchedulingGated")
    world.patch(POD, "b", {"spec": {"schedulingGates": [{"name": GATE}]}})
    bound(world, "b")
    bound(world, "c")
