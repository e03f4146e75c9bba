"""Installing, upgrading and uninstalling the chart on a real API server."""

from __future__ import annotations

import json
from typing import Any

from tests.chart.conftest import HOOK_ENDS, TIMEOUT
from tests.chart.rendering import CHART, NAMESPACE
from tests.cluster.kube import wait_for
from tests.testbed.cluster import Cluster

GRAPH = {
    "apiVersion": "bayplan.dev/v1alpha1",
    "kind": "TaskGraph",
    "metadata": {"name": "kept", "namespace": "default"},
    "spec": {"tasks": [{"name": "a"}]},
}


def get(cluster: Cluster, *arguments: str) -> Any:
    return json.loads(cluster.kubectl("get", *arguments, "--output=json").stdout)


def exists(cluster: Cluster, *arguments: str) -> bool:
    return cluster.kubectl("get", *arguments, "--ignore-not-found", "--output=name").stdout != ""


def events_of_jobs(cluster: Cluster) -> list[Any]:
    found: list[Any] = get(cluster, "events", "--namespace", NAMESPACE, "--field-selector", "involvedObject.kind=Job")["items"]
    return found


def helm(cluster: Cluster, verb: str, *arguments: str) -> str:
    chart = () if verb == "uninstall" else (str(CHART),)
    run = cluster.helm(verb, "bayplan", *chart, "--namespace", NAMESPACE, TIMEOUT, *arguments, check=False)
    return run.stdout + run.stderr


def test_a_first_installation_brings_a_running_operator_and_the_default_policy(release: Cluster) -> None:
    deployment = get(release, "deployment", "bayplan-operator", "--namespace", NAMESPACE)
    assert deployment["status"]["availableReplicas"] == 1
    spec = get(release, "placementpolicy", "default")["spec"]
    assert spec["binding"] == "Scheduler"
    assert not {"preset", "order", "scorers", "planner"} & set(spec), "none of these stands for the preset Auto"
    priority = get(release, "priorityclass", "bayplan")
    assert (priority["value"], priority["preemptionPolicy"]) == (0, "Never")


def test_an_upgrade_takes_the_default_policy_over_and_changes_it(release: Cluster) -> None:
    before = get(release, "placementpolicy", "default")["metadata"]["uid"]
    for binding in ("Direct", "Scheduler"):
        said = helm(release, "upgrade", "--reuse-values", "--wait", "--set", f"defaultPolicy.spec.binding={binding}")
        assert "STATUS: deployed" in said
        policy = get(release, "placementpolicy", "default")
        assert policy["spec"]["binding"] == binding
        assert policy["metadata"]["uid"] == before, "graphs must not lose their policy even for a moment"
    helm(release, "uninstall", "--wait")
    assert not exists(release, "placementpolicy", "default")


def test_the_operator_can_be_left_to_run_outside_the_cluster(release: Cluster) -> None:
    said = helm(release, "upgrade", "--reuse-values", "--wait", "--set", "operator.replicas=0")
    assert f"bayplan operator --lease-namespace {NAMESPACE}" in said
    deployment = get(release, "deployment", "bayplan-operator", "--namespace", NAMESPACE)
    assert deployment["spec"]["replicas"] == 0
    assert exists(release, "clusterrolebinding", "bayplan-operator")


def test_uninstalling_runs_the_hook_and_keeps_graphs(release: Cluster) -> None:
    release.kubectl("create", "--filename", "-", input=json.dumps(GRAPH))
    assert 'release "bayplan" uninstalled' in helm(release, "uninstall", "--wait")
    wait_for(lambda: "Completed" in [event["reason"] for event in events_of_jobs(release)], "the hook's job has ended well")
    assert exists(release, "taskgraph", "kept")
    for gone in (
        ("deployment", "bayplan-operator", "--namespace", NAMESPACE),
        ("clusterrole", "bayplan-operator"),
        ("priorityclass", "bayplan"),
        ("job", "bayplan-release", "--namespace", NAMESPACE),
    ):
        assert not exists(release, *gone), gone
    assert "STATUS: deployed" in helm(release, "install", "--wait", "--set-string", HOOK_ENDS)
    assert exists(release, "taskgraph", "kept")
    assert exists(release, "placementpolicy", "default")


def test_a_hook_that_cannot_finish_stops_the_uninstallation_unless_it_is_skipped(release: Cluster) -> None:
    endless = ("--set", "hooks.release.timeoutSeconds=2", "--set-string", HOOK_ENDS.replace("0.1", "100"))
    helm(release, "upgrade", "--reuse-values", "--wait", *endless)
    said = helm(release, "uninstall")
    assert f"Job/{NAMESPACE}/bayplan-release not ready. status: Failed" in said
    assert exists(release, "clusterrole", "bayplan-operator")
    assert 'release "bayplan" uninstalled' in helm(release, "uninstall", "--no-hooks", "--wait")
    assert not exists(release, "clusterrole", "bayplan-operator")


def test_without_the_hook_uninstalling_starts_no_job(release: Cluster) -> None:
    helm(release, "upgrade", "--reuse-values", "--wait", "--set", "hooks.release.enabled=false")
    release.kubectl("delete", "events", "--all", "--namespace", NAMESPACE)
    assert 'release "bayplan" uninstalled' in helm(release, "uninstall", "--wait")
    assert [event["reason"] for event in events_of_jobs(release)] == []
