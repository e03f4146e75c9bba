"""Asynchronous rounds: a round goes on with those that are ready, and the others' work counts when it is done."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cluster.kube import Object, task
from tests.tick.seen import label
from tests.tick.test_rounds import attempts, env
from tests.tick.world import World

SECONDS = {"0": "2", "1": "2", "2": "11"}
"""Of each client: the last one is slow."""


def seconds(pod: Object) -> str:
    return SECONDS[env(pod)["JOB_COMPLETION_INDEX"]] if label(pod, "bayplan.dev/task") == "local" else "1"


def loose(world: World, rounds: int = 6, **fields: Any) -> None:
    world.kubelets.seconds = seconds
    world.kubelets.message = lambda pod: json.dumps({"samples": 100 + int(env(pod)["JOB_COMPLETION_INDEX"])})
    mounts = [{"name": "workspace", "mountPath": "/work"}]
    pod = {"volumes": [{"name": "workspace", "emptyDir": {}}], "containers": [{"image": "i", "volumeMounts": mounts}]}
    fuse = {"method": "FedAvg", "weightBy": "samples", "parameters": [{"name": "staleness", "value": "0.5"}]}
    aggregate = {"name": "aggregate", "dependsOn": [{"task": "local"}], "fuse": fuse}
    plan = {"tasks": ["local", "aggregate"], "max": rounds, "asynchronous": True, "minimum": 2, **fields}
    world.create("g", task("local", shards=3, pod=pod), aggregate, template={"spec": pod}, rounds=plan)


def handed(world: World) -> list[Object]:
    """What each aggregation was given of the clients."""
    return [json.loads(env(pod)["BAYPLAN_INPUTS"])["local"] for pod in attempts(world, "aggregate", "g")]


def test_a_slow_client_holds_nothing_up_and_its_work_counts_with_its_age(world: World) -> None:
    loose(world)
    world.wait_condition("g", "Complete")
    given = handed(world)
    assert [each["attempts"] for each in given[:3]] == [[1, 1, 0], [2, 2, 0], [3, 3, 0]]
    late = next(number for number, each in enumerate(given) if each["attempts"][2])
    assert given[late]["rounds"] == [late + 1, late + 1, 1]
    fuse = json.loads(env(attempts(world, "aggregate", "g")[late])["BAYPLAN_FUSE"])
    assert fuse["ages"] == {"local": [0, 0, late]}
    assert fuse["weights"] == {"local": [100, 101, 102]}
    slow = [pod for pod in attempts(world, "local", "g") if env(pod)["JOB_COMPLETION_INDEX"] == "2"]
    assert [env(pod)["BAYPLAN_ROUND"] for pod in slow][:2] == ["1", str(late + 2)]
    assert world.seconds(world.status("g")["completionTime"]) <= 25


def test_nothing_works_on_once_the_rounds_are_over(world: World) -> None:
    loose(world, rounds=2)
    world.wait_condition("g", "Complete")
    world.until(lambda: not world.running("g"), "the slow client is stopped", patience=5)
    assert world.seconds(world.status("g")["completionTime"]) < 10


@pytest.mark.parametrize("moment", [1.3 * step for step in range(1, 15)])
def test_an_operator_that_is_killed_loses_no_work_and_counts_none_twice(world: World, moment: float) -> None:
    loose(world)
    world.run(moment)
    world.operator.restart()
    world.wait_condition("g", "Complete")
    assert max(world.made().values()) == 1
    used = [(shard, attempt) for each in handed(world) for shard, attempt in enumerate(each["attempts"]) if attempt]
    assert len(used) == len(set(used)), "no round goes by the same work again"
    assert all(sum(map(bool, each["attempts"])) >= 2 for each in handed(world))
    assert len(handed(world)) == 6


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"minimum": None}, "asynchronous: true and no minimum"),
        ({"timeout": "5s"}, "leave timeout out"),
        ({"sample": {"clients": 2}}, "leave sample out"),
    ],
)
def test_what_does_not_go_together_is_refused(world: World, fields: Object, words: str) -> None:
    loose(world, **fields)
    assert words in world.until(lambda: world.condition("g", "Accepted", "False"), "it is refused")["message"]
