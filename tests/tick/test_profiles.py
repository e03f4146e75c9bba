"""What is learned of tasks: it orders them, outlives the operator, and is counted once."""

from __future__ import annotations

from typing import Any

import pytest

from bayplan.knowledge.run_times import RunTimes, TaskRun
from bayplan_operator.conductor.outlook.forecasting import forecast
from bayplan_operator.translate.task_profile import read
from tests.cluster.kube import Object, task
from tests.tick.api.kinds import TASK_PROFILE
from tests.tick.machinery.pods import key
from tests.tick.seen import find
from tests.tick.world import World


def learned(world: World, name: str, runs: int) -> Object:
    """The profile of FAMILY/TASK, once so many runs of it are written."""

    def look() -> Object | None:
        found = world.profiles().get(name)
        return found if found is not None and found.get("status", {}).get("runs") == runs else None

    return world.until(look, f"{runs} runs of {name} are in its profile")


def figures(profile: Object) -> dict[str, Object]:
    (where,) = profile["status"]["nodeClasses"]
    return {each["name"]: each for each in where["figures"]}


def test_people_read_what_was_learned(world: World) -> None:
    report = {"sim.bayplan.dev/message": '{"accuracy": 0.75, "note": "fine"}'}
    world.create("nightly-1", task("fit", seconds=20, annotations=report), task("eval", "fit"), profile="nightly")
    profile = learned(world, "nightly/fit", 1)
    assert profile["status"]["best"] == "cpu-large"
    assert set(figures(profile)) == {"response", "run", "success", "cost", "start", "reported.accuracy"}
    assert figures(profile)["reported.accuracy"]["mean"] == "0.75"
    assert float(figures(profile)["run"]["mean"]) == 20
    told = {"namespace": "test", "family": "nightly", "task": "fit", "result": "accuracy"}
    assert world.rise("bayplan_task_result", **told) == 0.75
    # After one run the median still leans on the other task, the mean of its runs does not.
    assert 15 < float(profile["status"]["p50"].removesuffix("s")) < 20
    learned(world, "nightly/eval", 1)


def test_what_will_be_asked_for_is_written_before_what_has_run_once(world: World) -> None:
    world.create("alone", task("a", seconds=1))
    world.create("member", task("a", seconds=1), profile="family")
    world.create("twice", task("a", seconds=1), task("b", seconds=1, profile="a"))
    for name in ("alone", "member", "twice"):
        world.wait_condition(name, "Complete")
    world.run(8)
    assert world.profiles().keys() == {"family/a", "twice/a"}
    world.run(60)
    assert learned(world, "alone/a", 1)


def test_a_run_that_was_not_written_yet_is_known_to_the_next_operator(world: World) -> None:
    world.create("alone", task("a", seconds=1))
    world.wait_condition("alone", "Complete")
    world.run(8)
    world.operator.restart()
    assert learned(world, "alone/a", 1)


def test_the_second_time_the_shorter_task_goes_first(world: World) -> None:
    world.create_policy("by-time", order=["ShortestExpected"], nodeSelector={"kubernetes.io/hostname": "cpu-large-0"})
    for name, seconds in (("long", 50), ("short", 10)):
        world.create(f"{name}-1", task("work", seconds=seconds, cpu="40"), policyName="by-time", profile=name)
    learned(world, "long/work", 1)
    learned(world, "short/work", 1)
    world.create("blocker", task("work", seconds=None, cpu="40"), policyName="by-time")
    blocker = world.wait_running("blocker")
    world.run(5)
    for name, seconds in (("long", 50), ("short", 10)):
        world.create(f"{name}-2", task("work", seconds=seconds, cpu="40"), policyName="by-time", profile=name)
        world.wait_condition(f"{name}-2", "Waiting")
    world.finish(*blocker)
    learned(world, "long/work", 2)
    order = [pod["metadata"]["labels"]["bayplan.dev/graph"] for pod in world.created()]
    assert order[-2:] == ["short-2", "long-2"]


def test_an_operator_started_again_knows_the_same_to_the_last_bit(world: World) -> None:
    for number in range(3):
        tasks = (task("a", seconds=10 + number), task("b", seconds=20, inputSize=f"{number + 1}Gi"))
        world.create(f"g{number}", *tasks, profile="f")
    learned(world, "f/a", 3)
    learned(world, "f/b", 3)
    world.run(30)
    before = world.profiles()
    world.operator.restart()
    world.create("later", task("a", seconds=20), profile="f")
    learned(world, "f/a", 4)
    world.run(30)
    after = world.profiles()
    assert after["f/b"] == before["f/b"], "nothing new, no write"
    cell = read(before["f/a"]).evidence["cpu-large"]
    grown = RunTimes(remembered=0.98)
    grown.restore("a", "f", {"last": 0.0, "nodeClasses": [{"nodeClass": "cpu-large", **cell.as_plain()}]})
    grown.observe(TaskRun("a", "f", "cpu-large"), 20.0, 1.0)
    assert read(after["f/a"]).evidence["cpu-large"] == grown.evidence("a", "f")["cpu-large"]


@pytest.mark.parametrize("instants", [(1.3, 1.3, 1.3, 1.3, 1.3), (0.55, 0.1, 0.1, 2.0, 0.7), (5.0, 0.02, 0.02, 0.02)])
def test_every_run_counts_once_whenever_the_operator_is_killed(world: World, instants: tuple[float, ...]) -> None:
    world.api.latency = 0.05
    for number in range(4):
        world.create(f"g{number}", *(task(f"t{n}", seconds=0.5 + n * 0.7, profile="same") for n in range(6)), profile="f")
    for seconds in instants:
        world.run(seconds)
        world.operator.restart()
    for number in range(4):
        world.wait_condition(f"g{number}", "Complete")
    learned(world, "f/same", 24)
    world.run(60)
    assert world.profiles()["f/same"]["status"]["runs"] == 24


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
def test_nonsense_in_a_profile_is_told_ignored_and_overwritten(world: World, kind: str) -> None:
    world.create("g", task("a", seconds=1), profile="f")
    good = learned(world, "f/a", 1)
    world.patch(TASK_PROFILE, good["metadata"]["name"], {"status": nonsense(kind)}, "status")
    (event, *_) = world.until(lambda: world.events("EditIgnored"), "an event tells of it")
    assert event["involvedObject"]["kind"] == "TaskProfile"
    assert ("sums.logSquares is 1" if kind == "impossible sums" else "status.counted[0] is not a run") in event["message"]
    world.until(lambda: seen(world.profiles()["f/a"]) == seen(good), "it is written again")


def test_nonsense_found_at_the_start_is_told_and_the_task_learned_from_nothing(world: World) -> None:
    world.create("g", task("a", seconds=1), profile="f")
    good = learned(world, "f/a", 1)
    world.operator.kill()
    world.patch(TASK_PROFILE, good["metadata"]["name"], {"status": nonsense("impossible sums")}, "status")
    world.operator.start()
    told: Any = world.until(lambda: find(world.profiles()["f/a"]["status"], "Accepted", "False"), "a condition tells of it")
    assert "status.nodeClasses[0] (cpu-large): sums.logSquares is 1" in told["message"]
    world.create("h", task("a", seconds=1), profile="f")
    world.until(lambda: not find(world.profiles()["f/a"]["status"], "Accepted", "False"), "it is overwritten")


def test_deleting_a_profile_forgets_the_task(world: World) -> None:
    world.create("g", task("a", seconds=1, shards=3), profile="f")
    profile = learned(world, "f/a", 3)
    world.run(30)
    world.store.delete(TASK_PROFILE, *key(profile))
    world.run(5)
    world.create("h", task("a", seconds=1), profile="f")
    assert learned(world, "f/a", 1)["status"]["runs"] == 1


def test_writes_of_profiles_are_few(world: World) -> None:
    world.loop.takes[forecast] = 60.0  # estimates are not what this is about
    others = (task(f"t{n}", seconds=1) for n in range(20))
    world.create("g", *(task(f"a{n}", seconds=1 + n % 40, profile="a", cpu="2") for n in range(100)), *others, profile="f")
    world.wait_condition("g", "Complete")
    learned(world, "f/a", 100)
    world.run(30)
    assert len(world.profiles()) == 21
    # One write each, and of the task that comes back one every five seconds; each run by itself would be 120.
    assert world.api.requests["PATCH taskprofiles"] <= 21 + world.loop.passed / 5 + 1


def test_profiles_of_other_authors_are_refused_in_words(world: World) -> None:
    world.store.create(TASK_PROFILE, "test", {"metadata": {"name": "mine"}, "spec": {"family": "f", "task": "a"}})
    told: Any = world.until(lambda: find(world.profiles()["f/a"].get("status", {}), "Accepted", "False"), "a condition")
    assert "is called f-a-" in told["message"]
