"""The operator may be killed at any instant of a round: the same round goes on, and nothing of it runs twice."""

from __future__ import annotations

import json
import random
import time
from typing import Any

from tests.cluster.kube import PATIENCE, Kube, Object, task, wait_for
from tests.testbed.installation import OperatorProcess

ROUNDS, CLIENTS, KILLS = 6, 5, 5
SECONDS = 0.4
"""That each pod runs: a round takes a little more than three times as long."""


def says(**results: float) -> Object:
    return {"sim.bayplan.dev/message": json.dumps(results)}


def federated(kube: Kube) -> None:
    """Five clients, the fusion of their models, and an evaluation."""
    workspace = {
        "volumes": [{"name": "workspace", "hostPath": {"path": "/workspace"}}],
        "containers": [{"name": "main", "image": "none", "volumeMounts": [{"name": "workspace", "mountPath": "/workspace"}]}],
    }
    fuse = task("aggregate", "local", seconds=SECONDS, annotations=says(inputs=CLIENTS))
    fuse |= {"fuse": {"method": "FedAvg", "weightBy": "samples", "from": "w.npz", "to": "w.npz"}}
    fuse["template"]["spec"] = {}
    tasks = [
        task("local", seconds=SECONDS, shards=CLIENTS, annotations=says(samples=270)),
        fuse,
        task("evaluate", "aggregate", seconds=SECONDS, annotations=says(accuracy=0.5)),
        task("after", "evaluate", seconds=SECONDS),
    ]
    for each in tasks:
        for container in each["template"]["spec"].get("containers", ()):
            container["name"] = "main"
    repeated = {"tasks": ["local", "aggregate", "evaluate"], "max": ROUNDS, "until": "evaluate.accuracy > 0.9"}
    kube.create("fl", *tasks, template={"spec": workspace}, rounds=repeated)


def round_of(pod: Any) -> int:
    """The round that the pod's program is told; 0: it is not in one."""
    told = {each.name: each.value for each in pod.spec.containers[0].env or ()}
    return int(told.get("BAYPLAN_ROUND", "0"))


def test_six_rounds_survive_five_kills(kube: Kube, operator: OperatorProcess) -> None:
    rng = random.Random(13)
    federated(kube)
    for number in range(1, KILLS + 1):
        wait_for(lambda: any(round_of(pod) == number for pod in kube.pods("fl", "local")), f"round {number} begins")  # noqa: B023
        time.sleep(rng.uniform(0.0, 4 * SECONDS))
        operator.restart()
    wait_for(lambda: kube.condition("fl", "Complete"), "all rounds are over", timeout=2 * PATIENCE)

    rounds = kube.graph("fl")["status"]["rounds"]
    assert [line.split()[:2] for line in rounds["history"]] == [[str(n), "7/7"] for n in range(1, ROUNDS + 1)]
    shards = {"local": CLIENTS, "aggregate": 1, "evaluate": 1}
    units = [(task, shard) for task, count in shards.items() for shard in range(count)]
    # Pods stay when they have ended. An attempt too many would have a number of its own, so that a later one shows it.
    expected = {(task, str(shard)): list(range(1, ROUNDS + 1)) for task, shard in units} | {("after", "0"): [0]}
    seen: dict[tuple[str, str], list[int]] = {}
    for pod in sorted(kube.pods("fl"), key=round_of):
        labels = pod.metadata.labels
        seen.setdefault((labels["bayplan.dev/task"], labels["bayplan.dev/shard"]), []).append(round_of(pod))
        assert pod.status.phase == "Succeeded"
        assert int(labels["bayplan.dev/incarnation"]) == max(round_of(pod), 1)
    assert seen == expected
