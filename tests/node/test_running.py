"""Graphs of real commands."""

from __future__ import annotations

from tests.node.conftest import NODES
from tests.node.graphs import PATIENCE, Graphs, instant, terminated

CHAIN = """
- {name: collect, args: ["echo collected > /dev/termination-log"]}
- name: analyse
  dependsOn: [{task: collect}]
  shards: 4
  args: ['echo "$BAYPLAN_TASK $JOB_COMPLETION_INDEX/$BAYPLAN_SHARDS" > /dev/termination-log; sleep 1']
- {name: aggregate, dependsOn: [{task: analyse}], args: ["true"]}
"""


def test_a_graph_of_shards_runs_on_both_nodes(graphs: Graphs) -> None:
    graphs.apply("chain", CHAIN)
    assert graphs.ended("chain", "Complete") == "all 3 tasks have succeeded"
    shards = graphs.pods("chain", "analyse")
    assert [terminated(pod)["message"].strip() for pod in shards] == [f"analyse {shard}/4" for shard in range(4)]
    assert {pod["spec"]["nodeName"] for pod in shards} == set(NODES)
    collect, aggregate = (terminated(graphs.pods("chain", task)[0]) for task in ("collect", "aggregate"))
    assert collect["message"].strip() == "collected"
    starts = [instant(terminated(pod)["startedAt"]) for pod in shards]
    ends = [instant(terminated(pod)["finishedAt"]) for pod in shards]
    assert instant(collect["finishedAt"]) <= min(starts)
    assert max(ends) <= instant(aggregate["startedAt"])
    assert [(e.state, e.attempts, e.failures, e.node) for e in graphs.entries("chain", "analyse")] == [
        ("Succeeded", 1, 0, pod["spec"]["nodeName"]) for pod in shards
    ]
    assert graphs.status("chain")["progress"] == "3/3"
    assert all("finalizers" not in pod["metadata"] for pod in graphs.pods("chain"))


def test_kubectl_logs_reaches_the_container(graphs: Graphs) -> None:
    graphs.apply("talk", '[{name: say, args: ["echo Hello from $BAYPLAN_TASK"]}]')
    graphs.ended("talk", "Complete")
    assert graphs.kubectl("logs", "--selector=bayplan.dev/task=say") == "Hello from say\n"


def test_deleting_a_running_graph_ends_its_containers(graphs: Graphs) -> None:
    # An own number of seconds, by which the processes are told from all others.
    graphs.apply("endless", '[{name: idle, shards: 2, args: ["sleep 731973"]}]')

    def sleeping() -> list[str]:
        return [command for node in graphs.testbed.nodes for command in node.commands() if "731973" in command]

    graphs.wait(lambda: len(sleeping()) == 2, "both containers run")
    assert len(graphs.kubectl("get", "pods", "--output=name").split()) == 2
    graphs.kubectl("delete", "taskgraph", "endless", f"--timeout={PATIENCE:.0f}s")
    graphs.wait(lambda: not sleeping(), "the containers have ended")
    graphs.wait(lambda: not graphs.kubectl("get", "pods", "--output=name"), "no pod is left, so no finalizer either")


def test_a_success_within_the_grace_period_counts_and_the_graph_resumes(graphs: Graphs) -> None:
    # On SIGTERM it brings its work to an end, and says so; nobody is in a hurry.
    tasks = """
    - name: work
      args: ['trap "sleep 1; echo finished early > /dev/termination-log; exit 0" TERM; echo at work; sleep 600 & wait']
      template: {spec: {terminationGracePeriodSeconds: 60}}
    - {name: after, dependsOn: [{task: work}], args: ["true"]}
    """
    graphs.apply("pausing", tasks)
    graphs.wait(lambda: _states(graphs, "work") == ["Running"], "work runs")
    graphs.wait(lambda: graphs.kubectl("logs", "--selector=bayplan.dev/task=work") == "at work\n", "it has set its trap")
    graphs.kubectl("patch", "taskgraph", "pausing", "--type=merge", '--patch={"spec": {"suspend": true}}')
    graphs.wait(lambda: _states(graphs, "work") == ["Succeeded"], "work has succeeded")
    assert graphs.condition("pausing", "Suspended")
    entry = graphs.entries("pausing", "work")[0]
    assert (entry.attempts, entry.failures) == (1, 0)
    assert not graphs.pods("pausing", "after")
    graphs.kubectl("patch", "taskgraph", "pausing", "--type=merge", '--patch={"spec": {"suspend": false}}')
    graphs.ended("pausing", "Complete")
    assert graphs.condition("pausing", "Suspended") is None


def _states(graphs: Graphs, task: str) -> list[str]:
    return [entry.state for entry in graphs.entries("pausing", task)]
