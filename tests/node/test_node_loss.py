"""A real node whose power is cut."""

from __future__ import annotations

from tests.node.conftest import NODES
from tests.node.graphs import Graphs, terminated

# The first attempt of each shard would run for a long time; only where it is lost, a second one comes, and ends soon.
TASKS = """
- name: train
  shards: 2
  args: ['test "$BAYPLAN_INCARNATION" -ge 2 || sleep $((20 + 600 * (1 - JOB_COMPLETION_INDEX)))']
- {name: evaluate, dependsOn: [{task: train}], args: ["true"]}
"""


def test_what_ran_on_a_lost_node_is_replaced_on_the_other(graphs: Graphs) -> None:
    graphs.apply("robust", TASKS)
    graphs.wait(lambda: [entry.state for entry in graphs.entries("robust", "train")] == ["Running"] * 2, "both shards run")
    lost, other = (entry.node for entry in graphs.entries("robust", "train"))
    assert {lost, other} == set(NODES)
    assert lost is not None
    graphs.testbed.kill_node(lost)
    assert not graphs.testbed.nodes[lost].commands()

    graphs.ended("robust", "Complete")
    replaced, untouched = graphs.entries("robust", "train")
    assert (replaced.state, replaced.attempts, replaced.failures, replaced.node) == ("Succeeded", 2, 0, other)
    assert (untouched.state, untouched.attempts, untouched.failures, untouched.node) == ("Succeeded", 1, 0, other)
    told = f"task train: node {lost} was lost"
    graphs.wait(lambda: told in graphs.kubectl("get", "events", "--output=jsonpath={.items[*].message}"), f"the event {told!r}")

    # Deleted without force: only the node itself can say that nothing of it runs any more.
    [given_up] = [pod for pod in graphs.pods("robust", "train") if pod["spec"]["nodeName"] == lost]
    assert "deletionTimestamp" in given_up["metadata"]
    graphs.testbed.revive_node(lost)
    graphs.wait(lambda: len(graphs.pods("robust", "train")) == 2, "the attempt that was given up is gone")
    assert [terminated(pod)["exitCode"] for pod in graphs.pods("robust", "train")] == [0, 0]


def test_a_node_that_came_back_takes_pods_again(graphs: Graphs) -> None:
    lost = NODES[0]
    graphs.testbed.kill_node(lost)
    graphs.testbed.revive_node(lost)
    only_there = f"template: {{spec: {{nodeSelector: {{kubernetes.io/hostname: {lost}}}}}}}"
    graphs.apply("return", f'[{{name: here, args: ["true"], {only_there}}}]')
    graphs.ended("return", "Complete")
    assert graphs.entries("return", "here")[0].node == lost
