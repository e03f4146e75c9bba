"""Nothing is dropped silently: each field of Argo's types, one at a time, changes the graph, or is named, or has a reason."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client

from bayplan.simulation import Submission
from bayplan_operator.workflows import InputError
from bayplan_operator.workflows.argo import known_fields
from bayplan_operator.workflows.argo.known_fields import ArgoType
from tests.unit.argo.reading import read_spec

PUBLISHED: dict[str, list[str]] = {
    **json.loads((Path(__file__).parent / "argo_types.json").read_text())["types"],
    "Container": list(client.V1Container.attribute_map.values()),
    "PodSpec": list(client.V1PodSpec.attribute_map.values()),
    "ResourceRequirements": list(client.V1ResourceRequirements.attribute_map.values()),
    "Affinity": list(client.V1Affinity.attribute_map.values()),
}
"""Argo's own types as published (the file names its source), Kubernetes' as its client has them."""

CPU = {"requests": {"cpu": "3"}}
POD = {"image": "i", "resources": CPU}
SELECTED = {"nodeSelector": {"pool": "a"}}
REQUIRED = {
    "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [{"key": "pool", "operator": "In", "values": ["a"]}]}]
        }
    }
}
CLAIM = [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]
LONGER = {"annotations": {"bayplan.dev/expected-duration": "5m"}}
PATCH = json.dumps({"containers": [{"name": "s", "resources": {"requests": {"cpu": "4"}}}]})
BASE = """
entrypoint: main
arguments: {parameters: [{name: memory, value: 1Gi}]}
templates:
- name: main
  dag:
    tasks:
    - {name: a, template: plain}
    - {name: b, template: pod, arguments: {parameters: [{name: unused, value: "1"}]}}
- name: pod
  inputs: {parameters: [{name: p, default: "1"}]}
  metadata: {annotations: {unknown: to us}}
  retryStrategy: {limit: 1, backoff: {duration: "2"}}
  podSpecPatch: |
    containers: [{name: s, resources: {requests: {cpu: "4"}}}]
    initContainers: [{name: n, resources: {requests: {memory: 2Gi}}}]
  initContainers: [{name: n, image: i, resources: {requests: {memory: 5Gi}}}]
  container: {image: i, resources: {requests: {cpu: "{{inputs.parameters.p}}", memory: "{{workflow.parameters.memory}}"}}}
  sidecars: [{name: s, image: i, resources: {requests: {cpu: "1"}}}]
- name: plain
  container: {image: i}
"""
_BASE = yaml.safe_load(BASE)


def base() -> dict[str, Any]:
    found: dict[str, Any] = copy.deepcopy(_BASE)
    return found


def with_steps() -> dict[str, Any]:
    found = base()
    tasks = found["templates"][0].pop("dag")["tasks"]
    return found | {"templates": [{"name": "main", "steps": [[each] for each in tasks]}, *found["templates"][1:]]}


def with_main(**main: Any) -> dict[str, Any]:
    found = base()
    del found["templates"][1]["container"], found["templates"][1]["podSpecPatch"]
    found["templates"][1].update(main)
    return found


def with_sequence() -> dict[str, Any]:
    found = base()
    argument = {"parameters": [{"name": "p", "value": "{{item}}"}]}
    found["templates"][0]["dag"]["tasks"][1].update(withSequence={"count": "2", "start": "1"}, arguments=argument)
    return found


def with_inputs_of_the_caller() -> dict[str, Any]:
    found = base()
    main = found["templates"][0]
    main["inputs"] = {"parameters": [{"name": "p", "default": "1"}]}
    main["dag"]["tasks"][1]["arguments"] = {"parameters": [{"name": "p", "value": "{{inputs.parameters.p}}"}]}
    return found


def with_argument() -> dict[str, Any]:
    found = base()
    found["templates"][0]["dag"]["tasks"][1]["arguments"] = {"parameters": [{"name": "p", "value": "1"}]}
    return found


KINDS: dict[str, tuple[ArgoType, dict[str, Any], str]] = {
    "WorkflowSpec": (known_fields.WORKFLOW_SPEC, base(), ""),
    "CronWorkflowSpec": (known_fields.CRON_WORKFLOW_SPEC, {"schedules": ["0 * * * *"], "workflowSpec": base()}, ""),
    "Template": (known_fields.TEMPLATE, base(), "templates.1"),
    "CallingTemplate": (known_fields.TEMPLATE, with_inputs_of_the_caller(), "templates.0"),
    "TemplateDefaults": (known_fields.TEMPLATE_DEFAULTS, base() | {"templateDefaults": {}}, "templateDefaults"),
    "DAGTemplate": (known_fields.DAG, base(), "templates.0.dag"),
    "DAGTask": (known_fields.DAG_TASK, base(), "templates.0.dag.tasks.1"),
    "WorkflowStep": (known_fields.WORKFLOW_STEP, with_steps(), "templates.0.steps.1.0"),
    "UserContainer": (known_fields.CONTAINER, base(), "templates.1.sidecars.0"),
    "InitContainer": (known_fields.CONTAINER, base(), "templates.1.initContainers.0"),
    "Container": (known_fields.CONTAINER, base(), "templates.1.container"),
    "ScriptTemplate": (known_fields.CONTAINER, with_main(script={"source": "x"}), "templates.1.script"),
    "ContainerSetTemplate": (
        known_fields.CONTAINER_SET, with_main(containerSet={"containers": [{"name": "s"}]}), "templates.1.containerSet",
    ),
    "ContainerNode": (
        known_fields.CONTAINER, with_main(containerSet={"containers": [{"name": "s", "resources": CPU}]}, podSpecPatch=PATCH),
        "templates.1.containerSet.containers.0",
    ),
    "RetryStrategy": (known_fields.RETRY_STRATEGY, base(), "templates.1.retryStrategy"),
    "Backoff": (known_fields.BACKOFF, base(), "templates.1.retryStrategy.backoff"),
    "Inputs": (known_fields.INPUTS, base(), "templates.1.inputs"),
    "Arguments": (known_fields.ARGUMENTS, with_argument(), "templates.0.dag.tasks.1.arguments"),
    "Parameter": (known_fields.PARAMETER, base(), "templates.1.inputs.parameters.0"),
    "Metadata": (known_fields.METADATA, base(), "templates.1.metadata"),
    "Sequence": (
        ArgoType("", frozenset(("count", "start", "end", "format"))), with_sequence(), "templates.0.dag.tasks.1.withSequence",
    ),
    "ResourceRequirements": (known_fields.RESOURCES, base(), "templates.1.container.resources"),
    "Affinity": (known_fields.AFFINITY, with_main(container={}, affinity={"nodeAffinity": {}}), "templates.1.affinity"),
    "PodSpec": (known_fields.POD_SPEC, base(), "templates.1.podSpecPatch"),
}  # fmt: skip
"""Name to what is known of it, a workflow that has it, and where."""
PUBLISHED |= {
    "TemplateDefaults": PUBLISHED["Template"],
    "CallingTemplate": PUBLISHED["Template"],
    "InitContainer": PUBLISHED["UserContainer"],
}

COMMON: dict[str, Any] = {
    "affinity": REQUIRED, "annotations": LONGER["annotations"], "arguments": {"parameters": [{"name": "p", "value": "7"}]},
    "container": POD, "containers": [{"name": "x", "resources": CPU}], "containerSet": {"containers": [POD | {"name": "x"}]},
    "daemon": True, "default": "5", "depends": "a", "dependencies": ["a"], "failFast": False,
    "initContainers": [{"name": "y", "resources": {"requests": {"cpu": "20"}}}], "inline": {"container": POD},
    "inputs": {"parameters": [{"name": "p", "value": "7"}]}, "limits": {"nvidia.com/gpu": 2}, "metadata": LONGER,
    "name": "renamed", "nodeAffinity": REQUIRED["nodeAffinity"], "nodeSelector": {"pool": "a"}, "parallelism": 1,
    "parameters": [{"name": "p", "value": "9"}], "podSpecPatch": '{"nodeSelector": {"pool": "a"}}',
    "ports": [{"containerPort": 80, "hostPort": 80}], "requests": {"memory": "3Gi"}, "resources": CPU, "script": POD,
    "restartPolicy": "Always", "retryStrategy": {"limit": 4}, "sidecars": [{"name": "z", "resources": CPU}],
    "steps": [[{"name": "c", "template": "plain"}]], "template": "plain", "templateRef": {"name": "x", "template": "y"},
    "tolerations": [{"key": "pool", "operator": "Exists"}], "value": "6", "valueFrom": {"configMapKeyRef": {"name": "c"}},
    "volumes": CLAIM, "withItems": [1, 2, 3], "withParam": "[1, 2, 3]", "withSequence": {"count": 3},
    "limit": 5, "backoff": {"duration": "1m"}, "retryPolicy": "OnError", "duration": "9s", "factor": 3, "cap": "1s",
    "count": "5", "start": "4", "end": "9", "format": "1%d", "target": "a",
    "dag": {"tasks": [{"name": "c", "template": "plain"}]},
    "tasks": [{"name": "c", "template": "plain"}], "overhead": {"cpu": "1"}, "resource": {"action": "create"},
    "suspend": {"duration": "1m"}, "data": {"source": {}}, "http": {"url": "u"}, "plugin": {"p": {}},
}  # fmt: skip
"""Values that make a difference where the field is read; of other fields any value will do."""
OWN: dict[tuple[str, str], Any] = {
    ("WorkflowSpec", "arguments"): {"parameters": [{"name": "memory", "value": "9Gi"}]},
    ("WorkflowSpec", "entrypoint"): "plain",
    ("WorkflowSpec", "onExit"): "plain",
    ("WorkflowSpec", "podMetadata"): LONGER,
    ("WorkflowSpec", "templateDefaults"): SELECTED,
    ("WorkflowSpec", "templates"): [{"name": "main", "container": POD}],
    ("WorkflowSpec", "workflowTemplateRef"): {"name": "x"},
    ("CronWorkflowSpec", "workflowSpec"): base() | SELECTED,
    ("Inputs", "parameters"): [{"name": "p", "value": "9"}],
    ("ContainerNode", "resources"): {"requests": {"memory": "9Gi"}},
    ("InitContainer", "resources"): {"requests": {"cpu": "20"}},
    ("PodSpec", "hostNetwork"): True,
    ("PodSpec", "priority"): 5,
    ("PodSpec", "schedulingGates"): [{"name": "g"}],
    ("PodSpec", "activeDeadlineSeconds"): 5,
    ("PodSpec", "terminationGracePeriodSeconds"): 5,
    ("TemplateDefaults", "container"): {"resources": {"limits": {"nvidia.com/gpu": 1}}},
    # Of a sidecar, the patch says how much CPU it asks for.
    ("UserContainer", "resources"): {"requests": {"memory": "9Gi"}},
}
INERT = {
    ("Template", "parallelism"): "the template is one pod",
    ("Container", "name"): "Argo calls it main",
    ("ScriptTemplate", "name"): "Argo calls it main",
    ("ScriptTemplate", "restartPolicy"): "restarts inside a pod are part of its run time",
    ("Container", "restartPolicy"): "restarts inside a pod are part of its run time",
    ("UserContainer", "restartPolicy"): "restarts inside a pod are part of its run time",
    ("ContainerNode", "restartPolicy"): "restarts inside a pod are part of its run time",
    ("TemplateDefaults", "script"): "the templates here have containers: a template stays what it is",
    ("TemplateDefaults", "containerSet"): "the templates here have containers: a template stays what it is",
}
"""Read, and without effect here."""


def snapshot(submission: Submission) -> str:
    return repr((
        submission.graph.tasks, submission.classes, submission.retries, submission.parallelism,
        None if submission.actual is None else submission.actual.tolist(),
    ))  # fmt: skip


def outcome(name: str, field: str | None) -> tuple[str, list[str]]:
    """The graph, or the word that there is none; and what is said."""
    _, whole, place = KINDS[name]
    spec = copy.deepcopy(whole)
    if field is not None:
        value = OWN.get((name, field), COMMON.get(field, "x"))
        at: Any = spec
        for step in place.split(".") if name != "PodSpec" and place else []:
            at = at[int(step) if step.isdecimal() else step]
        if name == "PodSpec":
            spec["templates"][1]["podSpecPatch"] = json.dumps({field: value})
        else:
            at[field] = value
    elif name == "PodSpec":
        del spec["templates"][1]["podSpecPatch"]
    try:
        found = read_spec(spec, "CronWorkflow" if name == "CronWorkflowSpec" else "Workflow")
    except InputError as error:
        return "none", [str(error)]
    return snapshot(found.submission), list(found.left_out)


@cache
def unchanged(name: str) -> tuple[str, list[str]]:
    """The outcome to begin with."""
    return outcome(name, None)


def path(name: str, field: str) -> str:
    """As messages say it."""
    steps = ["spec", *filter(None, KINDS[name][2].split(".")), field]
    return "".join(f"[{each}]" if each.isdecimal() else f".{each}" for each in steps).removeprefix(".")


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_field_is_known(name: str) -> None:
    kind = KINDS[name][0]
    assert set(PUBLISHED[name]) <= set(kind.fields)
    assert len(kind.fields) == len(set(kind.fields))


@pytest.mark.parametrize("name", KINDS)
def test_the_workflows_to_begin_with_are_read_without_a_word(name: str) -> None:
    made, said = unchanged(name)
    assert made != "none"
    assert said == []


@pytest.mark.parametrize(("name", "field"), [(name, field) for name, fields in PUBLISHED.items() for field in fields])
def test_each_field_is_honoured_or_named_or_has_a_reason_to_change_nothing(name: str, field: str) -> None:
    kind = KINDS[name][0]
    made, said = outcome(name, field)
    named = any(path(name, field) in each for each in said)
    changed = made != unchanged(name)[0]
    if field in kind.named:
        assert named, said
    elif field in kind.read and (name, field) not in INERT:
        assert named or changed
    else:
        assert not changed
        assert said == []
        assert kind.without_effect.get(field) or INERT[name, field]


@pytest.mark.parametrize("name", [each for each in KINDS if each != "Sequence"])
def test_a_field_that_argo_does_not_have_is_named(name: str) -> None:
    _, said = outcome(name, "nodeSelektor")
    assert [path(name, "nodeSelektor") in each for each in said] == [True]
