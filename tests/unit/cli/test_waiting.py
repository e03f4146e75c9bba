"""Why tasks wait, and what is told of changes."""

from __future__ import annotations

from bayplan_operator.cli.text.changes import changes
from bayplan_operator.views.graphs import waiting
from tests.unit.cli import sample

TWO = "NoSuchNode: task huge (and 3 more): 0/3 nodes: 2 are too small, 1 cordoned; NoCapacity: task big: 0/3 nodes; 1 is full"


def test_the_sentences_of_the_condition_are_told_apart() -> None:
    assert waiting.said(TWO) == {
        "huge": "NoSuchNode: 0/3 nodes: 2 are too small, 1 cordoned",
        "big": "NoCapacity: 0/3 nodes; 1 is full",
    }
    assert waiting.said("") == {}


def _train(message: str, after: float, line: str = "train Ready 1/1 >5 | Ready 1/1 >10") -> str:
    graph = sample.raw((sample.RUNNING[0], line, "check Pending"), **sample.running(message))
    return sample.report(graph, (), now=sample.EPOCH + after).tasks[1].waiting


def test_a_task_backs_off_until_its_next_attempt_is_due() -> None:
    failed = "BackingOff: task train (and 1 more): failed on node gpu-0: Error"
    assert _train(failed, 3.5) == "BackingOff: tried again in 1.5s; failed on node gpu-0: Error"
    assert _train("", 3.5) == "BackingOff: tried again in 1.5s"
    assert _train(failed, 6) == ""


def test_a_task_that_is_not_named_waits_for_the_only_reason_there_is() -> None:
    assert _train("NoCapacity: task train: 0/4 nodes", 6) == "NoCapacity: 0/4 nodes"
    assert _train("NoCapacity: task other (and 2 more): 0/4 nodes", 6) == "NoCapacity, as task other"
    assert _train(TWO, 6) == ""


def test_a_task_whose_pods_are_on_their_way() -> None:
    assert _train("", 6, "train Binding 1/0 gpu-0 | Binding 1/0 gpu-1") == "Binding: starts on gpu-0, gpu-1"


def test_a_gate_that_another_program_put_on_is_told_and_not_only_that_the_pod_is_on_its_way() -> None:
    gated = "SchedulingGated: task train (and 1 more): its pod for node gpu-0 waits until scheduling gate q is taken off"
    binding = "train Binding 1/0 gpu-0 | Binding 1/0 gpu-1"
    assert _train(gated, 6, binding) == "SchedulingGated: its pod for node gpu-0 waits until scheduling gate q is taken off"
    assert _train(gated.replace("task train", "task other"), 6, binding) == "SchedulingGated, as task other"
    assert _train("NoCapacity: task other: 0/4 nodes", 6, binding) == "Binding: starts on gpu-0, gpu-1"


def test_changes_are_told_once() -> None:
    before = sample.report(sample.raw((), summary="Waiting", progress="0/3"), (), now=sample.EPOCH + 1)
    graph = sample.raw(sample.RUNNING, **sample.running())
    pods = (sample.PODS[0], sample.pod("train", 0, 1, "gpu-0", "Running", 2), sample.PODS[2])
    during = sample.report(graph, pods, now=sample.EPOCH + 4)
    assert list(changes(None, before)) == []
    assert list(changes(before, during)) == [
        "     4s  train shard 1: attempt 1 failed on gpu-0: Error, exit code 1, bad batch",
        "     4s  prepare: Succeeded on cpu-0   [1/3 tasks]",
        "     4s  train: Running 1/2 on gpu-0   [1/3 tasks]",
    ]
    assert list(changes(during, during)) == []
    assert list(changes(during, sample.report())) == [
        "    10s  train: Succeeded 2/2 on gpu-0, gpu-1   [3/3 tasks]",
        "    10s  check: Succeeded on cpu-0   [3/3 tasks]",
    ]


def test_the_graphs_failure_is_told_first() -> None:
    failed = sample.report(sample.raw(**sample.over("Failed", "task train failed")))
    assert list(changes(sample.report(), failed)) == ["    10s  task train failed"]
