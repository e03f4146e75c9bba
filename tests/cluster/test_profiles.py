"""What is learned of tasks: it orders them, outlives the operator, and is counted once."""

from __future__ import annotations

import time
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from bayplan.prediction import Run, RunTimes
from bayplan_operator.translate.task_profile import read
from tests.cluster.kube import GROUP, VERSION, Kube, Object, task, wait_for, wait_still
from tests.testbed.cluster import Cluster
from tests.testbed.installation import OperatorProcess

WRITES = 'bayplan_api_writes_total{what="write profile"}'


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
    assert set(figures) == {"response", "run", "success", "cost", "reported.accuracy"}
    assert figures["reported.accuracy"]["mean"] == "0.75"
    assert abs(float(figures["run"]["mean"]) - took) <= 1.0
    kube.wait_learned("nightly/eval", 1)
    lines = testbed.kubectl("get", "taskprofiles", "--namespace", kube.namespace).stdout.splitlines()
    assert lines[0].split() == ["NAME", "FAMILY", "TASK", "RUNS", "P50", "P95", "BEST", "LAST", "AGE"]
    (fit,) = [line.split() for line in lines if " fit " in line]
    assert fit[1:4] == ["nightly", "fit", "1"]
    assert fit[6] == "cpu-large"


def foreseen(operator: OperatorProcess) -> float:
    parts = ("below", "inside", "above")
    return sum(operator.metric(f'bayplan_runs_foreseen_total{{within="{each}"}}') or 0.0 for each in parts)


def test_the_second_time_the_shorter_task_goes_first(kube: Kube, operator: OperatorProcess) -> None:
    kube.create_policy("by-time", order=["ShortestExpected"], nodeSelector={"kubernetes.io/hostname": "cpu-large-0"})
    try:
        for name, seconds in (("long", 5), ("short", 1)):
            kube.create(f"{name}-1", task("work", seconds=seconds, cpu="40"), policyName="by-time", profile=name)
        kube.wait_learned("long/work", 1)
        kube.wait_learned("short/work", 1)
        before = foreseen(operator)
        time.sleep(5)  # what was learned counts from the next renewal of predictions on
        kube.create("blocker", task("work", seconds=None, cpu="40"), policyName="by-time")
        blocker = kube.wait_running("blocker")
        for name, seconds in (("long", 5), ("short", 1)):
            kube.create(f"{name}-2", task("work", seconds=seconds, cpu="40"), policyName="by-time", profile=name)
            kube.wait_condition(f"{name}-2", "Waiting")
        kube.finish(*blocker)
        kube.wait_learned("long/work", 2)
        short, long = (kube.pods(f"{name}-2")[0].metadata.creation_timestamp for name in ("short", "long"))
        assert short < long
        assert foreseen(operator) >= before + 2
    finally:
        kube.delete_policy("by-time")


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
    grown.observe(Run("a", "f", "cpu-large"), seconds, 1.0)
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


def seen(profile: Object) -> list[Any]:
    status = profile["status"]
    classes = [(each["name"], each["runs"], each.get("sums"), each.get("figures")) for each in status["nodeClasses"]]
    return [status["runs"], status["counted"], classes]


def nonsense(kind: str) -> Object:
    if kind == "impossible sums":
        sums = {"runs": "3", "logs": "30", "logSquares": "1"}
        return {"nodeClasses": [{"name": "cpu-large", "runs": 3, "sums": sums}]}
    return {"counted": ["not a run"], "runs": 1_000_000}


@pytest.mark.parametrize("kind", ["impossible sums", "unreadable list"])
def test_nonsense_in_a_profile_is_told_ignored_and_overwritten(kube: Kube, testbed: Cluster, kind: str) -> None:
    kube.create("g", task("a", seconds=1), profile="f")
    good = kube.wait_learned("f/a", 1)
    edit(kube, good, nonsense(kind))
    events = wait_for(
        lambda: [each for each in kube.core.list_namespaced_event(kube.namespace).items if each.reason == "EditIgnored"],
        "an event tells of it",
    )
    assert events[0].involved_object.kind == "TaskProfile"
    assert ("sums.logSquares is 1" if kind == "impossible sums" else "status.counted[0] is not a run") in events[0].message
    # What is expected leans on all tasks, and those of other tests come and go; what was seen stays.
    wait_for(lambda: seen(kube.profiles()["f/a"]) == seen(good), "it is written anew")
    assert kube.profiles()["f/a"]["spec"] == good["spec"]


def test_nonsense_found_at_the_start_is_told_and_the_task_learned_anew(kube: Kube, operator: OperatorProcess) -> None:
    kube.create("g", task("a", seconds=1), profile="f")
    good = kube.wait_learned("f/a", 1)
    operator.kill()
    edit(kube, good, nonsense("impossible sums"))
    operator.restart()
    operator.wait_until_leading()

    def told() -> Any:
        conditions = kube.profiles()["f/a"]["status"].get("conditions", [])
        return next((each for each in conditions if each["status"] == "False"), None)

    said = wait_for(told, "a condition tells of it")
    assert said["type"] == "Accepted"
    assert "status.nodeClasses[0] (cpu-large): sums.logSquares is 1" in said["message"]
    kube.create("h", task("a", seconds=1), profile="f")
    wait_for(lambda: told() is None, "it is overwritten with what was learned since")


def test_deleting_a_profile_forgets_the_task(kube: Kube, operator: OperatorProcess) -> None:
    kube.create("g", task("a", seconds=1, shards=3), profile="f")
    name = kube.wait_learned("f/a", 3)["metadata"]["name"]
    settled(kube)
    before = wait_still(lambda: operator.metric("bayplan_profiles") or 0.0, "how many profiles there are")
    kube.custom.delete_namespaced_custom_object(GROUP, VERSION, kube.namespace, "taskprofiles", name)
    wait_for(lambda: (now := operator.metric("bayplan_profiles")) is not None and now < before, "the operator has forgotten it")
    kube.create("h", task("a", seconds=1), profile="f")
    assert kube.wait_learned("f/a", 1)["status"]["runs"] == 1


def test_writes_of_profiles_are_few(kube: Kube, operator: OperatorProcess) -> None:
    settled(kube)
    before, began = operator.metric(WRITES) or 0.0, time.monotonic()
    others = (task(f"t{n}", seconds=1) for n in range(40))
    kube.create("g", task("a", seconds=1, shards=200, cpu="2"), *others, profile="f")
    kube.wait_condition("g", "Complete")
    kube.wait_learned("f/a", 200)
    wait_for(lambda: len(kube.profiles()) == 41, "all of them are written")
    settled(kube)
    passed = time.monotonic() - began
    writes = (operator.metric(WRITES) or 0.0) - before
    # Ten more for writes that a busy machine had to try again; each run by itself would be 240.
    assert writes <= 41 + passed / 5 + 10, "one write each, and of the task that comes back one every five seconds"
    assert writes <= 5 * passed + 3


def test_profiles_that_nobody_asked_for_are_refused_in_words(kube: Kube) -> None:
    body = {
        "apiVersion": f"{GROUP}/{VERSION}", "kind": "TaskProfile",
        "metadata": {"name": "mine"}, "spec": {"family": "f", "task": "a"},
    }  # fmt: skip
    kube.custom.create_namespaced_custom_object(GROUP, VERSION, kube.namespace, "taskprofiles", body)

    def told() -> str:
        conditions = kube.profiles()["f/a"].get("status", {}).get("conditions", [])
        return next((each["message"] for each in conditions if each["status"] == "False"), "")

    assert "is called f-a-" in wait_for(told, "a condition tells of it")


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
