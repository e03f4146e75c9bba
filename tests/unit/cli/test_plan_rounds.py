"""A plan on a cluster expects as many rounds as its TaskProfiles say that earlier graphs took."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bayplan_operator import names
from bayplan_operator.kube import paths
from tests.unit.cli.api_server import Api, api, kubeconfig
from tests.unit.cli.whatif_files import run, run_json, write

GRAPH = """\
apiVersion: bayplan.dev/v1alpha1
kind: TaskGraph
metadata: {name: fl, namespace: team%(graph)s}
spec:
  profile: training
  rounds: {tasks: [local, evaluate], max: 30%(rounds)s}
  template: {spec: {containers: [{image: i, resources: {requests: {cpu: "1"}}}]}}
  tasks:
  - {name: local, shards: 2, expectedDuration: 2s}
  - name: evaluate
    dependsOn: [{task: local}]
    expectedDuration: 1s
    template: {metadata: {annotations: {%(evaluate)s}}, spec: {containers: [{image: i, resources: {requests: {cpu: "1"}}}]}}
"""
UNTIL = ', until: "evaluate.accuracy > 0.8"'
NODE = {
    "metadata": {"name": "n", "labels": {}},
    "status": {
        "allocatable": {"cpu": "8", "memory": "32Gi", "pods": "20"},
        "conditions": [{"type": "Ready", "status": "True"}],
    },
}


def profile(*rounds: str, task: str = "local") -> dict[str, Any]:
    return {
        "metadata": {"namespace": "team", "name": names.profile_name("training", task), "uid": "u", "resourceVersion": "1"},
        "spec": {"family": "training", "task": task},
        "status": {"rounds": list(rounds)},
    }


@pytest.fixture
def cluster() -> Iterator[Api]:
    with api() as found:
        found.has(paths.NODES, NODE)
        found.has(paths.PODS)
        found.has(paths.PLACEMENT_POLICIES)
        yield found


class Plan:
    """Asks for a plan of the graph on the cluster."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], server: Api) -> None:
        self.folder, self.capsys = folder, capsys
        self.flags = ("--policy", "BestFit", "--kubeconfig", kubeconfig(folder, server.url), "--context", "near")

    def file(self, rounds: str, graph: str, evaluate: str) -> Path:
        return write(self.folder, "g.yaml", GRAPH % {"graph": graph, "rounds": rounds, "evaluate": evaluate})

    def graph(self, rounds: str = UNTIL, graph: str = "", evaluate: str = "") -> dict[str, Any]:
        (found,) = run_json(self.capsys, "plan", "-f", self.file(rounds, graph, evaluate), *self.flags)["graphs"]
        return dict(found)

    def text(self) -> str:
        return run(self.capsys, "plan", "-f", self.file(UNTIL, "", ""), *self.flags)[1]


@pytest.fixture
def plan(tmp_path: Path, capsys: pytest.CaptureFixture[str], cluster: Api) -> Plan:
    return Plan(tmp_path, capsys, cluster)


def test_as_many_rounds_as_earlier_graphs_took(plan: Plan, cluster: Api) -> None:
    cluster.has(paths.TASK_PROFILES, profile("4", "5", "5"), profile("9", task="evaluate"))
    graph = plan.graph()
    assert (graph["rounds"], graph["ended"]) == (5, 15.0)
    assert graph["outlook"]["basis"] == "from hints only; rounds as learned: 4 to 5 in 3 graphs"
    assert 12.0 < graph["outlook"]["estimate"] < 30.0
    assert "in 5 rounds" in plan.text()
    assert "rounds as learned: 4 to 5 in 3 graphs" in plan.text()


@pytest.mark.parametrize("rounds", [(), ("7+", "9+")])
def test_where_nothing_ended_early_all_rounds_are_planned(plan: Plan, cluster: Api, rounds: tuple[str, ...]) -> None:
    cluster.has(paths.TASK_PROFILES, profile(*rounds))
    graph = plan.graph()
    assert (graph["rounds"], graph["outlook"]["basis"]) == (30, "from hints only, 30 rounds")


def test_the_annotation_wins_and_so_do_results_that_are_given(plan: Plan, cluster: Api) -> None:
    cluster.has(paths.TASK_PROFILES, profile("5"))
    graph = plan.graph(graph=', annotations: {sim.bayplan.dev/rounds: "8"}')
    assert (graph["rounds"], graph["outlook"]["basis"]) == (8, "from hints only, 8 rounds")
    results = """sim.bayplan.dev/results: '[{"accuracy": 0.4}, {"accuracy": 0.9}]'"""
    assert plan.graph(evaluate=results)["rounds"] == 2


def test_rounds_that_nothing_ends_early_are_as_many_as_are_written(plan: Plan, cluster: Api) -> None:
    cluster.has(paths.TASK_PROFILES, profile("5"))
    assert plan.graph(rounds="")["rounds"] == 30


def test_a_profile_that_may_not_be_read_or_makes_no_sense_is_done_without(plan: Plan, cluster: Api) -> None:
    cluster.refuses(paths.TASK_PROFILES, 403, "forbidden")
    assert plan.graph()["rounds"] == 30
    cluster.has(paths.TASK_PROFILES, profile("many"))
    assert plan.graph()["rounds"] == 30
