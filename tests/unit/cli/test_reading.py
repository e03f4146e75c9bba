"""The commands that read an API server, against one that answers over HTTP with what it was given."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli import sample
from tests.unit.cli.whatif_files import GRAPH, run, run_json, write

GRAPHS = "/apis/bayplan.dev/v1alpha1/namespaces/team/taskgraphs"
NODES = {
    name: {"metadata": {"name": name, "labels": {}}, "status": {"allocatable": {"cpu": cpu, "memory": "8Gi", "pods": "10"},
                                                                  "conditions": [{"type": "Ready", "status": "True"}]}}
    for name, cpu in (("cpu-0", "8"), ("cpu-1", "4"))
}  # fmt: skip
POD: dict[str, Any] = {
    "metadata": {"name": "check-0-1", "namespace": "team", "uid": "p", "resourceVersion": "7", "labels": {
                     "bayplan.dev/task": "check", "bayplan.dev/shard": "0", "bayplan.dev/incarnation": "1"},
                 "annotations": {"bayplan.dev/why": "the only one"}, "finalizers": ["bayplan.dev/outcome", "other/one"],
                 "ownerReferences": [{"apiVersion": "bayplan.dev/v1alpha1", "kind": "TaskGraph", "controller": True,
                                      "name": "sample", "uid": sample.UID}]},
    "spec": {"nodeName": "cpu-0", "containers": [{"name": "main", "resources": {"requests": {"cpu": "8"}}}]},
    "status": {"phase": "Running",
               "containerStatuses": [{"name": "main", "state": {"running": {"startedAt": sample.stamp(8)}}}]},
}  # fmt: skip
POLICIES = [
    {"metadata": {"name": name}, "spec": {"preset": preset}} for name, preset in (("default", "Spread"), ("wrong", "X"))
]


class Server(ThreadingHTTPServer):
    """Answers GETs by path, everything else with 404; notes what is written."""

    def __init__(self, answers: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.asked, self.written = answers, list[str](), list[tuple[str, Any]]()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self._answer(self.server.answers.get(self.path.partition("?")[0]))

    def do_PATCH(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.written.append((self.path, body))
        self._answer({})

    def _answer(self, found: Any) -> None:
        body = json.dumps(found if found is not None else {"kind": "Status", "message": "not found"}).encode()
        self.send_response(404 if found is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    graph = sample.raw((*sample.SUCCEEDED[:2], "check Running 1/0 cpu-0 8"), **sample.running())
    made = Server({
        GRAPHS: {"items": [graph]}, f"{GRAPHS}/sample": graph, "/api/v1/nodes": {"items": list(NODES.values())},
        "/api/v1/namespaces": {"items": []},
        "/api/v1/namespaces/team/pods": {"items": [POD]}, "/api/v1/pods": {"items": [POD]},
        "/apis/bayplan.dev/v1alpha1/placementpolicies": {"items": POLICIES},
    })  # fmt: skip
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture
def flag(server: Server, tmp_path: Path) -> tuple[str, Path]:
    address = f"http://127.0.0.1:{server.server_address[1]}"
    kubeconfig = {
        "apiVersion": "v1", "kind": "Config", "current-context": "c", "users": [{"name": "u", "user": {}}],
        "clusters": [{"name": "c", "cluster": {"server": address}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": "team"}}],
    }  # fmt: skip
    return "--kubeconfig", write(tmp_path, "kubeconfig", kubeconfig)


def test_graphs_are_listed(flag: tuple[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "show", *flag)
    assert (code, err) == (0, "")
    assert out.splitlines()[1].split()[:3] == ["sample", "Running", "1/3"]


def test_one_graph_with_its_pods_and_the_nodes(
    server: Server, flag: tuple[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    found = run_json(capsys, "show", "sample", *flag)
    assert (found["name"], found["namespace"], found["otherNodes"]) == ("sample", "team", 1)
    (running,) = [each for each in found["attempts"] if each["outcome"] == "Running"]
    assert (running["task"], running["node"], running["why"]) == ("check", "cpu-0", "the only one")
    assert f"/api/v1/namespaces/team/pods?labelSelector=bayplan.dev/graph-uid%3D{sample.UID}" in server.asked
    assert "/api/v1/nodes?resourceVersion=0" in server.asked


def test_a_name_that_is_nearly_one(flag: tuple[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "show", "sampel", *flag)
    assert code == 1
    assert err == 'bayplan: there is no TaskGraph "sampel" in the namespace "team": did you mean "sample"?\n'


def test_a_cluster_without_the_kind(server: Server, flag: tuple[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    del server.answers[GRAPHS]
    code, _, err = run(capsys, "show", *flag)
    assert code == 1
    assert err == "bayplan: the cluster knows no TaskGraphs: install Bayplan's chart or apply crds/ first\n"


def test_a_plan_beside_the_pods_that_run_by_the_clusters_policies(
    tmp_path: Path, flag: tuple[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    found = run_json(capsys, "plan", "-f", write(tmp_path, "g.yaml", GRAPH), *flag)
    assert [node["name"] for node in found["nodes"]] == ["cpu-0", "cpu-1"]
    assert {each["node"] for each in found["attempts"]} == {"cpu-1"}, "the other is full"
    assert found["policy"] == "default"
    wrong = GRAPH.replace("deadline: 1m", "policyName: wrong")
    code, _, err = run(capsys, "plan", "-f", write(tmp_path, "w.yaml", wrong), *flag)
    assert code == 2
    assert 'spec.policyName is "wrong": there is no such PlacementPolicy in the cluster or the files' in err


def test_finalizers_are_taken_away(server: Server, flag: tuple[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "release", *flag) == (0, "released 1 of 1 pods\n", "")
    ((path, body),) = server.written
    assert path == "/api/v1/namespaces/team/pods/check-0-1"
    assert body == {"metadata": {"uid": "p", "resourceVersion": "7", "finalizers": ["other/one"]}}


def test_queues_are_released_too_unless_a_namespace_is_named(
    server: Server, flag: tuple[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    held = {"name": "vision", "uid": "q", "resourceVersion": "9", "finalizers": ["bayplan.dev/in-use", "other/one"]}
    queues = [{"metadata": held}, {"metadata": {**held, "name": "idle", "finalizers": []}}]
    server.answers["/apis/bayplan.dev/v1alpha1/queues"] = {"items": queues}
    assert run(capsys, "release", *flag) == (0, "released 1 of 1 pods\nreleased 1 of 1 queues\n", "")
    path, body = server.written[-1]
    assert path == "/apis/bayplan.dev/v1alpha1/queues/vision"
    assert body == {"metadata": {"uid": "q", "resourceVersion": "9", "finalizers": ["other/one"]}}
    server.written.clear()
    assert run(capsys, "release", "-n", "team", *flag) == (0, "released 1 of 1 pods\n", "")
    assert len(server.written) == 1
