"""The results in a status are edited while the operator is down: the graph ends all the same, and another is not held up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cluster.kube import Object, task
from tests.tick.api.kinds import TASK_GRAPH
from tests.tick.seen import label
from tests.tick.world import World

WORKSPACE: Object = {
    "volumes": [{"name": "workspace", "emptyDir": {}}],
    "containers": [{"image": "none", "volumeMounts": [{"name": "workspace", "mountPath": "/w"}]}],
}
NAMES = ("small", "large", "data/0", "data/1")
EDITS: dict[str, list[str]] = {
    "gone": [],
    "without keys": [f"{name} {{}}" for name in NAMES],
    "text in place of numbers": [f'{name} {{"loss":"x","samples":"many"}}' for name in NAMES],
    "truths in place of numbers": [f'{name} {{"loss":true,"samples":false}}' for name in NAMES],
    "numbers beyond all bounds": [f'{name} {{"loss":{"9" * 400},"samples":-{"9" * 400}}}' for name in NAMES],
    "no results": ["", "small", "large null", "data/9 {}", "data/0 [1]", 'data/1 {"samples":null}', "nothing {}"],
}


def saying(
    name: str, *after: str, seconds: float = 1.0, says: Object | None = None, exit_code: int = 0, **fields: Any
) -> Object:
    annotations = {"sim.bayplan.dev/message": json.dumps(says or {}), "sim.bayplan.dev/exit-code": str(exit_code)}
    return task(name, *after, seconds=seconds, annotations=annotations, retry={"limit": 0}, **fields)


def create(world: World) -> None:
    """What goes by results begins once `slow` and `broken` have ended."""
    best = {"gate": "BestOf", "bestBy": {"metric": "loss", "goal": "Minimize"}}
    fuse = {"fuse": {"method": "FedAvg", "weightBy": "samples", "reference": "slow"}}
    world.create(
        "g",
        saying("small", says={"loss": 0.4}),
        saying("large", says={"loss": 0.2}),
        saying("data", says={"samples": 10}, shards=2, pod=WORKSPACE),
        saying("slow", seconds=30, says={"samples": 1}),
        saying("broken", seconds=30, exit_code=1, optional=True),
        saying("best", "small", "large", "broken", pod=WORKSPACE, **best),
        saying("if", "small", "slow", when="small.loss < 1"),
        saying("told", "small", "slow", args=["--loss=$(tasks.small.outputs.loss)"]),
        {"name": "join", "dependsOn": [{"task": "data"}, {"task": "slow"}], **fuse,
         "template": {"metadata": {"annotations": {"sim.bayplan.dev/seconds": "1"}}}},
        template={"spec": WORKSPACE},
    )  # fmt: skip


def edited(world: World, results: list[str]) -> None:
    """By hand, once the four have said theirs; then a new operator finds it."""
    world.until(lambda: len(world.status("g").get("results", ())) == len(NAMES), "they have said their results")
    world.operator.kill()
    world.patch(TASK_GRAPH, "g", {"status": {"results": results}}, "status")
    world.create("other", saying("work"))
    world.operator.start()


def told(world: World, name: str) -> Object:
    (pod,) = [each for each in world.created("g") if label(each, "bayplan.dev/task") == name]
    container: Object = pod["spec"]["containers"][0]
    return container


def env(container: Object) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container["env"]}


@pytest.mark.parametrize("edit", EDITS)
def test_a_graph_whose_results_were_edited_goes_on_to_its_end(world: World, edit: str) -> None:
    create(world)
    edited(world, EDITS[edit])
    world.wait_condition("other", "Complete")
    world.wait_condition("g", "Complete")
    assert max(world.made().values()) == 1
    assert {"best", "told", "join"} <= {label(pod, "bayplan.dev/task") for pod in world.created("g")}


def test_what_stands_in_the_place_of_results_that_are_gone(world: World) -> None:
    create(world)
    edited(world, [])
    world.wait_condition("g", "Complete")
    inputs = json.loads(env(told(world, "best"))["BAYPLAN_INPUTS"])
    assert list(inputs) == ["small"], "the first that has succeeded, since no figure is known"
    assert told(world, "told")["args"] == ["--loss="]
    assert json.loads(env(told(world, "join"))["BAYPLAN_FUSE"])["weights"] == {"data": [0, 0]}
    assert world.lines("g")["if"].split(" ")[0] == "Skipped", "whether it is to run can never be told"


def rounds(world: World, **more: Any) -> None:
    """Two rounds, of which the first is about to end."""
    world.kubelets.seconds = lambda pod: "30" if label(pod, "bayplan.dev/task") == "late" else "1"
    tasks = [saying(name, says={"loss": 0.4}) for name in ("small", "late")]
    world.create("g", *tasks, rounds={"tasks": ["small", "late"], **more})


@pytest.mark.parametrize("edit", ["gone", "text in place of numbers", "numbers beyond all bounds"])
@pytest.mark.parametrize(
    "more",
    [
        {"max": 2, "until": "small.loss < 0.1"},
        {"max": 2, "patience": 5, "metric": "small.loss"},
        {"max": 2, "joint": {"terms": [{"name": name, "loss": f"{name}.loss"} for name in ("small", "late")], "bound": "0.9"}},
    ],
    ids=["until", "metric", "joint"],
)
def test_a_round_whose_results_were_edited_comes_to_its_end(world: World, more: dict[str, Any], edit: str) -> None:
    rounds(world, **more)
    world.until(lambda: world.status("g").get("results"), "it has said its result")
    world.operator.kill()
    world.patch(TASK_GRAPH, "g", {"status": {"results": EDITS[edit]}}, "status")
    world.operator.start()
    world.until(lambda: world.condition("g", "Complete", "True") or world.condition("g", "Failed", "True"), "it ends")
    assert world.status("g")["rounds"]["over"]
