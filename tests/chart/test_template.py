"""What the chart renders, for its default values and for others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.chart.rendering import CHART, NAMESPACE, Object, helm, of_kind, only, render

DEFAULT_KINDS = [
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "CustomResourceDefinition",
    "CustomResourceDefinition",
    "CustomResourceDefinition",
    "Deployment",
    "Job",
    "PlacementPolicy",
    "PodDisruptionBudget",
    "PriorityClass",
    "Queue",
    "Role",
    "RoleBinding",
    "Service",
    "ServiceAccount",
]


@pytest.fixture(scope="module")
def default() -> list[Object]:
    return render()


def pod_specs(objects: list[Object]) -> Iterator[Any]:
    for each in of_kind(objects, "Deployment") + of_kind(objects, "Job"):
        yield each["spec"]["template"]["spec"]


def test_lint_finds_nothing() -> None:
    run = helm("lint", "--strict", str(CHART), "--values", "-")
    assert run.returncode == 0, run.stdout + run.stderr


def test_what_the_default_values_install(default: list[Object]) -> None:
    assert sorted(each["kind"] for each in default) == DEFAULT_KINDS


def test_all_objects_carry_the_usual_labels(default: list[Object]) -> None:
    for each in default:
        if each["kind"] != "CustomResourceDefinition":
            labels = each["metadata"]["labels"]
            assert labels["app.kubernetes.io/name"] == "bayplan", each["kind"]
            assert labels["app.kubernetes.io/instance"] == "test", each["kind"]
            assert labels["app.kubernetes.io/managed-by"] == "Helm", each["kind"]


def test_crds_outlive_the_release(default: list[Object]) -> None:
    for crd in of_kind(default, "CustomResourceDefinition"):
        assert crd["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_pods_have_no_privilege_and_bounds(default: list[Object]) -> None:
    for spec in pod_specs(default):
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        (container,) = spec["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]
        assert spec["serviceAccountName"] == "bayplan-operator"


def test_the_operator_is_started_once_and_watched(default: list[Object]) -> None:
    deployment = only(default, "Deployment")
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["bayplan", "operator"]
    assert container["args"] == [
        "--lease-namespace", "$(POD_NAMESPACE)", "--identity", "$(POD_NAME)", "--image", container["image"],
        "--bandwidth", "125M",
    ]  # fmt: skip
    sources = {each["name"]: each["valueFrom"]["fieldRef"]["fieldPath"] for each in container["env"]}
    assert sources == {"POD_NAME": "metadata.name", "POD_NAMESPACE": "metadata.namespace"}
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert ports == {"probes": 8080, "metrics": 9090}
    for probe in ("livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"] == {"path": "/healthz", "port": "probes"}


def test_selectors_match_the_operators_pod_and_not_the_hooks(default: list[Object]) -> None:
    operator = only(default, "Deployment")["spec"]["template"]["metadata"]["labels"].items()
    hook = only(default, "Job")["spec"]["template"]["metadata"]["labels"].items()
    selectors = [
        only(default, "Deployment")["spec"]["selector"]["matchLabels"],
        only(default, "Service")["spec"]["selector"],
        only(default, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
    ]
    for selector in selectors:
        assert selector.items() <= operator
        assert not selector.items() <= hook


def test_the_priority_class_pre_empts_nobody(default: list[Object]) -> None:
    priority = only(default, "PriorityClass")
    assert priority["metadata"]["name"] == "bayplan"
    assert (priority["value"], priority["preemptionPolicy"], priority["globalDefault"]) == (0, "Never", False)


def test_roles_grant_what_the_operator_needs_and_nothing_else(default: list[Object]) -> None:
    def rights(role: Object) -> dict[str, set[str]]:
        return {
            f"{group}/{resource}" + "".join(f":{name}" for name in rule.get("resourceNames", ())): set(rule["verbs"])
            for rule in role["rules"]
            for group in rule["apiGroups"]
            for resource in rule["resources"]
        }

    read = {"get", "list", "watch"}
    assert rights(only(default, "ClusterRole")) == {
        "/pods": read | {"create", "delete", "patch"},
        "/pods/status": {"patch"},
        "/nodes": read,
        "/namespaces": {"list", "watch"},
        "/services": {"get", "create"},
        "/events": {"create"},
        "bayplan.dev/taskgraphs": read | {"delete"},
        "bayplan.dev/taskgraphs/status": {"patch"},
        "bayplan.dev/taskgraphs/finalizers": {"update"},
        "bayplan.dev/placementpolicies": read,
        "bayplan.dev/placementpolicies/status": {"patch"},
        "bayplan.dev/queues": read | {"patch"},
        "bayplan.dev/queues/status": {"patch"},
        "bayplan.dev/taskprofiles": {*read, "create", "delete"},
        "bayplan.dev/taskprofiles/status": {"patch"},
    }
    role = only(default, "Role")
    assert role["metadata"]["namespace"] == NAMESPACE
    assert rights(role) == {
        "coordination.k8s.io/leases": {"get", "create", "update"},
        "/configmaps": {"create"},
        "/configmaps:bayplan-node-states": {"get", "patch"},
    }


def test_the_policy_follows_in_a_hook_only_where_the_crd_is_not_there_yet() -> None:
    first = only(render(), "PlacementPolicy")["metadata"]["annotations"]
    assert first == {
        "helm.sh/hook": "post-install,post-upgrade",
        "meta.helm.sh/release-name": "test",
        "meta.helm.sh/release-namespace": NAMESPACE,
    }
    later = render({"defaultPolicy": {"spec": {"binding": "Direct"}}}, "--api-versions", "bayplan.dev/v1alpha1")
    assert "annotations" not in only(later, "PlacementPolicy")["metadata"]
    assert only(later, "PlacementPolicy")["spec"] == {"binding": "Direct"}
    foreign = render({"crds": {"install": False}})
    assert "annotations" not in only(foreign, "PlacementPolicy")["metadata"]


def test_the_queue_follows_in_a_hook_only_where_its_kind_is_not_there_yet() -> None:
    first = only(render({}, "--api-versions", "bayplan.dev/v1alpha1"), "Queue")
    assert first["metadata"]["annotations"]["helm.sh/hook"] == "post-install,post-upgrade"
    assert first["spec"] == {"namespaceSelector": {}, "reserve": 0}
    quotas = [{"resource": "cpu", "nominal": 8}]
    later = render({"defaultQueue": {"spec": {"quotas": quotas}}}, "--api-versions", "bayplan.dev/v1alpha1/Queue")
    assert "annotations" not in only(later, "Queue")["metadata"]
    assert only(later, "Queue")["spec"] == {"namespaceSelector": {}, "reserve": 0, "quotas": quotas}


@pytest.mark.parametrize(
    ("values", "absent"),
    [
        ({"crds": {"install": False}}, {"CustomResourceDefinition"}),
        ({"rbac": {"create": False}}, {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}),
        ({"serviceAccount": {"create": False}}, {"ServiceAccount"}),
        ({"priorityClass": {"create": False}}, {"PriorityClass"}),
        ({"defaultPolicy": {"create": False}}, {"PlacementPolicy"}),
        ({"defaultQueue": {"create": False}}, {"Queue"}),
        ({"hooks": {"release": {"enabled": False}}}, {"Job"}),
        ({"podDisruptionBudget": {"enabled": False}}, {"PodDisruptionBudget"}),
    ],
)
def test_what_can_be_switched_off(values: dict[str, Any], absent: set[str]) -> None:
    assert sorted(each["kind"] for each in render(values)) == [kind for kind in DEFAULT_KINDS if kind not in absent]


def test_what_can_be_switched_on() -> None:
    values = {
        "networkPolicy": {"enabled": True, "extraEgress": [{"ports": [{"port": 9090}]}]},
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    }
    objects = render(values)
    policy = only(objects, "NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert [[port["port"] for port in rule["ports"]] for rule in policy["egress"]] == [[53, 53], [443, 6443], [9090]]
    assert [[port["port"] for port in rule["ports"]] for rule in policy["ingress"]] == [["probes"], ["metrics"]]
    monitor = only(objects, "ServiceMonitor")
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    service = only(objects, "Service")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"][0]["port"] in [port["name"] for port in service["spec"]["ports"]]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ({}, "bayplan:0.1.0"),
        ({"repository": "registry.example/bayplan", "tag": "1.2"}, "registry.example/bayplan:1.2"),
        ({"tag": "1.2", "digest": "sha256:" + "0" * 64}, "bayplan@sha256:" + "0" * 64),
    ],
)
def test_the_operator_and_the_hook_run_one_image(image: dict[str, str], expected: str) -> None:
    images = {spec["containers"][0]["image"] for spec in pod_specs(render({"image": image}))}
    assert images == {expected}


def test_settings_of_the_operators_pod() -> None:
    values = {
        "imagePullSecrets": [{"name": "registry"}],
        "operator": {
            "replicas": 0,
            "extraArgs": ["--verbose"],
            "env": [{"name": "A", "value": "1"}],
            "nodeSelector": {"role": "system"},
            "tolerations": [{"operator": "Exists"}],
            "affinity": {"nodeAffinity": {}},
            "priorityClassName": "system-cluster-critical",
            "podLabels": {"team": "x"},
            "podAnnotations": {"note": "y"},
        },
        "hooks": {"release": {"podAnnotations": {"note": "z"}, "timeoutSeconds": 7}},
        "serviceAccount": {"annotations": {"role": "r"}},
    }
    objects = render(values)
    deployment = only(objects, "Deployment")["spec"]
    assert deployment["replicas"] == 0
    assert deployment["template"]["metadata"]["labels"]["team"] == "x"
    assert deployment["template"]["metadata"]["annotations"] == {"note": "y"}
    spec = deployment["template"]["spec"]
    assert spec["containers"][0]["args"][-1] == "--verbose"
    assert spec["containers"][0]["env"][-1] == {"name": "A", "value": "1"}
    assert (spec["priorityClassName"], spec["affinity"]) == ("system-cluster-critical", {"nodeAffinity": {}})
    for pod in pod_specs(objects):
        assert pod["imagePullSecrets"] == [{"name": "registry"}]
        assert pod["nodeSelector"] == {"role": "system"}
        assert pod["tolerations"] == [{"operator": "Exists"}]
    job = only(objects, "Job")["spec"]
    assert (job["activeDeadlineSeconds"], job["template"]["metadata"]["annotations"]) == (7, {"note": "z"})
    assert only(objects, "ServiceAccount")["metadata"]["annotations"] == {"role": "r"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"operator": {"replicas": 2}}, "at '/operator/replicas': maximum: got 2, want 1"),
        ({"operator": {"replicas": "1"}}, "at '/operator/replicas': got string, want integer"),
        ({"replicas": 1}, "at '': additional properties 'replicas' not allowed"),
        ({"operator": {"image": "x"}}, "at '/operator': additional properties 'image' not allowed"),
        ({"image": {"repository": ""}}, "at '/image/repository': minLength: got 0, want 1"),
        ({"image": {"tag": "a b"}}, "at '/image/tag': 'a b' does not match pattern"),
        ({"image": {"digest": "abc"}}, "at '/image/digest': 'abc' does not match pattern"),
        ({"image": {"pullPolicy": "Sometimes"}}, "at '/image/pullPolicy': value must be one of"),
        ({"hooks": {"release": {"timeoutSeconds": 0}}}, "at '/hooks/release/timeoutSeconds': minimum: got 0, want 1"),
        ({"networkPolicy": {"apiServerPorts": [0]}}, "at '/networkPolicy/apiServerPorts/0': minimum: got 0, want 1"),
        ({"serviceMonitor": {"interval": "soon"}}, "at '/serviceMonitor/interval': 'soon' does not match pattern"),
        ({"priorityClass": {"value": 2000000000}}, "at '/priorityClass/value': maximum"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_values_are_refused_by_name(values: dict[str, Any], message: str) -> None:
    run = helm("template", "test", str(CHART), "--values", "-", values=values)
    assert run.returncode != 0
    assert message in run.stderr
