"""Pods of two nodes that find each other by name and speak to each other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.node import pods
from tests.node.conftest import NODES
from tests.node.graphs import Graphs
from tests.testbed.system import missing_programs

ROOT = Path(__file__).parents[2]
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": pods.SUBDOMAIN},
    "spec": {"clusterIP": "None", "publishNotReadyAddresses": True, "selector": {"tier": "ground"}},
}
NEVER_READY = {"readinessProbe": {"exec": {"command": ["false"]}}}
SERVER = """
import json, socket
with socket.create_server(("", 7000)) as server:
    connection, (peer, _) = server.accept()
with connection, connection.makefile("rb") as lines:
    connection.sendall(lines.readline().swapcase())
with open("/dev/termination-log", "w") as file:
    json.dump({"peer": peer}, file)
"""
# Both pods start at once: the name exists as soon as the other has an address, and its port is open a little later.
CLIENT = """
import json, socket, sys, time
name, short, outside = sys.argv[1:]
while True:
    try:
        connection = socket.create_connection((name, 7000), timeout=60)
        break
    except (socket.gaierror, ConnectionRefusedError):
        time.sleep(0.05)
with connection, connection.makefile("rb") as lines:
    connection.sendall(b"Hello\\n")
    found = {"answer": lines.readline().decode(), "peer": connection.getpeername()[0], "short": socket.gethostbyname(short)}
try:
    socket.gethostbyname(outside)
except socket.gaierror as error:
    found["outside"] = error.errno == socket.EAI_NONAME
with open("/dev/termination-log", "w") as file:
    json.dump(found, file)
"""
# A node's bridge in a network namespace of its own, whose firewall lets nothing through, as Docker's does.
FILTERED = """
import subprocess, sys
from pathlib import Path
from tests.testbed.real_nodes import network
from tests.testbed.real_nodes.layout import Layout
def rules():
    print(subprocess.run(["iptables", "--list-rules", "FORWARD"], capture_output=True, text=True, check=True).stdout)
place = Path(sys.argv[1])
layout = Layout("filtered", place, place, "unused", "bayfiltered", "198.18.0.0/24", "198.18.1.1")
subprocess.run(["iptables", "--policy", "FORWARD", "DROP"], check=True)
network.connect(layout)
rules()
print("---")
network.disconnect(layout)
network.disconnect(layout)
rules()
"""


@pytest.mark.usefixtures("images")
def test_a_pod_finds_one_of_the_other_node_by_name_before_it_is_ready_and_they_speak(ground: Graphs) -> None:
    ground.kubectl("apply", "--filename", "-", text=json.dumps(SERVICE))
    full = f"server.{pods.SUBDOMAIN}.{ground.namespace}.svc.cluster.local"
    client = pods.python(NODES[0], CLIENT, args=(full, f"server.{pods.SUBDOMAIN}", "example.org"))
    pods.start(ground, "client", client)
    pods.start(ground, "server", pods.python(NODES[1], SERVER, container=NEVER_READY))
    asked, answered = (pods.ended(ground, name) for name in ("client", "server"))
    assert (asked["spec"]["nodeName"], answered["spec"]["nodeName"]) == NODES
    here, there = (pod["status"]["podIP"] for pod in (asked, answered))
    assert here.rpartition(".")[0] != there.rpartition(".")[0]  # of different networks
    assert pods.result(asked) == {"answer": "hELLO\n", "peer": there, "short": there, "outside": True}
    assert pods.result(answered) == {"peer": here}


@pytest.mark.usefixtures("testbed")
def test_a_firewall_that_forwards_nothing_is_opened_for_the_nodes_and_closed_again(tmp_path: Path) -> None:
    if missing_programs(["iptables"]):
        pytest.skip("no firewall on this machine: the program iptables is missing")
    command = ["unshare", "--net", "--", sys.executable, "-c", FILTERED, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    connected, _, disconnected = done.stdout.partition("---")
    assert connected.split("\n")[:2] == ["-P FORWARD DROP", "-A FORWARD -d 198.18.0.0/15 -i bayfiltered -j ACCEPT"]
    assert disconnected.split() == ["-P", "FORWARD", "DROP"]
