"""Real containers that fail, and what the graph says about it."""

from __future__ import annotations

import re

import pytest

from tests.node.graphs import Graphs, instant, terminated


def test_an_exit_code_is_retried_with_back_off_and_then_told(graphs: Graphs) -> None:
    tasks = """
    - {name: train, args: ['echo "loss is NaN" > /dev/termination-log; exit 3']}
    - {name: after, dependsOn: [{task: train}], args: ["true"]}
    """
    graphs.apply("unlucky", tasks, retry={"limit": 2, "backoff": {"initial": "2s", "factor": 2, "cap": "1m"}})
    message = graphs.ended("unlucky", "Failed")
    pattern = r"task train failed on node real-[01] with exit code 3, after 3 failed attempts: Error: loss is NaN"
    assert re.fullmatch(pattern, message), message
    pods = graphs.pods("unlucky", "train")
    assert [terminated(pod)["exitCode"] for pod in pods] == [3, 3, 3]
    ends = [instant(terminated(pod)["finishedAt"]) for pod in pods]
    starts = [instant(pod["metadata"]["creationTimestamp"]) for pod in pods]
    # Waits of 2 and 4 s; the times have whole seconds.
    assert starts[1] - ends[0] >= 1
    assert starts[2] - ends[1] >= 3
    entry = graphs.entries("unlucky", "train")[0]
    assert (entry.state, entry.attempts, entry.failures) == ("Failed", 3, 3)
    assert [entry.state for entry in graphs.entries("unlucky", "after")] == ["Skipped"]


def test_a_task_that_succeeds_at_last_does_not_fail_the_graph(graphs: Graphs) -> None:
    tasks = """[{name: flaky, args: ['test "$BAYPLAN_INCARNATION" -ge 2']}]"""
    graphs.apply("persistent", tasks, retry={"limit": 1, "backoff": {"initial": "1s"}})
    graphs.ended("persistent", "Complete")
    entry = graphs.entries("persistent", "flaky")[0]
    assert (entry.state, entry.attempts, entry.failures) == ("Succeeded", 2, 1)


def test_too_much_memory_is_told_as_such(graphs: Graphs) -> None:
    tasks = """
    - name: greedy
      args: ["dd if=/dev/zero of=/dev/null bs=200M count=1"]
      template: {spec: {containers: [{name: main, resources: {limits: {memory: 24Mi}}}]}}
    """
    graphs.apply("hungry", tasks, retry={"limit": 0})
    message = graphs.ended("hungry", "Failed")
    assert re.fullmatch(r"task greedy failed on node real-[01] with exit code 137: OOMKilled", message), message


@pytest.mark.parametrize(
    ("image", "policy", "reasons"),
    [
        ("bayplan.dev/absent:1", "Never", "ErrImageNeverPull"),
        ("127.0.0.1:9/absent:1", "IfNotPresent", "ErrImagePull|ImagePullBackOff"),  # nobody listens there
    ],
    ids=["not on the node", "registry out of reach"],
)
def test_a_missing_image_fails_the_graph_once_it_lasts(graphs: Graphs, image: str, policy: str, reasons: str) -> None:
    tasks = f"""
    - name: lost
      args: ["true"]
      template: {{spec: {{containers: [{{name: main, image: "{image}", imagePullPolicy: {policy}}}]}}}}
    """
    graphs.apply("imageless", tasks, retry={"limit": 0})
    message = graphs.ended("imageless", "Failed")
    assert re.match(rf"task lost failed on node real-[01]: ({reasons}): ", message), message
    assert image in message
    graphs.wait(lambda: _none_runs(graphs), "the pod that cannot start is taken away")


def _none_runs(graphs: Graphs) -> bool:
    return all(pod["status"]["phase"] in ("Succeeded", "Failed") for pod in graphs.pods("imageless"))
