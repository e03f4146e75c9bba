"""The figures of a report: attempts, bounds, utilisation, makespan."""

from __future__ import annotations

import msgspec
import pytest

from bayplan.model.workload import NodeInfo
from bayplan_operator.views.graphs.usage import is_gpu, usage
from bayplan_operator.views.model.attempt import FAILED, LOST, RUNNING, STARTING, SUCCEEDED, PodAttempt
from tests.unit.cli import sample


def test_times_count_from_when_the_graph_was_accepted() -> None:
    report = sample.report()
    assert [(task.name, task.start, task.duration) for task in report.tasks] == [
        ("prepare", 0.0, 2.0),
        ("train", 2.0, 4.0),
        ("check", 8.0, 2.0),
    ]
    assert report.makespan == 10.0


def test_every_pod_is_an_attempt_and_says_why_it_is_there() -> None:
    attempts = [each for each in sample.report().attempts if each.task == "train"]
    assert [(each.shard, each.number, each.node, each.outcome, each.start, each.end) for each in attempts] == [
        (0, 1, "gpu-0", SUCCEEDED, 2.0, 6.0),
        (1, 1, "gpu-0", FAILED, 2.0, 3.0),
        (1, 2, "gpu-1", SUCCEEDED, 4.0, 8.0),
    ]
    assert {each.why for each in attempts} == {"best fit for train"}
    assert attempts[1].message == "Error, exit code 1, bad batch"


def test_what_has_become_of_pods_that_are_gone_stands_in_the_record() -> None:
    attempts = sample.report(pods=()).attempts
    assert [(each.task, each.shard, each.number, each.node, each.start, each.end) for each in attempts] == [
        ("prepare", 0, 1, "cpu-0", 0.0, 2.0),
        ("train", 0, 1, "gpu-0", 2.0, 6.0),
        ("train", 1, 2, "gpu-1", 4.0, 8.0),
        ("check", 0, 1, "cpu-0", 8.0, 10.0),
    ]


def test_the_records_times_are_finer_than_the_pods() -> None:
    graph = sample.raw(("prepare Succeeded 1/0 cpu-0 0.2+1.95", *sample.SUCCEEDED[1:]), **sample.over())
    first = sample.report(graph).attempts[0]
    assert (first.start, first.end, first.why) == (0.2, 2.15, "best fit for prepare")


def test_pods_of_another_graph_of_that_name_do_not_count() -> None:
    other = sample.pod("check", 0, 9, "cpu-9", "Succeeded", 1, 2, owner_uid="another")
    assert sample.report(pods=(*sample.PODS, other)) == sample.report()


def test_an_eviction_is_no_failure() -> None:
    evicted = sample.pod("check", 0, 1, "cpu-0", "Failed", 8, 9, exit_code=137, disrupted="DeletionByTaintManager")
    assert sample.report(pods=(evicted,)).attempts[-1].outcome == LOST


def test_a_pod_that_does_not_run_yet_is_starting_and_one_that_was_given_up_is_lost() -> None:
    pods = (
        sample.pod("train", 0, 1, "gpu-0", "Running", 2),
        sample.pod("train", 1, 1, "gpu-1", "Running", 2),  # the record has decided about it
        sample.pod("train", 1, 2, "gpu-1", "Pending", 2),
    )
    attempts = sample.report(sample.raw(sample.RUNNING, **sample.running()), pods).attempts
    outcomes = [each.outcome for each in attempts if each.task == "train"]
    assert outcomes == [RUNNING, LOST, STARTING]


def test_the_bound_uses_the_longest_shard_and_measured_durations() -> None:
    bound = sample.report().bound
    assert bound is not None
    assert (bound.seconds, bound.measured, bound.remaining) == (8.0, True, 0.0)
    assert bound.critical_path == ("prepare", "train", "check")


def test_while_the_graph_runs_hints_stand_in() -> None:
    graph = sample.raw(sample.RUNNING, **sample.running())
    report = sample.report(graph, now=sample.EPOCH + 4)
    assert report.bound is not None
    # prepare took 2; one shard of train has run for 2 of 10, the other is yet to run its 10; check is expected to take 3.
    assert (report.bound.seconds, report.bound.measured, report.bound.remaining) == (15.0, False, 13.0)
    assert report.makespan == 4.0
    assert not report.over


def test_a_node_is_shared_out_by_what_was_asked_and_for_how_long() -> None:
    attempts = (
        PodAttempt("a", 0, 1, "n", SUCCEEDED, 0.0, 5.0),
        PodAttempt("a", 1, 1, "n", RUNNING, 5.0, None),
        PodAttempt("b", 0, 1, "n", FAILED, 9.0, 10.0),
        PodAttempt("b", 0, 2, "m", STARTING),
    )
    requests = {"a": {"cpu": 1000, "memory": 50, "amd.com/gpu": 1}, "b": {"cpu": 2000}}
    nodes = {"n": NodeInfo("n", {"cpu": 4000, "memory": 100, "amd.com/gpu": 2})}
    (use,) = usage(attempts, requests, nodes, 10.0)
    assert (use.name, use.attempts, use.cpu, use.memory, use.gpu) == ("n", 3, 0.3, 0.5, 0.5)
    assert use.resource == "gpu"
    assert set(use.timeline) == {0.5}


@pytest.mark.parametrize(
    ("resource", "counts"),
    [
        ("nvidia.com/gpu", True),
        ("amd.com/gpu", True),
        ("nvidia.com/mig-1g.5gb", True),
        ("nvidia.com/gpu.shared", True),
        ("cpu", False),
        ("gpu", False),
        ("example.com/fpga", False),
    ],
)
def test_what_counts_as_a_gpu(resource: str, counts: bool) -> None:
    assert is_gpu(resource) is counts


def test_json_holds_the_same_figures_in_kubernetes_spelling() -> None:
    report = sample.report()
    figures = msgspec.json.decode(msgspec.json.encode(report))
    assert figures["makespan"] == 10.0
    assert figures["bound"]["criticalPath"] == ["prepare", "train", "check"]
    assert figures["retries"] == 1
    assert figures["otherNodes"] == 1
    assert figures["tasks"][1]["shards"][1] == {
        "state": "Succeeded", "node": "gpu-1", "attempts": 2, "failures": 1, "start": 4.0, "duration": 4.0
    }  # fmt: skip
    assert msgspec.convert(figures, type(report), strict=False) == report
