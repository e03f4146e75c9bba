"""The fields by which tasks follow each other, on a real API server: accepted, refused in words, and not stored by default."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cluster.big_graph import big_graph
from tests.testbed.cluster import Cluster

TIME_OUT = "must be p95, or a duration longer than zero, such as 90s, 45m, 1h30m or 250ms"
TASKS: list[dict[str, Any]] = [{"name": "local", "shards": 2}, {"name": "evaluate", "dependsOn": [{"task": "local"}]}]

Object = dict[str, Any]


def graph(*tasks: Object, **spec: Any) -> Object:
    return {
        "apiVersion": "bayplan.dev/v1alpha1", "kind": "TaskGraph", "metadata": {"name": "flow"},
        "spec": {"tasks": list(tasks or TASKS), **spec},
    }  # fmt: skip


def with_task(**fields: Any) -> Object:
    return graph(TASKS[0], {**TASKS[1], **fields})


def with_rounds(**fields: Any) -> Object:
    return graph(rounds={"tasks": ["local", "evaluate"], "max": 10, **fields})


def create(cluster: Cluster, manifest: Object) -> str:
    """What kubectl says to it, on either channel; nothing is stored."""
    run = cluster.kubectl(
        "create", "--dry-run=server", "--output=json", "--filename", "-", input=json.dumps(manifest), check=False
    )
    return run.stdout + run.stderr


REFUSED: list[tuple[Object, str]] = [
    (
        with_task(gate="Some"),
        'spec.tasks[1].gate: Unsupported value: "Some": supported values: "All", "Any", "BestOf", "Always"',
    ),
    (with_task(optional="yes"), "spec.tasks[1].optional in body must be of type boolean"),
    (with_task(when=""), "spec.tasks[1].when in body should be at least 1 chars long"),
    (with_task(when="x" * 1025), "spec.tasks[1].when: Too long: may not be more than 1024 bytes"),
    (with_task(outputs=["2fast"]), "spec.tasks[1].outputs[0] in body should match"),
    (with_task(outputs=["x"] * 17), "spec.tasks[1].outputs: Too many: 17: must have at most 16 items"),
    (with_task(bestBy={"goal": "Maximize"}), "spec.tasks[1].bestBy.metric: Required value"),
    (
        with_task(bestBy={"metric": "loss", "goal": "Least"}),
        'spec.tasks[1].bestBy.goal: Unsupported value: "Least": supported values: "Maximize", "Minimize"',
    ),
    (with_task(data={}), "spec.tasks[1].data.nodeSelectorPerShard: Required value"),
    (
        with_task(data={"nodeSelectorPerShard": [{"a": "b c"}]}),
        "spec.tasks[1].data.nodeSelectorPerShard[0].a in body should match",
    ),
    (with_task(fuse={"method": "FedSum"}), 'spec.tasks[1].fuse.method: Unsupported value: "FedSum": supported values: "Mean"'),
    (with_task(fuse={"method": "Mean", "from": "../a"}), "spec.tasks[1].fuse.from in body should match"),
    (with_task(fuse={"method": "Mean", "weightby": "n"}), 'unknown field "spec.tasks[1].fuse.weightby"'),
    (with_rounds(max=0), "spec.rounds.max in body should be greater than or equal to 1"),
    (with_rounds(max=1001), "spec.rounds.max in body should be less than or equal to 1000"),
    (with_rounds(tasks=[]), "spec.rounds.tasks in body should have at least 1 items"),
    (with_rounds(tasks=["local", "local"]), 'spec.rounds.tasks[1]: Duplicate value: "local"'),
    (with_rounds(patience=0), "spec.rounds.patience in body should be greater than or equal to 1"),
    (with_rounds(minimum=0), "spec.rounds.minimum in body should be greater than or equal to 1"),
    (with_rounds(goal="Up"), 'spec.rounds.goal: Unsupported value: "Up": supported values: "Maximize", "Minimize"'),
    *(
        (with_rounds(timeout=value), f'spec.rounds.timeout: Invalid value: "{value}": {TIME_OUT}')
        for value in ("soon", "0s", "p99", "5 m", "")
    ),
    (with_rounds(timeout=5), "spec.rounds.timeout in body must be of type string"),
    (with_rounds(sample={"floor": "0.1"}), "spec.rounds.sample.clients: Required value"),
    (with_rounds(sample={"clients": 0}), "spec.rounds.sample.clients in body should be greater than or equal to 1"),
    (with_rounds(untill="a.b > 1"), 'unknown field "spec.rounds.untill"'),
    (with_rounds(joint={"terms": []}), "spec.rounds.joint.bound: Required value"),
    (
        with_rounds(joint={"bound": "0.5", "terms": [{"name": "a", "loss": "a.loss"}] * 2}),
        'spec.rounds.joint.terms[1]: Duplicate value: {"name":"a"}',
    ),
    (
        with_rounds(joint={"bound": "0.5", "otherwise": "Again", "terms": [{"name": "a", "loss": "a.loss"}]}),
        'spec.rounds.joint.otherwise: Unsupported value: "Again": supported values: "Round", "Reweigh"',
    ),
    (with_task(gang={"minimum": 0}), "spec.tasks[1].gang.minimum in body should be greater than or equal to 1"),
    (with_task(gang={"timeout": "0s"}), 'spec.tasks[1].gang.timeout: Invalid value: "0s": must be a duration longer than zero'),
    (with_task(gang={"topology": {}}), "spec.tasks[1].gang.topology: Invalid value: give one of required and preferred"),
    (with_task(gang={"topology": {"required": "a", "preferred": "b"}}), "give one of required and preferred"),
    (with_task(gang={"port": 65536}), "spec.tasks[1].gang.port in body should be less than or equal to 65535"),
    (with_task(stages=[{"name": "A"}]), "spec.tasks[1].stages[0].name in body should match"),
    (
        with_task(stages=[{"name": "a", "shards": 1001}]),
        "spec.tasks[1].stages[0].shards in body should be less than or equal to",
    ),
    (with_task(stages=[{"shards": 2}]), "spec.tasks[1].stages[0].name: Required value"),
    (with_task(stages=[{"name": "a"}] * 65), "spec.tasks[1].stages: Too many: 65: must have at most 64 items"),
    (with_task(backups={"count": 0}), "spec.tasks[1].backups.count in body should be greater than or equal to 1"),
    (with_task(backups={"count": 4}), "spec.tasks[1].backups.count in body should be less than or equal to 3"),
    (with_task(backups={"after": 5}), "spec.tasks[1].backups.after in body must be of type string"),
    (with_task(backups={"budget": "101%"}), "spec.tasks[1].backups.budget in body should match"),
    (with_task(backups={"budget": 0.1}), "spec.tasks[1].backups.budget in body must be of type string"),
    (with_task(backups={"share": "5%"}), 'unknown field "spec.tasks[1].backups.share"'),
]

EXPLAINED = {
    "rounds": ("Some of the tasks run again and again", "until\t<string>", "sample\t<Object>"),
    "rounds.joint": ("Whether several subtasks do well enough together", "bound\t<string> -required-", "terms\t<[]Object>"),
    "rounds.sample": ("Only some shards take part in each round", "clients\t<integer> -required-", "floor\t<string>"),
    "tasks.gang": ("The pods of the task start together or not at all", "minimum\t<integer>", "topology\t<Object>"),
    "tasks.stages": ("Parts of the task that run different programs", "name\t<string> -required-", "shards\t<integer>"),
    "tasks.backups": ("The same work is done again elsewhere", "budget\t<string>", "count\t<integer>"),
}


@pytest.mark.parametrize(("manifest", "sentence"), REFUSED, ids=[sentence[:70] for _, sentence in REFUSED])
def test_what_the_api_server_refuses(testbed: Cluster, manifest: Object, sentence: str) -> None:
    assert sentence in create(testbed, manifest)


def test_every_field_is_accepted_and_nothing_is_added_to_it(testbed: Cluster) -> None:
    tasks: list[Object] = [
        {"name": "local", "shards": 2, "data": {"nodeSelectorPerShard": [{"site": "a"}, {"site": "b"}]}, "outputs": ["loss"]},
        {"name": "join", "dependsOn": [{"task": "local"}],
         "fuse": {"method": "FedAvgM", "weightBy": "samples", "from": "w.npz", "to": "w.npz",
                  "parameters": [{"name": "momentum", "value": "0.9"}]}},
        {"name": "evaluate", "dependsOn": [{"task": "join"}]},
        {"name": "good", "dependsOn": [{"task": "evaluate"}], "when": "evaluate.accuracy >= 0.9", "optional": True},
        {"name": "best", "dependsOn": [{"task": "evaluate"}, {"task": "good"}], "gate": "BestOf",
         "bestBy": {"metric": "accuracy", "goal": "Minimize"}},
        {"name": "clean-up", "gate": "Always"},
        {"name": "gang", "shards": 4, "gang": {"minimum": 2, "timeout": "2m", "topology": {"preferred": "a/b"}, "port": 29500}},
        {"name": "parts", "stages": [{"name": "encoder", "args": ["a"]}, {"name": "decoder", "shards": 2}]},
        {"name": "twice", "backups": {"count": 2, "after": "p95", "budget": "10%"}},
        {"name": "late", "backups": {"after": "10m"}},
    ]  # fmt: skip
    rounds = {
        "tasks": ["local", "join", "evaluate"], "max": 50, "until": "evaluate.accuracy >= 0.95", "patience": 10,
        "metric": "evaluate.accuracy", "goal": "Maximize", "minimum": 1, "timeout": "p95",
        "sample": {"clients": 2, "floor": "0.05"},
        "joint": {
            "terms": [{"name": "digits", "loss": "evaluate.loss", "weight": "1"}],
            "bound": "0.05", "otherwise": "Stop", "limit": 4,
        },
    }  # fmt: skip
    stored = json.loads(create(testbed, graph(*tasks, rounds=rounds)))["spec"]
    assert (stored["tasks"], stored["rounds"]) == (tasks, rounds)
    assert json.loads(create(testbed, with_rounds(timeout="1h30m")))["spec"]["rounds"]["timeout"] == "1h30m"


def test_every_one_of_5000_tasks_may_have_them(testbed: Cluster) -> None:
    """What a rule may cost is counted for the largest graph."""
    manifest = big_graph("flow")
    for task in manifest["spec"]["tasks"]:
        task |= {"gate": "Any", "optional": True} if task.get("dependsOn") else {"outputs": ["loss"]}
        task |= {"backups": {"after": "p95"}} if task["name"].endswith("0") else {"gang": {"topology": {"preferred": "rack"}}}
    names = [task["name"] for task in manifest["spec"]["tasks"][:100]]
    manifest["spec"]["rounds"] = {"tasks": names, "max": 1000, "timeout": "p95"}
    stored = json.loads(create(testbed, manifest))["spec"]
    assert stored["rounds"] == manifest["spec"]["rounds"]
    assert stored["tasks"] == manifest["spec"]["tasks"], "what a default adds to one task, it adds 5,000 times"


@pytest.mark.parametrize("path", EXPLAINED)
def test_kubectl_explains_them(testbed: Cluster, path: str) -> None:
    said = testbed.kubectl("explain", f"taskgraph.spec.{path}").stdout
    for words in EXPLAINED[path]:
        assert words in said
