"""Shares of GPUs on simulated nodes: which device a pod gets, and that it stays so."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client

from bayplan_operator.api.quantity import parse_quantity
from tests.cluster.kube import Kube, Object, task, wait_for
from tests.testbed.installation import ROOT, OperatorProcess
from tests.testbed.nodes import A100_SHARED, T4_SHARED, NodeKind
from tests.testbed.testbed import Testbed

MILLI = "bayplan.dev/gpu-milli"
GPUS, MODELS = 2, ("T4", "A100")


@pytest.fixture
def pool(simulated: Testbed, kube: Kube) -> Iterator[str]:
    """Two nodes, a T4 and an A100, that share two GPUs each, for this test only: the value of their label, and the name of a
    policy of best fit."""
    value = f"pool-{uuid.uuid4().hex[:6]}"
    names: list[str] = []
    for model in MODELS:
        labels = {"pool": value, "bayplan.dev/gpu-model": model}
        kind = NodeKind(f"{value}-{model.lower()}", 64, "256Gi", gpus={MILLI: GPUS * 1000}, labels=labels)
        names += simulated.add_nodes(kind, 1)
    kube.create_policy(value, preset="BestFit")  # what does not depend on what has arrived before
    yield value
    kube.delete_policy(value)
    for graph in kube.graphs():
        kube.delete(graph["metadata"]["name"])
    wait_for(lambda: not kube.pods(), "the pods are gone")
    for name in names:
        simulated.delete_node(name)


def share(name: str, pool: str, milli: int, **fields: Any) -> Object:
    """A task that takes a share of a GPU for ever."""
    container = {"image": "none", "resources": {"requests": {"cpu": "1"}, "limits": {MILLI: str(milli)}}}
    return task(name, seconds=None, pod={"nodeSelector": {"pool": pool}, "containers": [container]}, **fields)


def devices(pods: list[Any]) -> dict[tuple[str, str], int]:
    """Per node and GPU, what the annotations say is taken of it."""
    taken: defaultdict[tuple[str, str], int] = defaultdict(int)
    for pod in pods:
        asked = parse_quantity(MILLI, pod.spec.containers[0].resources.limits[MILLI])
        taken[pod.spec.node_name, pod.metadata.annotations["bayplan.dev/gpus"]] += asked
    return dict(taken)


def test_shares_are_packed_onto_few_gpus(kube: Kube, pool: str) -> None:
    kube.create("g", share("a", pool, 300, shards=6), policyName=pool)
    taken = devices(kube.wait_running("g", count=6))
    assert sorted(taken.values()) == [900, 900]
    assert len({node for node, _ in taken}) == 1


def test_two_large_shares_are_never_on_one_gpu_although_the_sum_would_fit(kube: Kube, pool: str) -> None:
    """kube-scheduler, which only sums, would take six of 600 on two nodes of 2,000."""
    kube.create("g", share("a", pool, 600, shards=6), policyName=pool)
    taken = devices(kube.wait_running("g", count=4))
    assert sorted(taken.values()) == [600] * 4
    waiting = kube.wait_condition("g", "Waiting")
    assert waiting["reason"] == "NoCapacity"
    assert "task a (and 1 more)" in waiting["message"]
    kube.create("small", share("a", pool, 400, shards=4), policyName=pool)
    kube.wait_running("small", count=4)
    running = [pod for pod in kube.pods() if pod.status.phase == "Running"]
    assert sorted(devices(running).values()) == [1000] * 4


def test_containers_know_their_gpu(kube: Kube, pool: str) -> None:
    kube.create("g", share("a", pool, 600, shards=2), policyName=pool)
    for pod in kube.wait_running("g", count=2):
        told = {each.name: each.value for each in pod.spec.containers[0].env}
        said = pod.metadata.annotations["bayplan.dev/gpus"]
        assert (told["BAYPLAN_GPUS"], told["NVIDIA_VISIBLE_DEVICES"]) == (said, said)


def test_only_acceptable_models_are_used(kube: Kube, pool: str) -> None:
    kube.create(
        "g",
        share("a", pool, 700, shards=3, gpuModels=["A100", "H100"]),
        share("b", pool, 200, gpuModels=["T4"]),
        policyName=pool,
    )
    pods = kube.wait_running("g", count=3)
    assert {pod.spec.node_name for pod in kube.pods("g", "a") if pod.spec.node_name} == {f"{pool}-a100-0"}
    assert {pod.spec.node_name for pod in kube.wait_running("g", "b")} == {f"{pool}-t4-0"}
    assert len(devices([pod for pod in pods if pod.metadata.labels["bayplan.dev/task"] == "a"])) == 2
    kube.create("none", share("a", pool, 200, gpuModels=["H100"]), policyName=pool)
    waiting = kube.wait_condition("none", "Waiting")
    assert waiting["reason"] == "NoSuchNode"
    assert "H100" in waiting["message"]


def test_a_restart_keeps_the_devices(kube: Kube, pool: str, operator: OperatorProcess) -> None:
    kube.create("g", share("a", pool, 600, shards=3), policyName=pool)
    before = devices(kube.wait_running("g", count=3))
    operator.restart()
    operator.wait_until_leading()
    kube.create("h", share("a", pool, 400, shards=3), share("b", pool, 600), policyName=pool)
    pods = [*kube.wait_running("h", count=4), *kube.pods("g")]
    assert devices(kube.pods("g")) == before
    assert sorted(devices(pods).values()) == [600, 1000, 1000, 1000]
    kube.create("late", share("a", pool, 600), policyName=pool)
    assert kube.wait_condition("late", "Waiting")["reason"] == "NoCapacity"


def test_shares_of_other_peoples_pods_count(kube: Kube, pool: str) -> None:
    for number, model in enumerate(MODELS):
        resources = client.V1ResourceRequirements(limits={MILLI: "1500"})
        spec = client.V1PodSpec(
            containers=[client.V1Container(name="c", image="none", resources=resources)],
            node_name=f"{pool}-{model.lower()}-0",
            termination_grace_period_seconds=0,
        )
        metadata = client.V1ObjectMeta(name=f"foreign-{number}")
        kube.core.create_namespaced_pod(kube.namespace, client.V1Pod(metadata=metadata, spec=spec))
    wait_for(lambda: len(kube.core.list_namespaced_pod(kube.namespace).items) == 2, "they are there")
    kube.create("g", share("a", pool, 100), policyName=pool)
    # 1,500 thousandths are two GPUs to us, since we would not know which half of which is left.
    assert kube.wait_condition("g", "Waiting")["reason"] == "NoCapacity"
    for number in range(2):
        kube.core.delete_namespaced_pod(f"foreign-{number}", kube.namespace)
    kube.wait_running("g")


def test_the_example_runs(kube: Kube, simulated: Testbed) -> None:
    names = [name for kind in (T4_SHARED, A100_SHARED) for name in simulated.add_nodes(kind, 1)]
    try:
        simulated.kubectl("apply", f"--namespace={kube.namespace}", "--filename", str(ROOT / "examples" / "gpu-sharing.yaml"))
        kube.wait_condition("gpu-sharing", "Complete")
        together = devices([*kube.pods("gpu-sharing", "answer"), *kube.pods("gpu-sharing", "embed")])
        assert len(together) == 3, "six of 300 and one of 600 are three GPUs"
        assert max(together.values()) <= 1000
        ((judge, _),) = devices(kube.pods("gpu-sharing", "judge"))
        assert judge.startswith("a100-shared")
    finally:
        kube.delete_policy("gpu-sharing")
        kube.delete("gpu-sharing")
        wait_for(lambda: not kube.pods(), "the pods are gone")
        for name in names:
            simulated.delete_node(name)


@pytest.mark.parametrize(
    ("limits", "fields", "said"),
    [
        ({MILLI: "1500"}, {}, "bayplan.dev/gpu-milli of the pods is 1500"),
        ({MILLI: "500", "nvidia.com/gpu": "1"}, {}, "the pods ask for nvidia.com/gpu and for bayplan.dev/gpu-milli"),
        ({"cpu": "1"}, {"gpuModels": ["T4"]}, "gpuModels is T4: the pods ask for no GPU"),
    ],
    ids=["uneven", "both", "models"],
)
def test_what_has_no_sense_is_not_accepted(kube: Kube, limits: Object, fields: Object, said: str) -> None:
    container = {"image": "none", "resources": {"limits": limits}}
    kube.create("g", task("a", pod={"containers": [container]}, **fields))
    accepted = kube.wait_condition("g", "Accepted", "False")
    assert accepted["message"].startswith(f"spec.tasks[0] (a): {said}")
