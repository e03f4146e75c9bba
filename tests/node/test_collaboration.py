"""Models that work together, in real containers on both nodes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.node.conftest import NODES
from tests.node.graphs import Graphs, Object
from tests.testbed.collaboration import manifests
from tests.testbed.collaboration.reference import differences
from tests.testbed.collaboration.running import Ran, ran

pytestmark = pytest.mark.usefixtures("images")
QUICK = ("text", "tiles", "ensemble-equal", "distillation")
"""Those without rounds that need no site; `python -m tests.testbed.collaboration` runs all."""


@pytest.fixture
def workspace(ground: Graphs) -> Path:
    """A folder that the pods of both nodes share."""
    return manifests.workspace(ground.testbed.workspace, ground.namespace)


@pytest.fixture
def sites(ground: Graphs) -> Iterator[None]:
    """Where the data of clients may be."""
    manifests.name_sites(ground.testbed, NODES)
    yield
    manifests.forget_sites(ground.testbed, NODES)


def run(ground: Graphs, made: Object, workspace: Path) -> Ran:
    """Until the graph has succeeded."""
    return ran(ground.testbed, ground.namespace, made, workspace)


@pytest.mark.usefixtures("sites")
def test_federated_rounds_are_the_same_to_the_last_bit_as_in_one_process(ground: Graphs, workspace: Path) -> None:
    made = manifests.for_real_nodes("federated", workspace)
    del made["spec"]["rounds"]["until"], made["spec"]["rounds"]["timeout"]
    made["spec"]["rounds"] |= {"max": 8, "metric": "evaluate.accuracy"}
    found = run(ground, made, workspace)
    assert [each.ended.number for each in found.rounds] == list(range(1, 9))
    assert [each.ended.succeeded for each in found.rounds] == ["7/7"] * 8
    assert [[entry.node for entry in each.shards] for each in found.rounds] == [[NODES[0]] * 3 + [NODES[1]] * 2] * 8
    assert [each.samples for each in found.rounds] == [(269, 270, 272, 270, 266)] * 8
    last = found.rounds[-1].ended.figure
    assert last is not None
    assert last > 0.85
    assert differences(found) == []

    changed = next((found.files / "aggregate" / "8" / "0").glob("*/weights.npz"))
    with np.load(changed) as file:
        weights = {name: file[name] for name in file.files}
    weights["bias"] = np.nextafter(weights["bias"], 1)
    np.savez(changed, **weights)
    assert differences(found) == [f"{changed.relative_to(found.files)} is not what one process has"]


@pytest.mark.parametrize("name", QUICK)
def test_an_example_computes_the_same_as_in_one_process(ground: Graphs, workspace: Path, name: str) -> None:
    assert differences(run(ground, manifests.for_real_nodes(name, workspace), workspace)) == []


def test_a_gang_goes_on_from_its_checkpoint_on_what_is_left(ground: Graphs, workspace: Path) -> None:
    made = manifests.for_real_nodes("gang", workspace)
    next(each for each in made["spec"]["template"]["spec"]["containers"][0]["env"] if each["name"] == "EPOCHS")["value"] = "400"
    ground.kubectl("apply", "--filename", "-", text=yaml.safe_dump(made))
    uid = ground.kubectl("get", "taskgraph", "gang", "--output=jsonpath={.metadata.uid}")
    checkpoints = workspace / uid / "train" / "0" / "checkpoints"
    ground.wait(lambda: checkpoints.is_dir() and len(list(checkpoints.iterdir())) >= 2, "two epochs are trained")
    pods = ground.pods("gang", "train")
    assert {pod["spec"]["nodeName"] for pod in pods} == set(NODES)
    lost = next(pod["spec"]["nodeName"] for pod in pods if pod["spec"]["hostname"] == "train-1")
    ground.testbed.kill_node(lost)
    try:
        ground.ended("gang", "Complete")
    finally:
        ground.testbed.revive_node(lost)
    results = json.loads(
        next(line for line in ground.status("gang")["results"] if line.startswith("train/0 ")).partition(" ")[2]
    )
    assert results["began"] >= 2
    assert results["accuracy"] > 0.9
    entries = ground.entries("gang", "train")
    assert {entry.node for entry in entries} == set(NODES) - {lost}
    assert [entry.failures for entry in entries] in ([0, 0], [1, 1])
