"""Nodes as kubectl prints them, as people write them for simulated clusters, and as generators do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bayplan_operator.workflows import InputError, read_nodes
from tests.unit.workflows.reading import CASES, NODE, KubectlsDumper, written

CASE = CASES / "kwok-node-manifests"
PRINTED: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {
        "name": "worker-1", "uid": "1b7a", "resourceVersion": "812", "creationTimestamp": "2026-01-31T12:00:00Z",
        "labels": {"kubernetes.io/hostname": "worker-1", "bayplan.dev/node-class": "fast", "topology.kubernetes.io/zone": "a"},
        "annotations": {"node.alpha.kubernetes.io/ttl": "0"},
        "managedFields": [{"manager": "kubelet", "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": {"f:status": {}},
                           "apiVersion": "v1", "time": "2026-01-31T12:00:00Z"}],
    },
    "spec": {"podCIDR": "10.0.0.0/24", "podCIDRs": ["10.0.0.0/24"], "providerID": "x://1", "unschedulable": True,
             "taints": [{"key": "k", "effect": "NoExecute", "timeAdded": "2026-01-31T12:00:00Z"}]},
    "status": {
        "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
        "allocatable": {"cpu": "3920m", "memory": "15Gi", "pods": "110", "nvidia.com/gpu": "2", "hugepages-2Mi": "0"},
        "capacity": {"cpu": "4", "memory": "16Gi", "pods": "110"},
        "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "ok",
                        "lastHeartbeatTime": "2026-01-31T12:00:00Z", "lastTransitionTime": "2026-01-31T12:00:00Z"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "images": [{"names": ["busybox:1.36"], "sizeBytes": 4261574}],
        "nodeInfo": {"architecture": "amd64", "kubeletVersion": "v1.36.3"},
        "volumesAttached": None,
    },
}  # fmt: skip


def test_nodes_of_kwok_are_read() -> None:
    quoted, plain, null = (read_nodes(CASE / f"nodes{each}.yaml").nodes for each in ("-quoted", "", "-null"))
    assert plain == quoted
    assert (null[0].name, null[0].labels, null[0].taints, null[0].ready) == ("sim-0", {}, (), True)
    assert null[0].allocatable == quoted[0].allocatable


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_as_kubectl_prints_them(form: str, tmp_path: Path) -> None:
    for whole in (PRINTED, {"apiVersion": "v1", "kind": "List", "items": [PRINTED], "metadata": {"resourceVersion": ""}}):
        text = yaml.dump(whole, Dumper=KubectlsDumper) if form == "yaml" else json.dumps(whole)
        found = read_nodes(written(tmp_path, f"n.{form}", text))
        assert found.left_out == []
        (node,) = found.nodes
        assert (node.name, node.node_class, node.unschedulable, node.ready) == ("worker-1", "fast", True, True)
        assert (node.allocatable["cpu"], node.allocatable["nvidia.com/gpu"]) == (3920, 2)
        assert [(taint.key, taint.effect) for taint in node.taints] == [("k", "NoExecute")]


@pytest.mark.parametrize(
    ("cpu", "millicores"),
    [("4", 4000), ("0.5", 500), ("1.5", 1500), ("1e1", 10_000), ('"4"', 4000), ("500m", 500), ("~", None)],
)
def test_quantities_may_be_numbers(cpu: str, millicores: int | None, tmp_path: Path) -> None:
    (node,) = read_nodes(written(tmp_path, "n.yaml", NODE.replace("cpu: 4", f"cpu: {cpu}"))).nodes
    assert node.allocatable.get("cpu") == millicores


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("cpu: 4", "cpu: many", 'line 5: status.allocatable.cpu is "many": must be a quantity'),
        ("cpu: 4", "cpu: true", "line 5: status.allocatable.cpu is true: must be a quantity"),
        ("cpu: 4", "cpu: -4", "line 5: status.allocatable.cpu is -4: it must not be negative"),
        (
            "{name: n0}", "{name: n0, labels: {fast: yes}}",
            'line 3: metadata.labels.fast is yes, which is read as true or false: it must be a string, in quotes: "yes"',
        ),
        ("{name: n0}", "{name: n0, labels: {v: 1.50}}", "line 3: metadata.labels.v is 1.50, which is read as a number"),
        ("{name: n0}", "{name: n0, labels: {v: 1e3}}", "line 3: metadata.labels.v is 1e3, which is read as a number"),
        ("{name: n0}", "{name: n0, labels: [a]}", 'line 3: metadata.labels is ["a"]: it must be a map'),
        ("{name: n0}", "{name: n0, annotations: {a: 1}}", "line 3: metadata.annotations.a is 1, which is read as a number"),
        ("{name: n0}", "{labels: {}}", "line 3: metadata.name is missing: a node needs a name"),
        ("{name: n0}", "null", "line 3: metadata.name is missing: a node needs a name"),
        ('status: "True"', "status: true", "line 6: status.conditions[0].status is true, which is read as true or false"),
        ('status: "True"', 'status: "True", lastTransitionTime: today', "is \"today\": it must be a time such as 2026-01-31T"),
        ("status:\n", "spec: {taints: [{key: a}]}\nstatus:\n", "line 4: spec.taints[0].effect is missing: it is required"),
        ("status:\n", "spec: {taints: [~]}\nstatus:\n", "line 4: spec.taints[0] is null: an item of a list must have a value"),
        ("status:\n", "spec: {unschedulable: 1}\nstatus:\n", "line 4: spec.unschedulable is 1: it must be true or false"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_our_words(old: str, new: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        read_nodes(written(tmp_path, "n.yaml", NODE.replace(old, new)))
    assert sentence in str(raised.value)
    assert "`" not in str(raised.value)


def test_a_field_that_no_node_has_is_said_and_not_in_the_way(tmp_path: Path) -> None:
    """It may be one of a newer Kubernetes."""
    path = written(tmp_path, "n.yaml", NODE + "  allocateable: {cpu: 4}\n")
    found = read_nodes(path)
    assert found.left_out == [f'{path}, line 7: status.allocateable: there is no such field; did you mean "allocatable"?']
    assert len(found.nodes) == 1


QUANTITIES = st.sampled_from(["1", "4", "1500m", "0.5", 3, 2.5, "16Gi", "1e3"])
LABELS = st.dictionaries(st.sampled_from(["a", "example.com/b", "zone"]), st.text("abc019.-_", max_size=6) | st.none())
NODES = st.builds(
    lambda name, labels, taints, allocatable: {
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels, "annotations": None},
        "spec": {"taints": taints}, "status": {"allocatable": allocatable, "conditions": [{"type": "Ready", "status": "True"}]},
    },
    st.sampled_from(["n1", "on", "1e3", "0x1"]), LABELS,
    st.none() | st.lists(st.just({"key": "k", "effect": "NoSchedule", "value": None})),
    st.dictionaries(st.sampled_from(["cpu", "memory", "pods", "nvidia.com/gpu"]), QUANTITIES),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(NODES)
def test_every_way_to_write_a_node_gives_the_same(tmp_path: Path, node: dict[str, Any]) -> None:
    texts = {"a.json": json.dumps(node), "b.yaml": yaml.dump(node, Dumper=KubectlsDumper)}
    texts["c.json"] = json.dumps({"apiVersion": "v1", "kind": "NodeList", "items": [{**node, "kind": "Node"}]})
    texts["d.yaml"] = "# nodes\n---\n" + yaml.dump(
        {"kind": "List", "items": [node]}, Dumper=KubectlsDumper, default_flow_style=True
    )
    found = [read_nodes(written(tmp_path, name, text)).nodes for name, text in texts.items()]
    assert all(each == found[0] for each in found)
    kept = {key: value for key, value in node["metadata"]["labels"].items() if value is not None}
    assert found[0][0].labels == kept
