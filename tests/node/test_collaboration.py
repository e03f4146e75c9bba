"""Models that work together, in real containers on both nodes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from examples.collaboration import digits, manifests
from examples.collaboration.in_process import InProcess
from tests.node.conftest import NODES
from tests.node.graphs import Graphs, Object
from tests.testbed.real_nodes.operator_image import OPERATOR

pytestmark = pytest.mark.usefixtures("operator_image")
ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "collaboration"
APP = "/opt/app"


@pytest.fixture
def workspace(ground: Graphs) -> Path:
    """A folder that the pods of both nodes share, with the digits in it."""
    folder = ground.testbed.workspace / ground.namespace
    folder.mkdir()
    folder.chmod(0o1777)
    (folder / "digits.csv.gz").write_bytes(digits.file().read_bytes())
    return folder


def manifest(name: str, workspace: Path) -> Object:
    """An example's manifest for these nodes: the image that they have; code and workspace are folders of this machine."""
    made: Object = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8"))
    spec = made["spec"]
    container = spec["template"]["spec"]["containers"][0]
    container |= {"image": OPERATOR, "imagePullPolicy": "Never", "command": ["python3", *container["command"][1:]]}
    container["env"] += [
        {"name": "PYTHONPATH", "value": APP},
        {"name": "DIGITS_FILE", "value": "/workspace/digits.csv.gz"},
        {"name": "OPENBLAS_NUM_THREADS", "value": "1"},
    ]
    container["resources"] = {"requests": {"cpu": "50m", "memory": "32Mi"}}
    container["volumeMounts"].append({"name": "code", "mountPath": f"{APP}/examples", "readOnly": True})
    spec["template"]["spec"]["volumes"] = [
        {"name": "workspace", "hostPath": {"path": str(workspace)}},
        {"name": "code", "hostPath": {"path": str(ROOT / "examples")}},
    ]
    spec["template"]["spec"]["terminationGracePeriodSeconds"] = 1
    return made


def apply(ground: Graphs, made: Object) -> str:
    """Answers the graph's UID."""
    ground.kubectl("apply", "--filename", "-", text=yaml.safe_dump(made))
    name = made["metadata"]["name"]
    return ground.kubectl("get", "taskgraph", name, "--output=jsonpath={.metadata.uid}")


def arrays(path: Path) -> dict[str, Any]:
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


@pytest.fixture
def sites(ground: Graphs) -> Iterator[None]:
    """Where the data of clients may be."""
    for node, site in zip(NODES, ("north", "south"), strict=True):
        ground.testbed.kubectl("label", "node", node, f"site={site}", "--overwrite")
    yield
    for node in NODES:
        ground.testbed.kubectl("label", "node", node, "site-")


@pytest.mark.usefixtures("sites")
def test_federated_rounds_are_the_same_to_the_last_bit_as_in_one_process(
    ground: Graphs, workspace: Path, tmp_path: Path
) -> None:
    made = manifest("federated", workspace)
    del made["spec"]["rounds"]["until"], made["spec"]["rounds"]["timeout"]
    made["spec"]["rounds"] |= {"max": 8, "metric": "evaluate.accuracy"}
    uid = apply(ground, made)
    ground.ended("federated", "Complete")

    played = InProcess(manifests.read(EXAMPLES / "federated.yaml"), tmp_path, {"SEED": "0"}, 8, tell=lambda _: None)
    played.run()
    status = ground.status("federated")
    accuracy = [float(line.rpartition("=")[2]) for line in status["rounds"]["history"]]
    assert accuracy == [float(f"{each['evaluate'].results[0]['accuracy']:.6g}") for each in played.history]
    assert accuracy[-1] > 0.85
    assert [line.split()[1] for line in status["rounds"]["history"]] == ["7/7"] * 8

    attempt = int(next(line for line in status["tasks"] if line.startswith("aggregate ")).split()[2].partition("/")[0])
    found = arrays(workspace / uid / "aggregate" / "8" / "0" / str(attempt) / "weights.npz")
    expected = arrays(tmp_path / "aggregate" / "8" / "0" / "1" / "weights.npz")
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].tobytes() == array.tobytes()
    nodes = {pod["spec"]["nodeName"] for pod in ground.pods("federated", "local")}
    assert nodes == set(NODES)


def test_a_gang_goes_on_from_its_checkpoint_on_what_is_left(ground: Graphs, workspace: Path) -> None:
    made = manifest("gang", workspace)
    next(each for each in made["spec"]["template"]["spec"]["containers"][0]["env"] if each["name"] == "EPOCHS")["value"] = "400"
    uid = apply(ground, made)
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
