"""What the pods of a template ask for, how long they run, how often they are tried again."""

from __future__ import annotations

import math

import pytest

from bayplan.lifecycle import Retry
from bayplan_operator.workflows import InputError
from tests.unit.argo.reading import read_spec, resources_of

ONE = "entrypoint: pod\ntemplates:\n- name: pod\n  container: {image: i}\n"


def test_all_containers_of_a_pod_count() -> None:
    found = read_spec("""
entrypoint: main
templates:
- name: main
  dag: {tasks: [{name: a, template: plain}, {name: b, template: set}, {name: c, template: native}]}
- name: plain
  container: {image: i, resources: {requests: {cpu: "1"}}}
  initContainers: [{name: warm, resources: {requests: {cpu: "9", memory: 1Gi}}}]
  sidecars: [{name: s, resources: {limits: {cpu: "2"}}}]
- name: set
  containerSet:
    containers:
    - {name: x, resources: {requests: {cpu: "1"}}}
    - {name: main, resources: {requests: {cpu: "3"}}, dependencies: [x]}
- name: native
  script: {image: i, source: "", resources: {requests: {cpu: "1"}}}
  initContainers: [{name: s, restartPolicy: Always, resources: {requests: {cpu: "5"}}}]
""").submission
    assert resources_of(found, "a") == {"cpu": 9000, "memory": 2**30, "pods": 1}
    assert [resources_of(found, name)["cpu"] for name in "bc"] == [4000, 6000]


def test_zero_is_an_amount_and_asks_for_nothing() -> None:
    found = read_spec(ONE.replace("{image: i}", "{resources: {requests: {cpu: 0, memory: 1}, limits: {nvidia.com/gpu: 0}}}"))
    assert resources_of(found.submission, "pod") == {"memory": 1, "pods": 1}
    assert found.submission.classes[0].gpus is None


def test_patches_merge_containers_by_name_and_take_away() -> None:
    found = read_spec("""
entrypoint: pod
templates:
- name: pod
  podSpecPatch: |
    containers:
    - {name: main, resources: {limits: {nvidia.com/gpu: null, cpu: "2"}}}
    - {name: side, $patch: delete}
    - {name: more, resources: {requests: {cpu: "4"}}}
    runtimeClassName: vm
    overhead: {cpu: 500m}
  container: {image: i, resources: {limits: {nvidia.com/gpu: 1, memory: 1Gi}}}
  sidecars: [{name: side, resources: {requests: {cpu: "32"}}}]
""").submission
    assert resources_of(found, "pod") == {"cpu": 6500, "memory": 2**30, "pods": 1}


def test_defaults_of_another_kind_of_template_are_left_alone() -> None:
    found = read_spec("""
entrypoint: pod
templateDefaults:
  container: {resources: {requests: {cpu: "7"}}}
  sidecars: [{name: s, resources: {requests: {cpu: "1"}}}]
templates:
- {name: pod, script: {image: i, source: "", resources: {requests: {cpu: "2"}}}}
""").submission
    assert resources_of(found, "pod")["cpu"] == 3000


@pytest.mark.parametrize(
    ("more", "retry"),
    [
        ("", Retry(limit=0)),
        ("retryStrategy: {limit: 5}", Retry(5, initial=0.0)),
        ("retryStrategy: {}", Retry(1000, initial=0.0)),
        ('retryStrategy: {limit: "200", backoff: {duration: "5"}}', Retry(200, 5.0, 1.0, math.inf)),
        ("retryStrategy: {limit: 2, backoff: {duration: 1m, factor: 3, cap: 10m}}", Retry(2, 60.0, 3.0, 600.0)),
    ],
)
def test_retries(more: str, retry: Retry) -> None:
    below = f"  {more}\n" if more else ""
    assert read_spec(ONE + below).submission.retries == (retry,)
    # What the workflow says holds for templates that say nothing.
    assert read_spec(f"{more}\n{ONE}").submission.retries == (retry,)
    own = ONE.replace("container:", "retryStrategy: {limit: 7}\n  container:")
    assert read_spec(f"{more}\n{own}").submission.retries == (Retry(7, initial=0.0),)


def test_how_long_pods_run() -> None:
    found = read_spec("""
entrypoint: main
podMetadata: {annotations: {bayplan.dev/expected-duration: 5m}}
templateDefaults: {metadata: {annotations: {sim.bayplan.dev/seconds: "12"}}}
templates:
- name: main
  dag: {tasks: [{name: a, template: pod}, {name: b, template: own, withItems: [1s, 2s], arguments: {parameters: [{name: t, value: "{{item}}"}]}}]}
- {name: pod, container: {image: i}}
- name: own
  inputs: {parameters: [{name: t}]}
  metadata: {annotations: {bayplan.dev/expected-duration: "{{inputs.parameters.t}}", sim.bayplan.dev/seconds: null}}
  container: {image: i}
""").submission  # noqa: E501
    assert found.expected is not None
    assert found.actual is not None
    assert found.expected.tolist() == [300.0, 1.0, 2.0]
    assert found.actual.tolist() == [12.0, 12.0, 12.0]


@pytest.mark.parametrize(
    ("resources", "sentence"),
    [
        ("cpu: many", 'requests.cpu is "many": must be a quantity'),
        ("cpu: -1", "requests.cpu is -1: must not be negative"),
        ("nvidia.com/gpu: 500m", 'requests["nvidia.com/gpu"] is "500m": must be a whole number: devices cannot be divided'),
        ('cpu: "{{item}}"', 'requests.cpu is "{{item}}": {{item}} is known only at run time: write the value'),
        (
            'cpu: "{{inputs.parameters.x}}"',
            'requests.cpu is "{{inputs.parameters.x}}": {{inputs.parameters.x}} has no value in',
        ),
        (
            'cpu: "{{=asInt(x)}}"',
            'requests.cpu is "{{=asInt(x)}}": {{=asInt(x)}} is an expression, which is not worked out here',
        ),
        (
            'cpu: "{{inputs.parameters.c}}"',
            'requests.cpu is "{{inputs.parameters.c}}": its parameter has valueFrom, whose value',
        ),
    ],
)
def test_amounts_are_refused_at_their_own_line(resources: str, sentence: str) -> None:
    inputs = "  inputs: {parameters: [{name: c, default: 1, valueFrom: {configMapKeyRef: {name: c, key: k}}}]}\n"
    for kind, place in (("container", "container"), ("sidecars", "sidecars[0]"), ("initContainers", "initContainers[0]")):
        first = "  image: i" if kind == "container" else "- name: s"
        block = f"{first}\n    resources:\n      requests:\n        memory: 1Gi\n        {resources}"
        main = "" if kind == "container" else "  container: {image: i}\n"
        text = f"entrypoint: pod\ntemplates:\n- name: pod\n{inputs}{main}  {kind}:\n  {block}"
        with pytest.raises(InputError) as error:
            read_spec(text)
        line = 14 + (kind != "container")
        assert str(error.value).startswith(f"wf.yaml, line {line}: spec.templates[0].{place}.resources.{sentence}")


def test_amounts_in_patches_and_annotations_are_refused_with_their_place() -> None:
    for more, sentence in {
        "podSpecPatch: '{\"containers\": [{\"name\": \"main\", \"resources\": {\"limits\": {\"cpu\": \"x\"}}}]}'":
            'spec.templates[0].podSpecPatch.containers[0].resources.limits.cpu is "x": must be a quantity',
        "metadata: {annotations: {bayplan.dev/expected-duration: soon}}":
            'spec.templates[0].metadata.annotations["bayplan.dev/expected-duration"] is "soon": must be a duration',
        "metadata: {annotations: {sim.bayplan.dev/seconds: 0}}":
            'spec.templates[0].metadata.annotations["sim.bayplan.dev/seconds"] is "0": it must be longer than zero',
        "retryStrategy: {limit: -1}": "spec.templates[0].retryStrategy.limit is -1: it must be a whole number",
        "retryStrategy: {limit: 1, backoff: {duration: soon}}": 'spec.templates[0].retryStrategy.backoff.duration is "soon": ',
    }.items():  # fmt: skip
        with pytest.raises(InputError) as error:
            read_spec(f"{ONE}  {more}\n")
        assert str(error.value).startswith(f"wf.yaml, line 9: {sentence}")


def test_many_places_alike_are_counted() -> None:
    tasks = ", ".join(f"{{name: t{number}, template: pod, when: x}}" for number in range(1200))
    said = read_spec(
        f"entrypoint: main\ntemplates:\n- name: main\n  dag: {{tasks: [{tasks}]}}\n- {{name: pod, script: {{}}}}"
    ).left_out
    assert [each.partition(" is not")[0] for each in said] == [
        *(f"wf.yaml, line 8: spec.templates[0].dag.tasks[{number}].when" for number in range(5)),
        "wf.yaml: spec.templates[].dag.tasks[].when",
    ]
    assert said[-1].endswith(" is not looked at: it is taken to run (at 1,195 more places)")
