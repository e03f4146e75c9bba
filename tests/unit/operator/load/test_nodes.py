"""Which node a series belongs to, under the usual layouts of labels."""

from __future__ import annotations

import pytest

from bayplan_operator.kube import wire
from bayplan_operator.translate.node import aliases
from bayplan_operator.view.prometheus import NodeAliases, by_alias
from bayplan_operator.view.prometheus.answers import Series
from bayplan_operator.view.prometheus.nodes import host
from bayplan_operator.view.prometheus.queries import NODE_LABELS


def node(name: str, hostname: str, *addresses: tuple[str, str]) -> wire.Node:
    status = wire.NodeStatus(addresses=[wire.NodeAddress(kind, address) for kind, address in addresses])
    return wire.Node(metadata=wire.Metadata(name=name, labels={"kubernetes.io/hostname": hostname}), status=status)


THERE = [
    node("gpu-1", "host-1", ("InternalIP", "10.0.0.1"), ("InternalIP", "fd00::1"), ("Hostname", "host-1")),
    node("gpu-2", "gpu-2", ("InternalIP", "10.0.0.2"), ("InternalDNS", "gpu-2.internal.example")),
]
NODES = NodeAliases(
    tuple(each.metadata.name for each in THERE),
    by_alias({each.metadata.name: aliases(each) for each in THERE}),
    NODE_LABELS,
)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"node": "gpu-1"}, "gpu-1"),
        ({"kubernetes_node": "gpu-2", "instance": "10.0.0.1:9100"}, "gpu-2"),
        ({"kubernetes_io_hostname": "host-1"}, "gpu-1"),
        ({"Hostname": "gpu-2", "instance": "172.17.0.9:9400"}, "gpu-2"),
        ({"Hostname": "dcgm-exporter-x7k2p", "instance": "10.0.0.2:9400"}, "gpu-2"),
        ({"hostname": "host-1"}, "gpu-1"),
        ({"instance": "10.0.0.1:9100"}, "gpu-1"),
        ({"instance": "[fd00::1]:9100"}, "gpu-1"),
        ({"instance": "fd00::1"}, "gpu-1"),
        ({"instance": "gpu-2"}, "gpu-2"),
        ({"instance": "gpu-2.internal.example:9100"}, "gpu-2"),
        ({"nodename": "host-1", "instance": "edge:9100"}, "gpu-1"),
        ({"instance": "10.0.0.9:9100"}, None),
        ({"node": ""}, None),
        ({"machine": "gpu-1"}, None),
        ({}, None),
    ],
)
def test_labels_that_name_a_node(labels: dict[str, str], expected: str | None) -> None:
    assert NODES.of(Series(labels, 0.5)) == expected


def test_an_instance_that_only_its_nodename_explains() -> None:
    join = [
        Series({"instance": "edge:9100", "nodename": "host-1"}, 1.0),
        Series({"instance": "other:9100", "nodename": "elsewhere"}, 1.0),
        Series({"nodename": "gpu-2"}, 1.0),
    ]
    joined = NODES.joined(join)
    assert NODES.of(Series({"instance": "edge:9400"}, 0.5)) is None
    assert joined.of(Series({"instance": "edge:9400"}, 0.5)) == "gpu-1", "the GPU exporter of the same host, too"
    assert joined.of(Series({"instance": "other:9100"}, 0.5)) is None
    assert joined.of(Series({}, 0.5)) is None


def test_an_address_that_two_nodes_have_names_neither() -> None:
    found = by_alias({"a": ("a", "10.0.0.1", "b"), "b": ("b", "10.0.0.1"), "c": ("c",)})
    assert found == {"a": "a", "b": "b", "c": "c"}, "but a node's own name is always its own"


@pytest.mark.parametrize(
    ("instance", "expected"),
    [("a:9100", "a"), ("a", "a"), ("[::1]:9100", "::1"), ("::1", "::1"), ("a:b", "a:b"), ("", ""), (":9100", "")],
)
def test_the_host_of_an_instance(instance: str, expected: str) -> None:
    assert host(instance) == expected
