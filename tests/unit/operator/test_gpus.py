"""GPUs: what nodes offer, what pods ask, and which device a pod is charged to."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bayplan.model.gpu import GpuAsk, Gpus, GpuUse
from bayplan_operator.kube import wire
from bayplan_operator.translate.gpus import gpu_ask, gpu_use, node_gpus, read_devices, write_devices
from bayplan_operator.translate.node import node_info
from bayplan_operator.translate.node_labels import cost_per_hour, gpu_memory, gpu_model, node_class, unreadable
from bayplan_operator.translate.task_graph import InvalidGraph, prepare

MILLI = "bayplan.dev/gpu-milli"
NVIDIA = "nvidia.com/gpu"


@pytest.mark.parametrize(
    ("allocatable", "expected"),
    [
        ({}, None),
        ({NVIDIA: 0}, None),
        ({NVIDIA: 8}, 8),
        ({"amd.com/gpu": 4}, 4),
        ({"gpu.intel.com/xe": 2}, 2),
        ({MILLI: 4000}, 4),
        ({MILLI: 2500}, 2),
        ({MILLI: 999}, None),
        ({NVIDIA: 4, MILLI: 4000}, 4),
        ({"nvidia.com/mig-1g.5gb": 7}, None),
        ({MILLI: 2**53}, 256),
    ],
)
def test_how_many_gpus_a_node_has(allocatable: dict[str, int], expected: int | None) -> None:
    found = node_gpus(allocatable, {"nvidia.com/gpu.product": "Tesla-T4", "nvidia.com/gpu.memory": "15360"})
    assert found == (None if expected is None else Gpus(expected, "Tesla-T4", 15360 * 2**20))


def test_the_owners_own_labels_come_first() -> None:
    labels = {"nvidia.com/gpu.product": "Tesla-T4", "node.kubernetes.io/instance-type": "large"}
    assert (gpu_model(labels), node_class(labels)) == ("Tesla-T4", "Tesla-T4")
    assert gpu_model({"amd.com/gpu.product-name": "MI300X"}) == "MI300X"
    assert node_class({"node.kubernetes.io/instance-type": "large"}) == "large"
    assert node_class({}) == ""
    own = {**labels, "bayplan.dev/gpu-model": "T4", "bayplan.dev/node-class": "slow"}
    assert (gpu_model(own), node_class(own)) == ("T4", "slow")


@pytest.mark.parametrize(
    ("text", "cost", "complaints"),
    [("2.5", 2.5, 0), ("0", 0.0, 0), ("cheap", 0.0, 1), ("-1", 0.0, 1), ("nan", 0.0, 1), ("", 0.0, 1)],
)
def test_a_price_that_is_no_number_counts_as_none_and_is_told(text: str, cost: float, complaints: int) -> None:
    labels = {"bayplan.dev/cost-per-hour": text}
    assert cost_per_hour(labels) == cost
    assert len(list(unreadable(labels))) == complaints


def test_a_memory_that_is_no_number_is_told_by_name() -> None:
    assert gpu_memory({"nvidia.com/gpu.memory": "80Gi"}) == 0
    assert list(unreadable({"nvidia.com/gpu.memory": "80Gi"})) == [
        'label nvidia.com/gpu.memory is "80Gi": it must be a whole number of MiB; until then it counts as 0'
    ]


def test_a_node_with_everything() -> None:
    labels = {"bayplan.dev/gpu-model": "T4", "bayplan.dev/cost-per-hour": "0.35"}
    raw = {"metadata": {"name": "n", "labels": labels}, "status": {"allocatable": {"cpu": "8", MILLI: "2k"}}}
    info = node_info(msgspec.convert(raw, wire.Node, strict=False))
    assert (info.gpus, info.node_class, info.cost) == (Gpus(2, "T4"), "T4", 0.35)
    assert info.allocatable[MILLI] == 2000


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({"cpu": 1000}, None),
        ({NVIDIA: 3}, GpuAsk(3)),
        ({MILLI: 460}, GpuAsk(1, 460)),
        ({MILLI: 1000}, GpuAsk(1)),
        ({MILLI: 3000}, GpuAsk(3)),
        ({"foreign.example/device": 2}, None),
    ],
)
def test_what_a_pod_asks(resources: dict[str, int], expected: GpuAsk | None) -> None:
    assert gpu_ask(resources) == expected


def graph(resources: dict[str, Any], **task: Any) -> dict[str, Any]:
    container = {"image": "i", "resources": {"limits": resources}}
    tasks = [{"name": "fit", "template": {"spec": {"containers": [container]}}, **task}]
    return {"metadata": {"name": "g", "namespace": "n"}, "spec": {"tasks": tasks}}


@pytest.mark.parametrize(
    ("manifest", "sentence"),
    [
        (
            graph({MILLI: 1500}),
            "spec.tasks[0] (fit): bayplan.dev/gpu-milli of the pods is 1500, all containers together: above 1000, one whole "
            "GPU, it must be a multiple of 1000",
        ),
        (
            graph({MILLI: 500, NVIDIA: 1}),
            "spec.tasks[0] (fit): the pods ask for nvidia.com/gpu and for bayplan.dev/gpu-milli: it must be one of them, whole "
            "GPUs of a device plugin or a share of one",
        ),
        (
            graph({"cpu": 1}, gpuModels=["Tesla-T4"]),
            "spec.tasks[0] (fit): gpuModels is Tesla-T4: the pods ask for no GPU; leave it out, or ask for nvidia.com/gpu, "
            "amd.com/gpu, gpu.intel.com/i915, gpu.intel.com/xe or bayplan.dev/gpu-milli",
        ),
        (
            graph({MILLI: "0.5"}),
            'spec.tasks[0].template.spec.containers[0].resources.limits.bayplan.dev/gpu-milli is "0.5": must be a whole '
            "number: devices cannot be divided",
        ),
    ],
    ids=["uneven", "both", "models", "broken"],
)
def test_what_has_no_sense_is_refused_by_task_and_field(manifest: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidGraph) as error:
        prepare(manifest)
    assert str(error.value) == sentence


def test_models_are_part_of_the_class_whatever_their_order() -> None:
    def asked(*models: str) -> object:
        return prepare(graph({NVIDIA: 1}, gpuModels=list(models))).templates[0].request_class

    assert asked("b", "a") == asked("a", "b", "a")
    assert asked("a") != asked("b")
    assert asked().gpus == GpuAsk(1)  # type: ignore[attr-defined]


def test_tasks_of_one_template_may_want_different_models() -> None:
    manifest = graph({NVIDIA: 1})
    pod = manifest["spec"]["tasks"][0].pop("template")
    manifest["spec"] |= {"templates": [{"name": "gpu", "template": pod}]}
    manifest["spec"]["tasks"] = [
        {"name": name, "templateName": "gpu", **({"gpuModels": models} if models else {})}
        for name, models in (("a", []), ("b", ["T4"]), ("c", ["A100"]), ("d", ["T4"]))
    ]
    found = [template.request_class.gpus for template in prepare(manifest).templates]
    assert [ask.models for ask in found if ask is not None] == [(), ("T4",), ("A100",), ("T4",)]


@pytest.mark.parametrize(
    ("resources", "devices", "expected"),
    [
        ({"cpu": 1000}, (0,), None),
        ({MILLI: 460}, (3,), GpuUse(GpuAsk(1, 460), (3,))),
        ({NVIDIA: 2}, (0, 3), GpuUse(GpuAsk(2), (0, 3))),
        ({NVIDIA: 2}, (), GpuUse(GpuAsk(2))),
        ({NVIDIA: 2}, (1,), GpuUse(GpuAsk(2))),
        ({MILLI: 1500}, (), GpuUse(GpuAsk(2))),
        ({MILLI: 500, NVIDIA: 1}, (), GpuUse(GpuAsk(2))),
    ],
)
def test_what_a_pod_takes_whoever_made_it(resources: dict[str, int], devices: tuple[int, ...], expected: GpuUse | None) -> None:
    assert gpu_use(resources, devices) == expected


@pytest.mark.parametrize("said", ["", "first", "0;", ";", "1;1", "-1", "0,3", "٣", "99999"])
def test_what_we_did_not_write_names_no_gpus(said: str) -> None:
    assert read_devices(said) == ()


def test_devices_are_read_as_they_are_written() -> None:
    assert (write_devices((0,)), write_devices((0, 3))) == ("0", "0;3")
    assert read_devices(write_devices((7, 10, 0))) == (7, 10, 0)
