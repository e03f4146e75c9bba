"""The operator's image in containers of both nodes, and the folder that they share."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version

import numpy as np
import pytest

from tests.node import pods
from tests.node.conftest import NODES
from tests.node.graphs import Graphs, terminated

pytestmark = pytest.mark.usefixtures("images")
# The imports are those of programs in tasks: numpy's random numbers and linear algebra, scipy's solvers, and the library.
COMPUTE = """
import json, os, sys
import numpy, numpy.testing, scipy.optimize, bayplan, bayplan_operator.cli
numbers = numpy.random.default_rng(7).normal(size=(40, 30))
values = numpy.linalg.svd(numbers, compute_uv=False)
found = {"python": sys.version, "user": os.getuid(), "bayplan": bayplan.__file__.partition("lib")[0]}
with open("/dev/termination-log", "w") as file:
    json.dump({"bits": numpy.exp(values).tobytes().hex(), **found}, file)
"""
WRITE = 'with open("/shared/left.txt", "x") as file: file.write("from " + __import__("socket").gethostname())'
READ = """
import json
with open("/shared/left.txt") as source, open("/dev/termination-log", "w") as file:
    json.dump(source.read(), file)
"""


def test_bayplan_is_what_the_image_runs(ground: Graphs) -> None:
    pod = pods.run(ground, "version", pods.Program(NODES[0], args=("version", "--client")))
    assert ground.kubectl("logs", "version") == f"Client Version: {version('bayplan')}\n"
    assert terminated(pod)["exitCode"] == 0


def test_a_container_computes_the_same_bits_as_this_process(ground: Graphs) -> None:
    pod = pods.run(ground, "compute", pods.Program(NODES[1], ("python3", "-v", "-c", COMPUTE)))
    values = np.linalg.svd(np.random.default_rng(7).normal(size=(40, 30)), compute_uv=False)
    found = {"python": sys.version, "user": 65532, "bayplan": "/opt/bayplan/"}
    assert pods.result(pod) == {"bits": np.exp(values).tobytes().hex(), **found}
    loaded = [line for line in ground.kubectl("logs", "compute").splitlines() if line.startswith("# code object from ")]
    assert len(loaded) > 500
    assert not [line for line in loaded if line.endswith(".py")]  # each start would have to compile it


def test_what_one_node_leaves_in_the_workspace_the_other_reads(ground: Graphs) -> None:
    folder = ground.testbed.workspace / ground.namespace
    folder.mkdir()
    folder.chmod(0o1777)
    volume = {"volumes": [{"name": "shared", "hostPath": {"path": str(folder), "type": "Directory"}}]}
    mount = {"volumeMounts": [{"name": "shared", "mountPath": "/shared"}]}
    pods.run(ground, "writer", pods.python(NODES[0], WRITE, container=mount, pod=volume))
    pod = pods.run(ground, "reader", pods.python(NODES[1], READ, container=mount, pod=volume))
    assert pods.result(pod) == "from writer"


def test_code_comes_in_as_a_volume(ground: Graphs) -> None:
    code = 'import json; json.dump("from a volume", open("/dev/termination-log", "w"))'
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "code"}, "data": {"main.py": code}}
    ground.kubectl("apply", "--filename", "-", text=json.dumps(config))
    program = pods.Program(
        NODES[0],
        command=("python3", "/code/main.py"),
        container={"volumeMounts": [{"name": "code", "mountPath": "/code"}]},
        pod={"volumes": [{"name": "code", "configMap": {"name": "code"}}]},
    )
    assert pods.result(pods.run(ground, "code", program)) == "from a volume"
