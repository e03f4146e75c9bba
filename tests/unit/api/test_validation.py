"""Each thing that neither schema nor CEL can see is named in one sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bayplan_operator.api.v1alpha1 import TaskGraphSpec
from bayplan_operator.api.validation import graph_problems

CONTAINER: dict[str, Any] = {"name": "main", "image": "busybox:1.36"}

GPU = {"resources": {"limits": {"nvidia.com/gpu": 1}}}


def problems(spec: dict[str, Any]) -> list[str]:
    return list(graph_problems(TaskGraphSpec.model_validate(spec)))


def with_pod_spec(**pod_spec: Any) -> list[str]:
    return problems({"tasks": [{"name": "a", "template": {"spec": {"containers": [CONTAINER], **pod_spec}}}]})


def with_resources(resources: Any) -> list[str]:
    return with_pod_spec(containers=[{**CONTAINER, "resources": resources}])


def with_metadata(**metadata: Any) -> list[str]:
    return problems({"tasks": [{"name": "a", "template": {"metadata": metadata, "spec": {"containers": [CONTAINER]}}}]})


def test_a_good_graph_has_no_problem() -> None:
    spec = {
        "template": {"spec": {"containers": [{"image": "busybox:1.36", "resources": {"requests": {"cpu": 0.5}}}]}},
        "templates": [{"name": "gpu", "template": {"spec": {"containers": [GPU]}}}],
        "tasks": [
            {"name": "a"},
            {"name": "b", "templateName": "gpu"},
            {"name": "c", "template": {"spec": {"restartPolicy": "OnFailure", "overhead": {"memory": "64Mi"}}}},
        ],
    }  # fmt: skip
    assert problems(spec) == []


WHERE = "spec.tasks[0].template.spec.containers[0].resources"
GPU_REQUEST = f"{WHERE}.requests.nvidia.com/gpu"
MORE_THAN_ZERO = "must be more than zero; leave it out if the task needs none"
WHOLE = "must be a whole number: devices cannot be divided"
TOO_LARGE = "is larger than 9223372036854775807, the largest that Kubernetes can hold"
A_QUANTITY = (
    "must be a quantity: a number with an optional suffix (n u m k M G T P E Ki Mi Gi Ti Pi Ei) or exponent, "
    'such as "500m", "4Gi" or "1e3"'
)


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({"requests": {"cpu": "0"}}, f'{WHERE}.requests.cpu is "0": {MORE_THAN_ZERO}'),
        ({"limits": {"nvidia.com/gpu": 0}}, f"{WHERE}.limits.nvidia.com/gpu is 0: {MORE_THAN_ZERO}"),
        ({"requests": {"memory": "-1Gi"}}, f'{WHERE}.requests.memory is "-1Gi": must not be negative'),
        ({"requests": {"nvidia.com/gpu": "500m"}}, f'{GPU_REQUEST} is "500m": {WHOLE}'),
        ({"requests": {"memory": "4GB"}}, f'{WHERE}.requests.memory is "4GB": {A_QUANTITY}'),
        ({"requests": {"cpu": None}}, f'{WHERE}.requests.cpu is null: must be a quantity such as 2, "500m" or "4Gi"'),
        ({"requests": {"memory": "9Ei"}}, f'{WHERE}.requests.memory is "9Ei": {TOO_LARGE}'),
        (
            {"nvidia.com/gpu": 1},
            f'{WHERE} has "nvidia.com/gpu", which is none of requests, limits, claims: amounts stand under requests or limits',
        ),
        ({"requests": ["cpu"]}, f'{WHERE}.requests is ["cpu"]: must be a map such as {{"cpu": "2", "memory": "4Gi"}}'),
        ("lots", f'{WHERE} is "lots": must be a map with requests and limits'),
    ],
)  # fmt: skip
def test_resources(resources: Any, expected: str) -> None:
    assert with_resources(resources) == [expected]


ZERO = f'"0": {MORE_THAN_ZERO}'


def test_resources_are_looked_at_everywhere() -> None:
    zero = {"requests": {"cpu": "0"}}
    found = with_pod_spec(
        containers=[CONTAINER, {**CONTAINER, "name": "side", "resources": zero}],
        initContainers=[{"name": "init", "image": "busybox:1.36", "resources": zero}],
        overhead={"cpu": "0"},
        resources=zero,
    )
    where = "spec.tasks[0].template.spec"
    assert found == [
        f"{where}.initContainers[0].resources.requests.cpu is {ZERO}",
        f"{where}.containers[1].resources.requests.cpu is {ZERO}",
        f"{where}.resources.requests.cpu is {ZERO}",
        f"{where}.overhead.cpu is {ZERO}",
    ]


def test_devices_are_asked_for_in_a_container() -> None:
    assert with_pod_spec(resources={"requests": {"cpu": "1"}, "limits": {"hugepages-2Mi": "4Mi", "nvidia.com/gpu": 1}}) == [
        'spec.tasks[0].template.spec.resources.limits has "nvidia.com/gpu": a pod as a whole asks for cpu, memory and '
        "huge pages only; ask for it in a container"
    ]


def test_every_template_of_the_graph_is_looked_at() -> None:
    bad = {"spec": {"containers": [{"image": "busybox:1.36", "resources": {"limits": {"cpu": "0"}}}]}}
    found = problems(
        {
            "template": bad,
            "templates": [{"name": "t", "template": bad}],
            "tasks": [{"name": "a", "template": bad}],
        }
    )
    tail = f"spec.containers[0].resources.limits.cpu is {ZERO}"
    assert found == [
        f"spec.template.{tail}",
        f"spec.templates[0].template.{tail}",
        f"spec.tasks[0].template.{tail}",
    ]


RESTART = 'must be "Never" (the default) or "OnFailure", since a task has an end'


@pytest.mark.parametrize(
    ("field", "value", "advice"),
    [
        ("nodeName", "n1", "Bayplan chooses the node; use nodeSelector or affinity to narrow the choice"),
        (
            "schedulerName",
            "volcano",
            "Bayplan decides what binds the pod; choose with binding in the PlacementPolicy",
        ),
        (
            "schedulingGates",
            [{"name": "g"}],
            "Bayplan creates a pod only once it has a place for it; use spec.suspend to hold a graph back",
        ),
    ],
)
def test_forbidden_fields_of_the_pod_spec(field: str, value: Any, advice: str) -> None:
    where = f"spec.tasks[0].template.spec.{field}"
    assert with_pod_spec(**{field: value}) == [f"{where} is {json.dumps(value)}: must be left out; {advice}"]


@pytest.mark.parametrize("value", ["Always", "never", 1])
def test_a_task_has_an_end(value: Any) -> None:
    expected = f"spec.tasks[0].template.spec.restartPolicy is {json.dumps(value)}: {RESTART}"
    assert with_pod_spec(restartPolicy=value) == [expected]


@pytest.mark.parametrize(
    ("field", "value", "advice"),
    [
        ("finalizers", ["x/y"], "Bayplan sets the pods' finalizers"),
        ("ownerReferences", [{"name": "x"}], "the TaskGraph owns the pods"),
    ],
)
def test_forbidden_metadata(field: str, value: Any, advice: str) -> None:
    where = f"spec.tasks[0].template.metadata.{field}"
    assert with_metadata(**{field: value}) == [f"{where} is {json.dumps(value)}: must be left out; {advice}"]


@pytest.mark.parametrize("field", ["labels", "annotations"])
def test_bayplans_own_labels_and_annotations_are_refused(field: str) -> None:
    assert with_metadata(**{field: {"bayplan.dev/task": "x"}}) == [
        f'spec.tasks[0].template.metadata.{field} has the key "bayplan.dev/task": keys that start with bayplan.dev/ '
        "are set by Bayplan alone"
    ]


def test_only_the_exact_prefix_is_bayplans_own() -> None:
    assert with_metadata(labels={"bayplan.development/x": "1", "my.bayplan.dev/x": "1", "bayplan.dev": "1"}) == []


@pytest.mark.parametrize(
    ("wanted", "known", "advice"),
    [
        ("detecter", ["detector", "trainer"], 'did you mean "detector"?'),
        ("zzz", ["detector", "trainer"], 'the names in spec.templates are "detector", "trainer"'),
        (
            "zzz",
            ["a", "b", "c", "d", "e", "f"],
            'the names in spec.templates are "a", "b", "c", "d", "e" and others',
        ),
        ("zzz", [], "there are no names in spec.templates"),
    ],
)
def test_an_unknown_template_is_named_with_advice(wanted: str, known: list[str], advice: str) -> None:
    template = {"spec": {"containers": [CONTAINER]}}
    found = problems(
        {
            "templates": [{"name": name, "template": template} for name in known],
            "tasks": [{"name": "a", "templateName": wanted}],
        }
    )
    assert found == [f'spec.tasks[0].templateName is "{wanted}": no such template in spec.templates; {advice}']


def test_template_and_template_name_exclude_each_other() -> None:
    template = {"spec": {"containers": [CONTAINER]}}
    spec = {
        "templates": [{"name": "t", "template": template}],
        "tasks": [{"name": "a", "templateName": "t", "template": template}],
    }
    assert problems(spec) == ['spec.tasks[0] ("a") has template and templateName: they exclude each other, keep one of them']


def test_names_of_templates_are_unique() -> None:
    template = {"spec": {"containers": [CONTAINER]}}
    spec = {
        "templates": [{"name": "t", "template": template}] * 2,
        "tasks": [{"name": "a", "templateName": "t"}],
    }
    assert problems(spec) == ['spec.templates has 2 items with the name "t": names must be unique']


NO_CONTAINER = "has no container: spec.template, its own template or the one in templateName must have one with an image"


def test_a_task_without_any_container_is_named_once_for_all_that_share_its_template() -> None:
    assert problems({"tasks": [{"name": "a"}, {"name": "b"}]}) == [f'spec.tasks[0] ("a") {NO_CONTAINER}']
    assert with_pod_spec(containers=[]) == [f'spec.tasks[0] ("a") {NO_CONTAINER}']


@pytest.mark.parametrize("image", [None, "", "  ", 3])
def test_a_container_without_an_image_is_named(image: Any) -> None:
    assert with_pod_spec(containers=[{"image": image}]) == [
        'spec.tasks[0] ("a") has no image for the container "main" of its pods: give it an image'
    ]


def test_a_further_container_needs_a_name() -> None:
    assert with_pod_spec(containers=[CONTAINER, {"image": "busybox:1.36"}]) == [
        'spec.tasks[0] ("a") has no name for containers[1] of its pods: only the first container may go without'
    ]


@pytest.mark.parametrize(
    ("containers", "expected"),
    [
        ({"image": "x"}, 'spec.containers is {"image": "x"}: must be a list of containers'),
        (["x"], 'spec.containers[0] is "x": must be a container, a map with name and image'),
    ],
)
def test_containers_of_a_wrong_shape_are_named(containers: Any, expected: str) -> None:
    assert with_pod_spec(containers=containers) == [f"spec.tasks[0].template.{expected}"]


def test_the_image_may_come_from_the_defaults() -> None:
    spec = {
        "template": {"spec": {"containers": [{"image": "busybox:1.36"}]}},
        "tasks": [{"name": "a", "template": {"spec": {"containers": [{"args": ["x"]}]}}}],
    }
    assert problems(spec) == []
