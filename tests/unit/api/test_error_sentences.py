"""Each value that a model refuses is named in one sentence: field, value, what would be right."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from bayplan_operator.api.v1alpha1 import PlacementPolicy, TaskGraph
from bayplan_operator.api.validation import sentence

LABEL = "must consist of lower case letters, digits and '-', and start and end with a letter or digit"
POSITIVE = "must be longer than zero, such as 90s, 45m, 1h30m or 250ms"
DURATION = "must be a duration such as 90s, 45m, 1h30m or 250ms"


def refusal(kind: type[TaskGraph | PlacementPolicy], spec: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        kind.model_validate({"spec": spec})
    return sentence(caught.value)


RESULT = "must be the name of a result, such as accuracy: letters, digits, '-', '_' and '.', starting with a letter"
FILE = "must be the name of a file without folders, such as weights.npz"
TIME_OUT = "must be p95, or a duration longer than zero, such as 90s, 45m, 1h30m or 250ms"


def task(**fields: Any) -> dict[str, Any]:
    return {"tasks": [{"name": "a"}, {"name": "b", **fields}]}


def rounds(**fields: Any) -> dict[str, Any]:
    return {**task(), "rounds": {"tasks": ["a"], "max": 3, **fields}}


FLOWS: list[tuple[Any, str]] = [
    (task(gate="any"), 'spec.tasks[1].gate is "any": must be "All", "Any", "BestOf" or "Always"'),
    (task(bestBy="loss"), 'spec.tasks[1].bestBy is "loss": must be a map, such as {metric: accuracy}'),
    (task(bestBy={}), "spec.tasks[1].bestBy.metric is missing: it is required"),
    (task(bestBy={"metric": "x y"}), f'spec.tasks[1].bestBy.metric is "x y": {RESULT}'),
    (task(bestBy={"metric": "x", "goal": "max"}), 'spec.tasks[1].bestBy.goal is "max": must be "Maximize" or "Minimize"'),
    (task(when=True), 'spec.tasks[1].when is true: must be a string, in quotes: "true"'),
    (task(optional="yes"), 'spec.tasks[1].optional is "yes": must be true or false'),
    (task(outputs="loss"), 'spec.tasks[1].outputs is "loss": must be a list, such as [accuracy]'),
    (task(outputs=["1a"]), f'spec.tasks[1].outputs[0] is "1a": {RESULT}'),
    (task(data=[]), "spec.tasks[1].data is []: must be a map, such as {nodeSelectorPerShard: [{site: north}, {site: south}]}"),
    (task(data={"nodeSelectorPerShard": ["a"]}),
     'spec.tasks[1].data.nodeSelectorPerShard[0] is "a": must be a map, such as {site: north}'),
    (task(fuse="Mean"), 'spec.tasks[1].fuse is "Mean": must be a map, such as {method: FedAvg, weightBy: samples}'),
    (task(fuse={"method": "Mean", "from": "../x"}), f'spec.tasks[1].fuse.from is "../x": {FILE}'),
    (task(fuse={"method": "Mean", "to": "a/b"}), f'spec.tasks[1].fuse.to is "a/b": {FILE}'),
    (task(fuse={"method": "Mean", "weightBy": "1"}), f'spec.tasks[1].fuse.weightBy is "1": {RESULT}'),
    (task(fuse={"method": "Mean", "parameters": {"momentum": 0.9}}),
     'spec.tasks[1].fuse.parameters is {"momentum": 0.9}: must be a list, such as [{name: momentum, value: "0.9"}]'),
    ({**task(), "rounds": 5}, "spec.rounds is 5: must be a map, such as {tasks: [train, evaluate], max: 10}"),
    ({**task(), "rounds": {"max": 1}}, "spec.rounds.tasks is missing: it is required"),
    (rounds(tasks="a"), 'spec.rounds.tasks is "a": must be a list, such as [train]'),
    (rounds(tasks=["A"]), f'spec.rounds.tasks[0] is "A": {LABEL}'),
    (rounds(max=0), "spec.rounds.max is 0: must be at least 1"),
    (rounds(patience=0), "spec.rounds.patience is 0: must be at least 1"),
    *((rounds(timeout=value), f'spec.rounds.timeout is "{value}": {TIME_OUT}') for value in ("soon", "0s", "p99")),
    (rounds(timeout=5), f"spec.rounds.timeout is 5: {TIME_OUT}"),
    (rounds(sample=3), "spec.rounds.sample is 3: must be a map, such as {clients: 3}"),
    (rounds(sample={"clients": 1, "floor": "lots"}),
     'spec.rounds.sample.floor is "lots": must be a decimal number, such as "12.5" or "1.5e-07"'),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "expected"), FLOWS, ids=[text[:60] for _, text in FLOWS])
def test_how_tasks_follow_each_other(spec: Any, expected: str) -> None:
    assert refusal(TaskGraph, spec) == expected


@pytest.mark.parametrize(
    ("said", "meant"), [("mean", "Mean"), ("FedAvgm", "FedAvgM"), ("Krumm", "Krum"), ("Vote", "SoftVote"), ("xyz", None)]
)
def test_of_many_choices_the_nearest_is_named(said: str, meant: str | None) -> None:
    found = refusal(TaskGraph, task(fuse={"method": said}))
    assert found.startswith(f'spec.tasks[1].fuse.method is "{said}": must be "Mean", "WeightedMean", ')
    assert found.endswith(f'; did you mean "{meant}"?' if meant else 'or "Consensus"'), found


GRAPHS: list[tuple[Any, str]] = [
    ({}, "spec.tasks is missing: it is required"),
    ({"tasks": []}, "spec.tasks is []: must have at least 1 item(s)"),
    ({"tasks": {}}, "spec.tasks is {}: must be a list, such as [{name: train}]"),
    ({"tasks": [{"name": f"t{n}"} for n in range(5001)]}, "spec.tasks has more than the 5000 items that are allowed"),
    ({"tasks": ["a"]}, 'spec.tasks[0] is "a": must be a map, such as {name: train}'),
    ("x", 'spec is "x": must be a map'),
    (task(name="B"), f'spec.tasks[1].name is "B": {LABEL}'),
    (task(name="b" * 64), f'spec.tasks[1].name is "{"b" * 64}": must be at most 63 characters long'),
    (task(name="b\n"), f'spec.tasks[1].name is "b\\n": {LABEL}'),
    (task(name=None), "spec.tasks[1].name is null: must be a string"),
    (task(shards=0), "spec.tasks[1].shards is 0: must be a whole number from 1 to 1000, or Auto"),
    (task(shards=1001), "spec.tasks[1].shards is 1001: must be a whole number from 1 to 1000, or Auto"),
    (task(shards="2"), 'spec.tasks[1].shards is "2": must be a whole number from 1 to 1000, or Auto'),
    (task(shards=1.5), "spec.tasks[1].shards is 1.5: must be a whole number from 1 to 1000, or Auto"),
    (task(expectedDuration="0s"), f'spec.tasks[1].expectedDuration is "0s": {POSITIVE}'),
    (task(expectedDuration="1d"), f'spec.tasks[1].expectedDuration is "1d": {DURATION}'),
    (task(expectedDuration=60), f"spec.tasks[1].expectedDuration is 60: {DURATION}"),
    (task(dependsOn=[{}]), "spec.tasks[1].dependsOn[0].task is missing: it is required"),
    (task(dependsOn=[{"task": ""}]), 'spec.tasks[1].dependsOn[0].task is "": must be at least 1 character(s) long'),
    *(
        (
            task(dependsOn=[{"task": "a", "data": data}]),
            f'spec.tasks[1].dependsOn[0].data is {shown}: must be a quantity of bytes as a string, such as "500M" or "2Gi"',
        )
        for data, shown in (("2 GB", '"2 GB"'), ("", '""'), ("5m", '"5m"'), (1000, "1000"), ("1\n", '"1\\n"'))
    ),
    (
        task(dependsOn=[{"task": "a", "data": "9e30"}]),
        'spec.tasks[1].dependsOn[0].data is "9e30": is larger than 9223372036854775807, the largest that Kubernetes can hold',
    ),
    (task(retry={"limit": -1}), "spec.tasks[1].retry.limit is -1: must be at least 0"),
    (task(env=[{"name": "1A", "value": ""}]), ('spec.tasks[1].env[0].name is "1A": must consist of letters, digits, '
     "'_', '-' and '.', and not start with a digit")),
    (task(args=[1]), 'spec.tasks[1].args[0] is 1: must be a string, in quotes: "1"'),
    (task(args=[True]), 'spec.tasks[1].args[0] is true: must be a string, in quotes: "true"'),
    (task(args=[None]), "spec.tasks[1].args[0] is null: must be a string"),
    (task(args="run"), 'spec.tasks[1].args is "run": must be a list, such as ["--epochs=3"]'),
    (task(dependsOn="a"), 'spec.tasks[1].dependsOn is "a": must be a list, such as [{task: prepare}]'),
    (task(dependsOn=["a"]), 'spec.tasks[1].dependsOn[0] is "a": must be a map, such as {task: prepare}'),
    (task(env={"A": "b"}), 'spec.tasks[1].env is {"A": "b"}: must be a list, such as [{name: SPLIT, value: test}]'),
    (task(retry=3), "spec.tasks[1].retry is 3: must be a map, such as {limit: 3}"),
    (task(template={"spec": []}), "spec.tasks[1].template.spec is []: must be a map"),
    (
        task(template={"metadata": {"labels": {"team": "a b"}}}),
        ('spec.tasks[1].template.metadata.labels.team is "a b": must be a label value: letters, digits, '
        "'-', '_' and '.', starting and ending with a letter or digit"),
    ),
    ({**task(), "suspend": "yes"}, 'spec.suspend is "yes": must be true or false'),
    ({**task(), "priority": 1000001}, "spec.priority is 1000001: must be at most 1000000"),
    ({**task(), "retry": {"backoff": {"factor": 11}}}, "spec.retry.backoff.factor is 11: must be at most 10"),
    (
        {"tasks": [{"name": "a", "shards": 0}, {"name": "B"}], "suspend": 1},
        "spec.suspend is 1: must be true or false (and 2 more errors)",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "expected"), GRAPHS, ids=[text[:60] for _, text in GRAPHS])
def test_graphs(spec: Any, expected: str) -> None:
    assert refusal(TaskGraph, spec) == expected


POLICIES: list[tuple[Any, str]] = [
    ({"binding": "Magic"}, 'spec.binding is "Magic": must be "Scheduler" or "Direct"'),
    ({"scorers": [{"name": "BestFit", "weight": 101}]}, "spec.scorers[0].weight is 101: must be at most 100"),
    ({"order": []}, "spec.order is []: must have at least 1 item(s)"),
    ({"nodeLossGrace": "soon"}, f'spec.nodeLossGrace is "soon": {DURATION}'),
    ({"planner": {"name": "?"}}, ('spec.planner.name is "?": must be the name of a strategy, such as BestFit: letters, '
     "digits, '-', '_', '.' and '/'")),
    (
        {"planner": {"parameters": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]}},
        ('spec.planner.parameters is [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]: '
        'has "a" more than once: name each once'),
    ),
    ({"planner": {"parameters": [{"name": "a", "value": 0.5}]}},
     'spec.planner.parameters[0].value is 0.5: must be a string, in quotes: "0.5"'),
    (
        {"preset": "Auto", "order": ["Age"]},
        ('spec is {"preset": "Auto", "order": ["Age"]}: preset stands for order, scorers and planner: '
        "leave these out, or leave preset out"),
    ),
    ({"serves": {"namespaces": ["A"]}}, f'spec.serves.namespaces[0] is "A": {LABEL}'),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "expected"), POLICIES, ids=[text[:60] for _, text in POLICIES])
def test_policies(spec: Any, expected: str) -> None:
    assert refusal(PlacementPolicy, spec) == expected
