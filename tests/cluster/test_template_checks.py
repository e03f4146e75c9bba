"""What the API server itself makes of pods: LimitRange, RuntimeClass, unknown fields, policies of admission."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client

from tests.cluster.kube import GROUP, VERSION, Kube, Object, task, wait_for
from tests.testbed.installation import OperatorProcess
from tests.testbed.testbed import Testbed

CASES = Path(__file__).parents[1] / "cases"


def read(case: str, name: str) -> list[Object]:
    return list(yaml.safe_load_all((CASES / case / name).read_text()))


def add_nodes(testbed: Testbed, case: str) -> Iterator[None]:
    """The nodes of a case, each with the address without which kwok starts no pod; deleted at the end."""
    nodes = read(case, "nodes.yaml")
    for number, node in enumerate(nodes):
        node["status"]["addresses"] = [{"type": "InternalIP", "address": f"100.127.255.{number + 1}"}]
        testbed.kubectl("create", "--filename", "-", input=json.dumps(node))
    names = {node["metadata"]["name"] for node in nodes}
    testbed.kubectl("wait", "--for=condition=Ready", "--timeout=180s", *(f"node/{name}" for name in names))
    yield
    for name in names:
        testbed.delete_node(name)


@pytest.fixture
def ranged(simulated: Testbed, kube: Kube) -> Iterator[None]:
    """Two nodes of 2 CPUs and one of 8, and the LimitRange."""
    (limits,) = [each for each in read("limitrange-defaults", "namespace.yaml") if each["kind"] == "LimitRange"]
    simulated.kubectl("create", f"--namespace={kube.namespace}", "--filename", "-", input=json.dumps(_here(limits, kube)))
    yield from add_nodes(simulated, "limitrange-defaults")


@pytest.fixture
def sandboxes(simulated: Testbed) -> Iterator[None]:
    """A tainted node and two plain ones, and the RuntimeClass."""
    (made,) = read("runtimeclass", "runtimeclass.yaml")
    simulated.kubectl("create", "--filename", "-", input=json.dumps(made))
    yield from add_nodes(simulated, "runtimeclass")
    simulated.kubectl("delete", "runtimeclass", made["metadata"]["name"])


def _here(made: Object, kube: Kube) -> Object:
    return {**made, "metadata": {**made["metadata"], "namespace": kube.namespace}}


def submit(kube: Kube, case: str) -> None:
    for graph in read(case, "graph.yaml"):
        kube.custom.create_namespaced_custom_object(GROUP, VERSION, kube.namespace, "taskgraphs", _here(graph, kube))


def took(kube: Kube, graph: str) -> float:
    """Seconds from a graph's first pod to its end."""
    status = kube.graph(graph)["status"]
    began, ended = (datetime.fromisoformat(status[field]) for field in ("startTime", "completionTime"))
    return (ended - began).total_seconds()


def attempts(kube: Kube, graph: str) -> list[str]:
    """Per shard, how many there were."""
    return [entry.split()[1] for line in kube.lines(graph).values() for entry in line.split(" | ")]


def nodes_of(kube: Kube, graph: str) -> set[str]:
    return {pod.spec.node_name for pod in kube.pods(graph)}


def test_default_requests_of_a_limit_range_are_counted(kube: Kube, ranged: None) -> None:
    """Pods that say nothing ask for 1 CPU each, those that say only a limit for that: 3 CPUs. None is refused anywhere."""
    submit(kube, "limitrange-defaults")
    kube.wait_condition("limits-only", "Complete")
    kube.wait_condition("says-nothing", "Complete")
    assert nodes_of(kube, "limits-only") == {"range-2"}
    assert nodes_of(kube, "says-nothing") == {"range-0", "range-1", "range-2"}
    assert attempts(kube, "says-nothing") == ["1/0"] * 24
    assert attempts(kube, "limits-only") == ["1/0"] * 4
    assert 40 <= took(kube, "says-nothing") <= 80, (
        "720 seconds of a CPU on 12 CPUs, and the pods of 3 leave room for 2 beside them"
    )


def test_what_a_runtime_class_adds_is_counted(kube: Kube, sandboxes: None) -> None:
    """Overhead, selector and toleration: all on the tainted node, two at a time."""
    submit(kube, "runtimeclass")
    kube.wait_condition("sandboxed", "Complete")
    assert nodes_of(kube, "sandboxed") == {"vm-0"}
    assert attempts(kube, "sandboxed") == ["1/0"] * 6
    assert took(kube, "sandboxed") >= 45, "three rounds of two"


WRONG: dict[str, tuple[Object, str]] = {
    "resource": ({"resource": {}}, 'does not know the field spec.containers[0].resource: did you mean "resources"?'),
    "volume": ({"volumeMount": []}, 'does not know the field spec.containers[0].volumeMount: did you mean "volumeMounts"?'),
    "variable": (
        {"env": [{"name": "A", "value": "1"}, {"name": "B", "val": "2"}]},
        'does not know the field spec.containers[0].env[1].val: did you mean "value"?',
    ),
    "value": (
        {"imagePullPolicy": "Sometimes"},
        'refuses its pods: spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", '
        '"IfNotPresent", "Never"',
    ),
    "type": (
        {"command": "true"},
        "refuses its pods: json: cannot unmarshal string into Go struct field Container.spec.containers.command",
    ),
}  # fmt: skip


def test_a_wrong_field_of_the_last_task_is_refused_at_once(kube: Kube) -> None:
    for name, (fields, _) in WRONG.items():
        last = {
            "name": "last",
            "dependsOn": [{"task": "b"}],
            "template": {"spec": {"containers": [{"image": "none", **fields}]}},
        }
        kube.create(name, task("a"), task("b", "a"), last)
    for name, (_, sentence) in WRONG.items():
        accepted = kube.wait_condition(name, "Accepted", "False")
        assert accepted["reason"] == "Invalid"
        assert accepted["message"].startswith(f"spec.tasks[2] (last): the API server {sentence}"), accepted["message"]
        assert kube.pods(name) == []


def test_pod_security_is_told_and_the_graph_accepted(kube: Kube) -> None:
    enforced: Any = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    kube.core.patch_namespace(kube.namespace, enforced)
    kube.create("g", task("a", seconds=0.5))
    said = kube.wait_condition("g", "TemplatesChecked", "False")
    assert said["reason"] == "Forbidden"
    assert 'violates PodSecurity "restricted:latest"' in said["message"]
    kube.wait_condition("g", "Accepted")
    kube.core.patch_namespace(kube.namespace, {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}})
    kube.wait_condition("g", "Complete")
    assert kube.condition("g", "TemplatesChecked")["status"] == "True"  # type: ignore[index]


def test_a_policy_of_admission_is_told_and_the_graph_accepted(kube: Kube) -> None:
    """ValidatingAdmissionPolicies deny with status 422, which is final where anything else says it."""
    admission, name = client.AdmissionregistrationV1Api(kube.core.api_client), f"no-{kube.namespace}"
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}]
    validations = [{"expression": "!has(object.metadata.labels.forbidden)", "message": "not with this label"}]
    spec = {"matchConstraints": {"resourceRules": rules}, "validations": validations, "failurePolicy": "Fail"}
    admission.create_validating_admission_policy({"metadata": {"name": name}, "spec": spec})
    where = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": kube.namespace}}}
    bound = {"policyName": name, "validationActions": ["Deny"], "matchResources": where}
    admission.create_validating_admission_policy_binding({"metadata": {"name": name}, "spec": bound})
    try:
        pod: Any = {
            "metadata": {"name": "x", "labels": {"forbidden": ""}},
            "spec": {"containers": [{"name": "c", "image": "i"}]},
        }

        def denied() -> bool:
            try:
                kube.core.create_namespaced_pod(kube.namespace, pod, dry_run="All")
            except client.exceptions.ApiException as error:
                return "denied request" in str(error.body)
            return False

        wait_for(denied, "the policy is in force")
        template = {"metadata": {"labels": {"forbidden": ""}}, "spec": {"containers": [{"image": "none"}]}}
        kube.create("g", {"name": "a", "template": template})
        said = kube.wait_condition("g", "TemplatesChecked", "False")
        assert said["reason"] == "Denied"
        assert "not with this label" in said["message"]
        kube.wait_condition("g", "Accepted")
        wait_for(lambda: "BackingOff" in kube.graph("g")["status"]["waiting"], "its pods are denied for now, and not for good")
    finally:
        admission.delete_validating_admission_policy_binding(name)
        admission.delete_validating_admission_policy(name)
    wait_for(lambda: kube.pods("g"), "the pod is created once nothing denies it")


def test_graphs_of_one_template_cost_one_question(kube: Kube, operator: OperatorProcess) -> None:
    before = operator.metric('bayplan_dry_runs_total{answer="Admitted"}') or 0.0
    for number in range(30):
        kube.create(f"g{number}", task("a", seconds=0.5, cpu="10m", args=[str(number)]))
    for number in range(30):
        kube.wait_condition(f"g{number}", "Complete")
    assert (operator.metric('bayplan_dry_runs_total{answer="Admitted"}') or 0.0) - before == 1.0
