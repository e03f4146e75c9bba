"""shards: Auto on a real control plane: the number fits the cluster, is recorded before any pod, and stays."""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bayplan_operator.cli import main
from tests.cluster.kube import GROUP, VERSION, Kube, Object, task, wait_for
from tests.testbed.installation import NAMESPACE, SERVICE_ACCOUNT, OperatorProcess
from tests.testbed.nodes import NodeKind
from tests.testbed.testbed import Testbed

Pool = Callable[[int], str]
USER = f"system:serviceaccount:{NAMESPACE}:{SERVICE_ACCOUNT}"


@pytest.fixture
def pool(simulated: Testbed, kube: Kube) -> Iterator[Pool]:
    """Makes pools of nodes with 8 cores, two places for a shard each, that only this test uses."""
    made: list[str] = []

    def make(nodes: int, name: str | None = None) -> str:
        name = name or f"pool-{uuid.uuid4().hex[:6]}"
        made.extend(simulated.add_nodes(NodeKind(f"{name}-{uuid.uuid4().hex[:4]}", 8, "32Gi", labels={"pool": name}), nodes))
        return name

    yield make
    for graph in kube.graphs():
        kube.delete(graph["metadata"]["name"])
    wait_for(lambda: not kube.pods(), "the pods are gone")
    for name in made:
        simulated.delete_node(name)


def divisible(pool: str, name: str = "train", seconds: float | None = 1.0, **bounds: Any) -> Object:
    """10 minutes of work with 20 s of start-up, 4 cores a shard."""
    fields = {"shards": "Auto", "expectedDuration": "10m", "autoShards": {"startup": "20s", **bounds}}
    return task(name, cpu="4", seconds=seconds, pod={"nodeSelector": {"pool": pool}}, **fields)


def decided(kube: Kube, name: str) -> dict[str, int]:
    """The numbers in the status, once they are there."""
    lines: list[str] = wait_for(lambda: kube.graph(name).get("status", {}).get("shards"), f"{name}: status.shards")
    return {task: int(number) for task, number in (line.split("=") for line in lines)}


def told(pod: Any) -> tuple[str, str]:
    """How many shards there are, and which one this is, as the container is told."""
    env = {each.name: each.value for each in pod.spec.containers[0].env}
    return env["BAYPLAN_SHARDS"], env["JOB_COMPLETION_INDEX"]


# 20 s + 10 min / n: of 16 places, 15 shards take 60 s, within 5 % of the 57.5 s of 16
@pytest.mark.parametrize(("nodes", "shards", "sentence"), [
    (2, 4, "task train: 4 shards, 2m50s: 10m of work, 20s start-up, 4 places; more would not be faster"),
    (8, 15, "task train: 15 shards, 1m: 10m of work, 20s start-up, 16 places; more would save less than 5 %"),
])  # fmt: skip
def test_the_number_fits_the_cluster_and_is_explained(kube: Kube, pool: Pool, nodes: int, shards: int, sentence: str) -> None:
    kube.create("g", divisible(pool(nodes)), task("after", "train"))
    kube.wait_condition("g", "Complete")
    assert kube.graph("g")["status"]["shards"] == [f"train={shards}"]
    assert kube.graph("g")["status"]["succeeded"] == shards + 1
    pods = kube.pods("g", "train")
    assert sorted(map(told, pods)) == sorted((str(shards), str(number)) for number in range(shards))
    assert {pod.metadata.annotations["bayplan.dev/shards"] for pod in pods} == {str(shards)}
    condition = kube.condition("g", "ShardsDecided")
    assert condition is not None
    assert condition["message"] == sentence
    assert [event.message for event in kube.wait_event("ShardsDecided")] == [sentence]


def test_the_plan_says_the_same_beforehand(
    simulated: Testbed, kube: Kube, pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = pool(8)
    tasks = [divisible(where, serial="5%"), divisible(where, "beside"), task("after", "train", expectedDuration="1m")]
    metadata = {"name": "g", "namespace": kube.namespace}
    manifest = {"apiVersion": f"{GROUP}/{VERSION}", "kind": "TaskGraph", "metadata": metadata, "spec": {"tasks": tasks}}
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(manifest))
    assert main(["plan", "-f", str(path), "--kubeconfig", str(simulated.kubeconfig), "-o", "json"]) == 0
    (planned,) = json.loads(capsys.readouterr().out)["graphs"]
    kube.create("g", *tasks)
    assert decided(kube, "g") == {each["task"]: each["advised"] for each in planned["shards"] if each["auto"]}


def test_killed_at_any_instant_while_the_cluster_grows_a_run_has_one_number_and_one_candidate(
    kube: Kube, pool: Pool, operator: OperatorProcess, policy: str
) -> None:
    """The pools are larger at each start of the operator: one that decided anew would come to another number."""
    rng = random.Random(11)
    kube.create_policy(policy, adaptive={"candidates": [{"preset": "BestFit"}, {"preset": "Spread"}], "minimumGraphs": 1})
    names = [f"g{number}" for number in range(6)]
    pools = {name: pool(1) for name in names}
    seen: dict[str, set[str]] = {name: set() for name in names}
    for name in names:
        tasks = divisible(pools[name], seconds=2.0), task("after", "train", seconds=0.2)
        kube.create(name, *tasks, policyName=policy)
        end = time.monotonic() + rng.uniform(0.0, 0.6)
        while time.monotonic() < end:
            look(kube, seen)
        if name == names[0]:
            decided(kube, name)  # one at least is decided while the cluster is small
        operator.kill()
        for each in names:
            pool(1, pools[each])
        look(kube, seen)
        operator.restart()
        operator.wait_until_leading()
    for name in names:
        kube.wait_condition(name, "Complete")
        look(kube, seen)
        number = decided(kube, name)["train"]
        assert seen[name] == {f"train={number}", kube.graph(name)["status"]["strategy"]}, name
        pods = kube.pods(name, "train")
        assert sorted(map(told, pods)) == sorted((str(number), str(shard)) for shard in range(number)), name
    assert len({decided(kube, name)["train"] for name in names}) > 1, "no graph met a larger cluster: this shows nothing"


def look(kube: Kube, seen: dict[str, set[str]]) -> None:
    for graph in kube.graphs():
        status = graph.get("status", {})
        seen[graph["metadata"]["name"]].update([*status.get("shards", []), *filter(None, [status.get("strategy")])])


def test_no_pod_before_the_number_is_recorded(simulated: Testbed, kube: Kube, pool: Pool) -> None:
    """Without the right to write the status there is no record, so no pod either; other graphs go on."""
    where = pool(2)
    role = json.loads(simulated.kubectl("get", "clusterrole", "bayplan-operator", "-o", "json").stdout)
    stripped = json.loads(json.dumps(role))
    for rule in stripped["rules"]:
        rule["resources"] = [each for each in rule["resources"] if each != "taskgraphs/status"]
    stripped["rules"] = [rule for rule in stripped["rules"] if rule["resources"]]
    for each in (role, stripped):
        del each["metadata"]["resourceVersion"]
    right = ["auth", "can-i", "patch", "taskgraphs.bayplan.dev", "--subresource=status", f"--as={USER}", "-n", kube.namespace]
    simulated.kubectl("replace", "-f", "-", input=json.dumps(stripped))
    try:
        wait_for(lambda: simulated.kubectl(*right, check=False).stdout.strip() == "no", "the right is taken away")
        kube.create("g", divisible(where))
        kube.create("plain", task("a"))
        wait_for(lambda: kube.pods("plain"), "a graph with nothing to decide needs no record first")
        time.sleep(2)
        assert kube.pods("g") == []
    finally:
        simulated.kubectl("replace", "-f", "-", input=json.dumps(role))
    kube.wait_condition("g", "Complete")
    assert decided(kube, "g") == {"train": 4}
