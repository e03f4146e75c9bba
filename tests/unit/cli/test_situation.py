"""What plans read of a cluster, and how much of it a user has to be allowed to list."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bayplan_operator.cli.cluster.situation import Situation, read_situation
from bayplan_operator.cli.options.cluster import ClusterOptions
from bayplan_operator.kube import errors, paths
from tests.unit.cli.api_server import FORBIDDEN, GRAPHS, TEAM_GRAPHS, Api, api, kubeconfig
from tests.unit.cli.test_plan_line import DEFAULT, NODE, there
from tests.unit.cli.test_plan_quotas import pod, queue


@pytest.fixture
def cluster() -> Iterator[Api]:
    with api() as found:
        found.has(paths.NODES, NODE)
        gated = pod("gated", "1")
        gated["spec"] = {**gated["spec"], "nodeName": "", "schedulingGates": [{"name": "bayplan.dev/placement"}], "more": 1}
        found.has(paths.PODS, pod("p", "1"), gated, pod("own", "1", of="u"))
        found.has(paths.PLACEMENT_POLICIES, DEFAULT)
        found.has(paths.QUEUES, queue("q", "2"))
        found.has(paths.TASK_PROFILES)
        found.has(GRAPHS, there("a", 0), there("b", 0, "other"))
        found.has(TEAM_GRAPHS, there("a", 0))
        yield found


def read(cluster: Api, folder: Path, *, whole: bool = False) -> Situation:
    options = ClusterOptions(kubeconfig=kubeconfig(folder, cluster.url), context="near")
    return asyncio.run(read_situation(options, "", whole=whole))


@pytest.mark.parametrize("whole", [False, True])
def test_all_of_it(cluster: Api, tmp_path: Path, whole: bool) -> None:
    found = read(cluster, tmp_path, whole=whole)
    assert [each.metadata.name for each in found.nodes] == ["n"]
    assert [each.metadata.name for each in found.pods] == ["p", "gated", "own"]
    assert [(each.metadata.name, raw["spec"]["more"]) for each, raw in found.gated] == [("gated", 1)]
    assert found.queues is not None
    assert found.graphs is not None
    assert [each["metadata"]["name"] for each in found.graphs] == ["a", "b"]
    assert (found.profiles, found.namespaces, found.looked_in) == ([], [], None)


PARTS = {paths.QUEUES: "queues", paths.TASK_PROFILES: "profiles", paths.NAMESPACES: "namespaces"}


@pytest.mark.parametrize("path", PARTS)
def test_a_plan_goes_without_what_may_not_be_listed(path: str, cluster: Api, tmp_path: Path) -> None:
    cluster.refuses(path, 403, FORBIDDEN)
    found = read(cluster, tmp_path)
    assert [name for name in PARTS.values() if getattr(found, name) is None] == [PARTS[path]]


def test_graphs_of_one_namespace_are_better_than_none(cluster: Api, tmp_path: Path) -> None:
    cluster.refuses(GRAPHS, 403, FORBIDDEN)
    found = read(cluster, tmp_path)
    assert found.graphs is not None
    assert ([each["metadata"]["name"] for each in found.graphs], found.looked_in) == (["a"], "team")
    cluster.refuses(TEAM_GRAPHS, 403, FORBIDDEN)
    assert read(cluster, tmp_path).graphs is None


@pytest.mark.parametrize("path", [paths.NODES, paths.PODS, paths.PLACEMENT_POLICIES])
def test_no_plan_goes_without_nodes_pods_and_policies(path: str, cluster: Api, tmp_path: Path) -> None:
    cluster.refuses(path, 403, FORBIDDEN)
    with pytest.raises(errors.Forbidden):
        read(cluster, tmp_path)


@pytest.mark.parametrize("path", [paths.QUEUES, GRAPHS])
def test_who_would_be_evicted_needs_all_queues_and_graphs(path: str, cluster: Api, tmp_path: Path) -> None:
    cluster.refuses(path, 403, FORBIDDEN)
    with pytest.raises(errors.Forbidden):
        read(cluster, tmp_path, whole=True)


def test_of_kinds_that_are_not_installed_there_are_none(cluster: Api, tmp_path: Path) -> None:
    for path in (paths.QUEUES, paths.TASK_PROFILES, paths.PLACEMENT_POLICIES, GRAPHS, TEAM_GRAPHS):
        del cluster.answers[path]
    found = read(cluster, tmp_path)
    assert [found.queues, found.profiles, found.policies, found.graphs] == [(), (), (), ()]


def test_an_account_that_the_cluster_does_not_know_is_refused_at_once(cluster: Api, tmp_path: Path) -> None:
    cluster.refuses(paths.QUEUES, errors.UNAUTHORIZED, "Unauthorized")
    with pytest.raises(errors.Forbidden, match="does not accept the credentials"):
        read(cluster, tmp_path)
