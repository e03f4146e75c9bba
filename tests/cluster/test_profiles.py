"""What is learned of tasks: it orders them, outlives the operator, and is counted once."""

from __future__ import annotations

import time

import pytest
from kubernetes.client.exceptions import ApiException

from bayplan.knowledge.run_times import RunTimes, TaskRun
from bayplan_operator.translate.task_profile import read
from tests.cluster.kube import GROUP, VERSION, Kube, Object, task
from tests.testbed.cluster import Cluster
from tests.testbed.installation import OperatorProcess


def edit(kube: Kube, profile: Object, status: Object) -> None:
    kube.custom.patch_namespaced_custom_object_status(
        GROUP, VERSION, kube.namespace, "taskprofiles", profile["metadata"]["name"], {"status": status}
    )


def settled(kube: Kube) -> dict[str, Object]:
    """The profiles once nothing has been written for longer than the interval between two writes."""
    last, since = kube.profiles(), time.monotonic()
    while time.monotonic() < since + 7:
        time.sleep(0.5)
        now = kube.profiles()
        if {name: each["metadata"]["resourceVersion"] for name, each in now.items()} != {
            name: each["metadata"]["resourceVersion"] for name, each in last.items()
        }:
            last, since = now, time.monotonic()
    return last


def test_people_read_what_was_learned(kube: Kube, testbed: Cluster) -> None:
    report = {"sim.bayplan.dev/message": '{"accuracy": 0.75, "note": "fine"}'}
    kube.create("nightly-1", task("fit", seconds=2, annotations=report), task("eval", "fit"), profile="nightly")
    profile = kube.wait_learned("nightly/fit", 1)
    status = profile["status"]
    assert status["best"] == "cpu-large"
    (pod,) = kube.pods("nightly-1", "fit")
    ran = pod.status.container_statuses[0].state.terminated
    took = (ran.finished_at - ran.started_at).total_seconds()  # whole seconds; not less than 2, and on a busy machine more
    # After one run the median still leans on the other tasks of the cluster, the mean of its runs does not.
    assert 0.4 * took < float(status["p50"].removesuffix("s")) < 2.5 * took
    assert float(status["p95"].removesuffix("s")) > float(status["p50"].removesuffix("s"))
    (where,) = status["nodeClasses"]
    figures = {each["name"]: each for each in where["figures"]}
    assert set(figures) == {"response", "run", "start", "success", "cost", "reported.accuracy"}
    assert figures["reported.accuracy"]["mean"] == "0.75"
    assert abs(float(figures["run"]["mean"]) - took) <= 1.0
    kube.wait_learned("nightly/eval", 1)
    lines = testbed.kubectl("get", "taskprofiles", "--namespace", kube.namespace).stdout.splitlines()
    assert lines[0].split() == ["NAME", "FAMILY", "TASK", "RUNS", "P50", "P95", "BEST", "LAST", "AGE"]
    (fit,) = [line.split() for line in lines if " fit " in line]
    assert fit[1:4] == ["nightly", "fit", "1"]
    assert fit[6] == "cpu-large"


def test_an_operator_started_anew_knows_the_same_to_the_last_bit(kube: Kube, operator: OperatorProcess) -> None:
    for number in range(3):
        kube.create(f"g{number}", task("a", seconds=1 + number), task("b", seconds=2, inputSize=f"{number + 1}Gi"), profile="f")
    kube.wait_learned("f/a", 3)
    kube.wait_learned("f/b", 3)
    before = settled(kube)
    operator.restart()
    operator.wait_until_leading()
    kube.create("later", task("a", seconds=2), profile="f")
    kube.wait_learned("f/a", 4)
    after = settled(kube)
    assert after["f/b"]["status"] == before["f/b"]["status"]
    assert after["f/b"]["metadata"]["resourceVersion"] == before["f/b"]["metadata"]["resourceVersion"], "nothing new, no write"
    took = figure(after["f/a"], "run")
    earlier = figure(before["f/a"], "run")
    seconds = round(float(took["mean"]) * 4 - float(earlier["mean"]) * 3, 2)
    cell = read(before["f/a"]).evidence["cpu-large"]
    grown = RunTimes(remembered=0.98)
    grown.restore("a", "f", {"last": 0.0, "nodeClasses": [{"nodeClass": "cpu-large", **cell.as_plain()}]})
    grown.observe(TaskRun("a", "f", "cpu-large"), seconds, 1.0)
    assert read(after["f/a"]).evidence["cpu-large"] == grown.evidence("a", "f")["cpu-large"]


def figure(profile: Object, name: str) -> Object:
    (found,) = [each for each in profile["status"]["nodeClasses"][0]["figures"] if each["name"] == name]
    return dict(found)


def test_every_run_counts_once_whenever_the_operator_is_killed(kube: Kube, operator: OperatorProcess) -> None:
    for number in range(4):
        kube.create(f"g{number}", *(task(f"t{n}", seconds=0.5 + n * 0.7, profile="same") for n in range(6)), profile="f")
    for _ in range(5):
        time.sleep(1.3)
        operator.restart()
    operator.wait_until_leading()
    for number in range(4):
        kube.wait_condition(f"g{number}", "Complete")
    kube.wait_learned("f/same", 24)
    assert settled(kube)["f/same"]["status"]["runs"] == 24


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"inputSize": "0Gi"}, "must be a quantity above 0"),
        ({"inputSize": "much"}, "must be a quantity above 0"),
        ({"expectedDuration": "0s"}, "must be a duration longer than zero"),
        ({"profile": "Not A Name"}, "must consist of lower case letters"),
    ],
)
def test_hints_and_names_that_make_no_sense_are_refused_by_the_api_server(kube: Kube, fields: Object, words: str) -> None:
    with pytest.raises(ApiException, match=words):
        kube.create("g", task("a", **fields))


def test_the_schema_refuses_most_nonsense_at_once(kube: Kube) -> None:
    kube.create("g", task("a", seconds=1), profile="f")
    good = kube.wait_learned("f/a", 1)
    for status in ({"runs": "many"}, {"runs": -1}, {"countedUntil": "soon"}):
        with pytest.raises(ApiException) as refused:
            edit(kube, good, status)
        assert refused.value.status == 422
    with pytest.raises(ApiException, match="family and task cannot change"):
        kube.custom.patch_namespaced_custom_object(
            GROUP, VERSION, kube.namespace, "taskprofiles", good["metadata"]["name"], {"spec": {"family": "other"}}
        )
