"""Kubernetes' own types: the table is complete, and what does not fit is told."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from kubernetes.client import models

from bayplan_operator.api.core_types import derive, misfits, supported_version
from tests.draws import cases

TABLE = derive.table()["types"]
POD = """
restartPolicy: Never
hostNetwork: true
terminationGracePeriodSeconds: 30
nodeSelector: {zone: a, empty: null}
overhead: {cpu: 0.5, memory: 1Gi}
affinity:
  nodeAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
    - {weight: 1, preference: {matchExpressions: [{key: a, operator: In, values: [b]}]}}
tolerations: [{key: k, operator: Exists, tolerationSeconds: 60}]
topologySpreadConstraints:
- {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {a: b}}}
securityContext: {runAsUser: 0, supplementalGroups: [1, 2]}
volumes:
- {name: a, emptyDir: {sizeLimit: 100}}
- {name: b, projected: {sources: [{secret: {name: s, items: [{key: k, path: p, mode: 420}]}}]}}
containers:
- name: main
  image: i
  args: [a]
  env: [{name: A, value: "1"}, {name: B, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1m}}}]
  ports: [{containerPort: 80}]
  livenessProbe: {httpGet: {port: http}, periodSeconds: 5}
  readinessProbe: {tcpSocket: {port: 80}}
  volumeMounts: [{name: a, mountPath: /a, readOnly: null}]
  resources: {requests: {cpu: 1, memory: 1e9}, limits: {nvidia.com/gpu: "1"}}
"""


def told(kind: str, text: str, place: str = "spec", *, partly: bool = True) -> list[str]:
    return [each.sentence for each in misfits(kind, yaml.safe_load(text), place, partly=partly)]


def test_a_pod_with_many_fields_fits() -> None:
    assert told("V1PodSpec", POD) == []


def test_every_type_that_is_named_is_there() -> None:
    named = {each.lstrip("[]{}") for known in TABLE.values() for each in known["fields"].values()}
    assert named - set(TABLE) == {"string", "integer", "boolean", "time", "quantity", "integer or string", "any"}
    assert set(derive.ROOTS) <= set(TABLE)


def test_the_version_is_that_of_the_client() -> None:
    assert supported_version() == derive.table()["kubernetes"]


@pytest.mark.parametrize("name", [each for each in TABLE if each not in ("V1ResourceRequirements",)])
def test_all_fields_of_the_clients_model_and_no_other(name: str) -> None:
    """null fits everywhere, and another field nowhere."""
    fields = getattr(models, name).attribute_map.values()
    found = list(misfits(name, {**dict.fromkeys(fields), "elsewhere": 1}, "", partly=True))
    assert [(each.place, each.unknown) for each in found] == [("elsewhere", True)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("container: []", 'spec.container: there is no such field; did you mean "containers"?'),
        ("Containers: []", 'spec.Containers: there is no such field; did you mean "containers"?'),
        ("containers: [{resource: {}}]", 'spec.containers[0].resource: there is no such field; did you mean "resources"?'),
        ("containers: {name: a}", 'spec.containers is {"name": "a"}: it must be a list'),
        ("tolerations: [null]", "spec.tolerations[0] is null: an item of a list must have a value"),
        ("containers: [a]", 'spec.containers[0] is "a": it must be a map'),
        ("containers: [{command: [sleep, 10]}]", 'spec.containers[0].command[1] is 10: it must be a string, in quotes: "10"'),
        ('hostNetwork: "true"', 'spec.hostNetwork is "true": it must be true or false, without quotes'),
        ("priority: 1.5", "spec.priority is 1.5: it must be a whole number"),
        ('priority: "1"', 'spec.priority is "1": it must be a whole number, without quotes'),
        ("priority: true", "spec.priority is true: it must be a whole number"),
        ("nodeSelector: {a: true}", 'spec.nodeSelector.a is true: it must be a string, in quotes: "true"'),
        ("nodeSelector: [a]", 'spec.nodeSelector is ["a"]: it must be a map'),
        ("overhead: {cpu: many}", 'spec.overhead.cpu is "many": must be a quantity'),
        ("containers: [{livenessProbe: {httpGet: {port: 1.5}}}]", "httpGet.port is 1.5: it must be a whole number or a string"),
        (
            "containers: [{volumeMounts: [{name: a}]}]",
            "spec.containers[0].volumeMounts[0].mountPath is missing: it is required",
        ),
        ("volumes: [{emptyDir: {}}]", "spec.volumes[0].name is missing: it is required"),
    ],
)
def test_what_does_not_fit(text: str, sentence: str) -> None:
    (said,) = told("V1PodSpec", text)
    assert sentence in said


def test_a_part_may_lack_what_another_template_has() -> None:
    """A probe is laid on another, a container on that of the same name; the item of any other list is whole."""
    text = "containers: [{livenessProbe: {httpGet: {path: /}}}]"
    assert told("V1PodSpec", text) == []
    assert told("V1PodSpec", text, partly=False) == [
        "spec.containers[0].livenessProbe.httpGet.port is missing: it is required",
        "spec.containers[0].name is missing: it is required",
    ]
    assert len(told("V1PodSpec", "topologySpreadConstraints: [{}]")) == 3


@cases(40, search=100)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from([*TABLE["V1PodSpec"]["fields"], *TABLE["V1Container"]["fields"], "x"]), inner)
        ),
    )
)
def test_any_value_is_judged(value: Any) -> None:
    for each in misfits("V1PodSpec", value, "spec"):
        assert each.sentence.startswith(each.place)
