"""Real nodes leave nothing on the machine: neither those that are stopped nor those whose owner was killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.testbed.real_nodes import BUSYBOX, RealTestbed
from tests.testbed.real_nodes.nodes import RealNodes
from tests.testbed.real_nodes.run import Run

ROOT = Path(__file__).parents[2]
# What a killed run leaves at the most: it had no time to take anything away.
KILLED = """
import os, sys
from pathlib import Path
from tests.testbed.real_nodes import cgroups, network
from tests.testbed.real_nodes.run import Run
run = Run.begin(["short-lived"], Path(sys.argv[1]))
network.make_bridge(run.shared.bridge, run.shared.dns)
for layout in run.layouts:
    network.connect(layout)
    cgroups.prepare(layout.cgroup)
    print(layout.cgroup, layout.bridge, run.shared.bridge, run.base, flush=True)
os._exit(1)
"""


def traces(*marks: str) -> list[str]:
    """Everything on the machine that carries one of these marks in its name."""
    walks = (os.walk(top) for top in ("/sys/fs/cgroup", "/sys/class/net", "/run"))  # what goes meanwhile is passed over
    found = [f"{folder}/{name}" for walk in walks for folder, folders, files in walk for name in (*folders, *files)]
    found += Path("/proc/self/mounts").read_text().splitlines()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found.append((process / "cmdline").read_text(errors="replace").replace("\0", " "))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return [entry for entry in found if any(mark in entry for mark in marks)]


def test_a_stopped_node_with_running_containers_leaves_nothing(testbed: RealTestbed) -> None:
    nodes = RealNodes.start(testbed.site, testbed.directory / "extra", ["extra-0"])
    layout = nodes["extra-0"].layout
    # The name server's bridge has the same name up to its end, and so have its files and the folder that nodes share.
    marks = (layout.cgroup, layout.bridge.removesuffix("0"), f"{layout.state}/", f"{layout.data.parent}/")
    try:
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "sleeper"},
            "spec": {
                "nodeName": "extra-0",
                "containers": [{"name": "main", "image": BUSYBOX, "imagePullPolicy": "Never", "args": ["sleep", "1000"]}],
            },
        }
        testbed.kubectl("apply", "--filename", "-", input=json.dumps(pod))
        testbed.kubectl("wait", "--for=condition=Ready", "pod/sleeper", "--timeout=180s")
        (nodes.workspace / "result").write_text("of a task")
        assert len(traces(*marks)) > 10  # that they would be found
    finally:
        nodes.stop()
        testbed.kubectl("delete", "node/extra-0", "pod/sleeper", "--ignore-not-found", "--wait=false")
    assert traces(*marks) == []
    assert [entry.name for entry in layout.data.iterdir()] == ["logs"]
    assert not nodes.workspace.exists()
    nodes.stop()  # a second time does nothing


@pytest.mark.usefixtures("testbed")
def test_the_next_run_takes_away_what_a_killed_one_left(tmp_path: Path) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert killed.returncode == 1, killed.stderr
    marks = killed.stdout.split()
    assert len(marks) == 4
    assert all(traces(mark) for mark in marks)
    Run.begin([], tmp_path).end()
    assert traces(*marks) == []
