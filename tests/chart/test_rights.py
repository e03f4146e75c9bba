"""The operator's rights, as the API server judges them: what it may, what it may not, and that kopf can live on it."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.chart.rendering import NAMESPACE
from tests.testbed.cluster import Cluster

USER = f"system:serviceaccount:{NAMESPACE}:bayplan-operator"
ANYWHERE = "default"

ALLOWED = [
    *((verb, "pods", ANYWHERE) for verb in ("get", "list", "watch", "create", "delete", "patch")),
    ("patch", "pods/status", ANYWHERE),
    *((verb, "nodes", "") for verb in ("get", "list", "watch")),
    *((verb, "namespaces", "") for verb in ("list", "watch")),
    *((verb, "taskgraphs.bayplan.dev", ANYWHERE) for verb in ("get", "list", "watch", "delete")),
    ("patch", "taskgraphs.bayplan.dev/status", ANYWHERE),
    ("update", "taskgraphs.bayplan.dev/finalizers", ANYWHERE),
    *((verb, "placementpolicies.bayplan.dev", "") for verb in ("get", "list", "watch")),
    ("patch", "placementpolicies.bayplan.dev/status", ""),
    *((verb, "queues.bayplan.dev", "") for verb in ("get", "list", "watch", "patch")),
    ("patch", "queues.bayplan.dev/status", ""),
    *((verb, "taskprofiles.bayplan.dev", ANYWHERE) for verb in ("get", "list", "watch", "create", "delete")),
    ("patch", "taskprofiles.bayplan.dev/status", ANYWHERE),
    *((verb, "services", ANYWHERE) for verb in ("get", "create")),
    ("create", "events", ANYWHERE),
    *((verb, "leases.coordination.k8s.io", NAMESPACE) for verb in ("get", "create", "update")),
    *((verb, "configmaps:bayplan-node-states", NAMESPACE) for verb in ("get", "patch")),
    ("create", "configmaps", NAMESPACE),
]
DENIED = [
    ("update", "pods", ANYWHERE),
    ("update", "pods/status", ANYWHERE),
    ("create", "pods/exec", ANYWHERE),
    ("create", "pods/eviction", ANYWHERE),
    ("create", "pods/binding", ANYWHERE),
    ("get", "secrets", NAMESPACE),
    ("get", "configmaps", NAMESPACE),
    ("patch", "configmaps", NAMESPACE),
    ("get", "configmaps:bayplan-node-states", ANYWHERE),
    ("create", "configmaps", ANYWHERE),
    ("patch", "nodes", ""),
    ("get", "namespaces", ""),
    ("update", "taskgraphs.bayplan.dev/status", ANYWHERE),
    ("patch", "events", ANYWHERE),
    ("patch", "services", ANYWHERE),
    ("delete", "services", ANYWHERE),
    ("create", "taskgraphs.bayplan.dev", ANYWHERE),
    ("patch", "taskgraphs.bayplan.dev", ANYWHERE),
    ("patch", "placementpolicies.bayplan.dev", ""),
    ("delete", "placementpolicies.bayplan.dev", ""),
    ("create", "queues.bayplan.dev", ""),
    ("delete", "queues.bayplan.dev", ""),
    ("patch", "taskprofiles.bayplan.dev", ANYWHERE),
    ("get", "leases.coordination.k8s.io", ANYWHERE),
    ("delete", "leases.coordination.k8s.io", NAMESPACE),
    ("get", "customresourcedefinitions.apiextensions.k8s.io", ""),
    ("create", "clusterroles.rbac.authorization.k8s.io", ""),
    ("impersonate", "serviceaccounts", ANYWHERE),
]

KOPF_OPERATOR = textwrap.dedent(
    """
    import kopf

    @kopf.on.startup()
    def configure(settings, **_):
        settings.scanning.disabled = True

    @kopf.on.event("bayplan.dev", "v1alpha1", "taskgraphs")
    def graph(name, **_):
        print(f"seen taskgraph {name}", flush=True)

    @kopf.on.event("bayplan.dev", "v1alpha1", "placementpolicies")
    def policy(name, **_):
        print(f"seen placementpolicy {name}", flush=True)
    """
)


def may(cluster: Cluster, verb: str, resource: str, namespace: str) -> bool:
    resource, _, subresource = resource.partition("/")
    arguments = ["auth", "can-i", verb, resource.replace(":", "/"), f"--as={USER}", f"--subresource={subresource}"]
    run = cluster.kubectl(*arguments, *([f"--namespace={namespace}"] if namespace else []), check=False)
    assert run.stdout.strip() in {"yes", "no"}, run.stderr
    return run.stdout.strip() == "yes"


def test_the_operator_may_do_what_it_has_to_and_nothing_else(release: Cluster) -> None:
    assert [right for right in ALLOWED if not may(release, *right)] == []
    assert [right for right in DENIED if may(release, *right)] == []


def test_kopf_watches_the_kinds_with_these_rights(release: Cluster, operator_kubeconfig: Path, tmp_path: Path) -> None:
    module = tmp_path / "watching.py"
    module.write_text(KOPF_OPERATOR)
    process = subprocess.Popen(
        [sys.executable, "-m", "kopf", "run", "--standalone", "--all-namespaces", str(module)],
        env={**os.environ, "KUBECONFIG": str(operator_kubeconfig)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: queue.Queue[str] = queue.Queue()
    assert process.stdout is not None
    reader = threading.Thread(target=pass_on, args=[process.stdout, lines])
    reader.start()
    said: list[str] = []
    try:
        await_line(lines, said, "seen placementpolicy default")
        graph = {
            "apiVersion": "bayplan.dev/v1alpha1",
            "kind": "TaskGraph",
            "metadata": {"name": "watched", "namespace": ANYWHERE},
            "spec": {"tasks": [{"name": "a"}]},
        }
        release.kubectl("create", "--filename", "-", input=json.dumps(graph))
        await_line(lines, said, "seen taskgraph watched")
    finally:
        process.terminate()
        process.wait(timeout=120)
        reader.join()
    said += [lines.get_nowait() for _ in range(lines.qsize())]
    assert [line for line in said if "forbidden" in line.lower() or "Traceback" in line] == []


def pass_on(stream: Iterable[str], lines: queue.Queue[str]) -> None:
    for line in stream:
        lines.put(line)


def await_line(lines: queue.Queue[str], said: list[str], wanted: str) -> None:
    """Collects lines into `said` until the wanted one; fails after two silent minutes with all that was said."""
    while not (said and wanted in said[-1]):
        try:
            said.append(lines.get(timeout=120))
        except queue.Empty:
            pytest.fail(f"no line with {wanted!r} in:\n{''.join(said)}")
