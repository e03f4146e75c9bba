"""How tasks follow each other: gates, conditions, optional tasks, cleaning up, and results on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cluster.kube import Object, task
from tests.tick.api.kinds import TASK_GRAPH
from tests.tick.seen import label
from tests.tick.world import World


def saying(
    name: str, *after: str, exit_code: int = 0, seconds: float = 1.0, says: dict[str, Any] | str = "", **fields: Any
) -> Object:
    message = says if isinstance(says, str) else json.dumps(says)
    annotations = {"sim.bayplan.dev/message": message, "sim.bayplan.dev/exit-code": str(exit_code)}
    return task(name, *after, seconds=seconds, annotations=annotations, retry={"limit": 0}, **fields)


def ran(world: World, graph: str = "g") -> list[str]:
    return [label(pod, "bayplan.dev/task") for pod in world.created(graph)]


def state(world: World, graph: str = "g") -> dict[str, str]:
    return {name: line.split(" ")[0] for name, line in world.lines(graph).items()}


def test_a_branch_that_is_not_taken_is_skipped_with_all_that_needs_it(world: World) -> None:
    world.create(
        "g",
        saying("evaluate", says={"accuracy": 0.93}),
        saying("good", "evaluate", when="evaluate.accuracy >= 0.9"),
        saying("bad", "evaluate", when="evaluate.accuracy < 0.9"),
        saying("retrain", "bad"),
        saying("publish", "good", "retrain", gate="Any"),
    )
    world.wait_condition("g", "Complete")
    assert ran(world) == ["evaluate", "good", "publish"]
    assert state(world) == {
        "evaluate": "Succeeded", "good": "Succeeded", "bad": "Skipped", "retrain": "Skipped", "publish": "Succeeded",
    }  # fmt: skip
    assert "2 were skipped" in world.condition("g", "Complete")["message"]


def test_the_best_of_several_is_the_input(world: World) -> None:
    mount = {"volumes": [{"name": "workspace", "emptyDir": {}}]}
    pod = {**mount, "containers": [{"image": "none", "volumeMounts": [{"name": "workspace", "mountPath": "/w"}]}]}
    world.create(
        "g",
        saying("small", says={"loss": 0.4}),
        saying("large", says={"loss": 0.2}),
        saying("broken", exit_code=1, optional=True),
        saying("use", "small", "large", "broken", gate="BestOf", bestBy={"metric": "loss", "goal": "Minimize"}, pod=pod),
    )
    world.wait_condition("g", "Complete")
    (use,) = [each for each in world.created("g") if label(each, "bayplan.dev/task") == "use"]
    told = {each["name"]: each["value"] for each in use["spec"]["containers"][0]["env"]}
    assert json.loads(told["BAYPLAN_INPUTS"]) == {"large": {"round": 0, "attempts": [1]}}


def test_the_graph_goes_on_without_an_optional_task(world: World) -> None:
    world.create("g", saying("extra", exit_code=3, optional=True), saying("after", "extra"), saying("main"))
    world.wait_condition("g", "Complete")
    assert state(world) == {"extra": "Failed", "after": "Skipped", "main": "Succeeded"}


@pytest.mark.parametrize("code", [0, 1])
def test_what_always_runs_comes_last_and_runs_though_the_graph_has_failed(world: World, code: int) -> None:
    world.create("g", saying("work", seconds=3), saying("other", exit_code=code), saying("clean-up", gate="Always"))
    world.wait_condition("g", "Failed" if code else "Complete")
    assert ran(world)[-1] == "clean-up"
    assert state(world)["clean-up"] == "Succeeded"
    assert world.store.born[world.pods("g", "clean-up")[0]["metadata"]["uid"]] > 0
    ends = [
        world.seconds(pod["status"]["containerStatuses"][0]["state"]["terminated"]["finishedAt"])
        for pod in world.pods("g", "work")
    ]
    begins = world.seconds(world.pods("g", "clean-up")[0]["metadata"]["creationTimestamp"])
    assert all(end <= begins for end in ends)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("", "its termination message is empty"),
        ("{" + "x" * 4095, "cut off at 4,096 bytes"),
        ("\x00\x01 binary", "is no JSON"),
        ("[1]", "is no JSON object"),
        ('{"loss": 1}', 'without the result "accuracy"'),
        ('{"accuracy": [1]}', "a list, an object or null"),
        (f'{{"accuracy": {"9" * 400}}}', "no finite number"),
    ],
)
def test_a_result_that_is_missing_is_the_failure_of_the_task(world: World, message: str, words: str) -> None:
    world.create("g", saying("evaluate", says=message), saying("after", "evaluate", when="evaluate.accuracy > 0"))
    world.create("other", saying("work"))
    found = world.wait_condition("g", "Failed")
    assert words in found["message"]
    assert 'when of task "after"' in found["message"]
    world.wait_condition("other", "Complete")


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        ([task("a"), task("b", "a", when="c.x > 1")], 'spec.tasks[1].when ("b")'),
        ([task("a"), task("b", when="a.x > 1")], "need not have run by then"),
        ([task("a", shards=2), task("b", "a", when="a.x > 1")], "mean(a.x)"),
        ([task("a"), task("b", "a", when="a.x > 1 and a.x < 0")], "can never hold"),
        ([task("a"), task("b", "a", when="a.x >")], "spec.tasks[1].when"),
        ([task("a"), task("b", gate="Any")], "gate: Any and no dependsOn"),
        ([task("a"), task("b", "a", gate="BestOf")], "gate: BestOf and no bestBy"),
        ([task("a"), task("b", "a", env=[{"name": "X", "value": "$(tasks.a.outputs)"}])], "$(tasks.NAME.outputs.KEY)"),
        ([task("a"), task("b", args=["$(tasks.a.outputs.lr)"])], "need not have run by then"),
        ([task("a"), task("b", "a", args=["$(tasks.aa.outputs.lr)"])], 'did you mean "a"?'),
        ([task("a", shards=3), task("b", "a", args=["$(tasks.a.outputs.lr)"])], "has 3 shards"),
        ([task("a", shards=2, data={"nodeSelectorPerShard": [{"x": "y"}]})], "one item for each shard"),
        ([task("a", shards=1000, outputs=["x"])], "at most 131,072 can be kept"),
    ],
)
def test_what_can_never_be_is_refused_at_once_by_name(world: World, tasks: list[Object], words: str) -> None:
    world.create("g", *tasks)
    found = world.until(lambda: world.condition("g", "Accepted", "False"), "it is refused")
    assert words in found["message"], found["message"]
    assert ran(world) == []


def test_all_that_can_never_be_is_told_at_once(world: World) -> None:
    world.create("g", task("a"), task("b", "a", when="c.x > 1"), task("c", gate="Any"))
    found = world.until(lambda: world.condition("g", "Accepted", "False"), "it is refused")
    first, second = found["message"].split("; and ")
    assert first.startswith('spec.tasks[1].when ("b") speaks of "c"')
    assert second.startswith('spec.tasks[2] ("c") has gate: Any and no dependsOn')


def test_results_are_in_the_status_and_in_the_arguments_of_what_follows(world: World) -> None:
    world.create(
        "g",
        saying("tune", says={"lr": 0.05, "name": "adam", "fast": True, "unwanted": 1}, outputs=["name"]),
        saying("train", "tune", args=["--lr=$(tasks.tune.outputs.lr)", "--fast=$(tasks.tune.outputs.fast)", "$(HOME)"]),
    )
    world.wait_condition("g", "Complete")
    assert world.status("g")["results"] == ['tune {"name":"adam","lr":0.05,"fast":true}']
    assert world.pods("g", "train")[0]["spec"]["containers"][0]["args"] == ["--lr=0.05", "--fast=true", "$(HOME)"]


@pytest.mark.parametrize("moment", [0.0, 0.5, 1.0, 1.01, 1.5, 2.0, 2.01, 2.5, 3.1])
def test_an_operator_that_is_killed_takes_the_same_branch(world: World, moment: float) -> None:
    world.create(
        "g",
        saying("evaluate", says={"accuracy": 0.5}),
        saying("good", "evaluate", when="evaluate.accuracy >= 0.9"),
        saying("bad", "evaluate", when="not evaluate.accuracy >= 0.9"),
        saying("clean-up", gate="Always"),
    )
    world.run(moment)
    world.operator.restart()
    world.wait_condition("g", "Complete")
    assert ran(world) == ["evaluate", "bad", "clean-up"]


def test_what_plain_graphs_store_has_not_grown(world: World) -> None:
    world.create("g", task("a"), task("b", "a"))
    world.wait_condition("g", "Complete")
    stored = world.store.get(TASK_GRAPH, "test", "g")
    assert not {"results", "rounds"} & stored["status"].keys()
    assert all(each.keys() <= {"name", "dependsOn", "template"} for each in stored["spec"]["tasks"])


def test_a_pod_goes_where_most_of_its_inputs_are(world: World) -> None:
    mounts = [{"name": "workspace", "mountPath": "/w"}]
    pod = {
        "volumes": [{"name": "workspace", "hostPath": {"path": "/w"}}],
        "containers": [{"image": "none", "volumeMounts": mounts}],
    }

    def on(node: str) -> Object:
        return {**pod, "nodeSelector": {"kubernetes.io/hostname": node}}

    after = [{"task": "little", "data": "1Gi"}, {"task": "much", "data": "50Gi"}]
    world.create(
        "g",
        task("little", pod=on("cpu-large-1")),
        task("much", pod=on("cpu-large-3")),
        {**task("reads", pod=pod), "dependsOn": after},
        {**task("does-not-say"), "dependsOn": [{"task": "much"}]},
    )
    world.wait_condition("g", "Complete")
    (reads,) = world.pods("g", "reads")
    assert reads["metadata"]["annotations"]["bayplan.dev/node"] == "cpu-large-3"


def test_a_refusal_counts_for_a_pod_that_would_be_near_its_inputs(world: World) -> None:
    mounts = [{"name": "workspace", "mountPath": "/w"}]
    pod = {"volumes": [{"name": "workspace", "emptyDir": {}}], "containers": [{"image": "none", "volumeMounts": mounts}]}
    here = {**pod, "nodeSelector": {"kubernetes.io/hostname": "cpu-large-2"}}
    world.scheduler.objection = lambda made, node: (
        "not here" if label(made, "bayplan.dev/task") == "reads" and node == "cpu-large-2" else ""
    )
    reads = {**task("reads", seconds=1, pod=pod), "dependsOn": [{"task": "much", "data": "50Gi"}]}
    world.create("g", task("much", seconds=1, pod=here), reads)
    world.wait_condition("g", "Complete")
    made = [each for each in world.created("g") if label(each, "bayplan.dev/task") == "reads"]
    assert [each["metadata"]["annotations"]["bayplan.dev/node"] == "cpu-large-2" for each in made] == [True, False]
