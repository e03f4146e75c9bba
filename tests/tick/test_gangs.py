"""Gangs: they start together, find each other, succeed together, and start again together."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from bayplan.lifecycle import gangs
from tests.cluster.kube import Object, task
from tests.tick.api.kinds import NODE, POD, SERVICE
from tests.tick.machinery.pods import node_of, phase
from tests.tick.seen import NAMESPACE, label
from tests.tick.world import World


def env(pod: Object) -> dict[str, str]:
    return {each["name"]: each["value"] for each in pod["spec"]["containers"][0].get("env", ())}


def gang(name: str = "train", *, shards: int = 4, seconds: float | None = 5.0, cpu: str = "8", **fields: Any) -> Object:
    return task(name, seconds=seconds, cpu=cpu, shards=shards, gang=fields.pop("gang", {}), **fields)


def test_the_members_are_told_how_they_find_each_other(world: World) -> None:
    world.create("g", gang(shards=3))
    world.wait_condition("g", "Complete")
    pods = sorted(world.pods("g"), key=lambda pod: env(pod)["RANK"])
    service = world.store.all(SERVICE, NAMESPACE)[0]
    name = service["metadata"]["name"]
    assert service["spec"] == {
        "clusterIP": "None", "publishNotReadyAddresses": True, "ports": [{"name": "rendezvous", "port": 29500}],
        "selector": {"bayplan.dev/graph-uid": world.graph("g")["metadata"]["uid"], "bayplan.dev/gang": "train"},
    }  # fmt: skip
    for rank, pod in enumerate(pods):
        assert (pod["spec"]["hostname"], pod["spec"]["subdomain"]) == (f"train-{rank}", name)
        assert label(pod, "bayplan.dev/gang") == "train"
        told = env(pod)
        assert told["MASTER_ADDR"] == told["PET_MASTER_ADDR"] == f"train-0.{name}"
        assert (told["RANK"], told["WORLD_SIZE"], told["LOCAL_RANK"], told["MASTER_PORT"]) == (str(rank), "3", "0", "29500")
        assert (told["PET_NNODES"], told["PET_NODE_RANK"], told["JOB_COMPLETION_INDEX"]) == ("3", str(rank), str(rank))


def test_no_pod_is_made_before_its_service(world: World) -> None:
    world.create("g", gang())
    world.wait_condition("g", "Complete")
    kinds = [kind for _, kind, what, _ in world.store.history if what == "ADDED" and kind in (POD, SERVICE)]
    assert kinds[0] == SERVICE


def test_all_start_or_none(world: World) -> None:
    world.create("blocker", task("work", seconds=None, cpu="60", shards=2))
    blocking = world.wait_running("blocker", count=2)
    world.create("g", gang(shards=3, cpu="60"))
    waiting = world.wait_condition("g", "Waiting")
    assert "3" in waiting["message"]
    assert world.created("g") == []
    world.finish(*blocking)
    world.wait_condition("g", "Complete")


def test_stages_run_different_programs_and_are_one_gang(world: World) -> None:
    stages = [{"name": "encoder", "args": ["--encoder"]}, {"name": "decoder", "shards": 2, "args": ["--decoder"]}]
    world.create("g", task("train", seconds=2, stages=stages), task("after", "train"))
    world.wait_condition("g", "Complete")
    pods = [pod for pod in world.pods("g") if label(pod, "bayplan.dev/gang")]
    found = sorted((env(pod)["RANK"], env(pod)["BAYPLAN_STAGE"], pod["spec"]["containers"][0]["args"][0]) for pod in pods)
    assert found == [("0", "encoder", "--encoder"), ("1", "decoder", "--decoder"), ("2", "decoder", "--decoder")]
    assert {env(pod)["WORLD_SIZE"] for pod in pods} == {"3"}
    begins = {pod["metadata"]["creationTimestamp"] for pod in pods}
    ends = max(pod["status"]["containerStatuses"][0]["state"]["terminated"]["finishedAt"] for pod in pods)
    assert len(begins) == 1
    assert world.pods("g", "after")[0]["metadata"]["creationTimestamp"] >= ends


def test_a_member_that_fails_has_all_start_again_and_that_is_one_retry(world: World) -> None:
    fails = {"sim.bayplan.dev/exit-code": "1", "sim.bayplan.dev/fail-incarnations": "1,2"}
    world.kubelets.seconds = lambda pod: "2" if env(pod)["RANK"] == "1" else "4"
    world.kubelets.exit_code = lambda pod: int(env(pod)["RANK"] == "1" and label(pod, "bayplan.dev/incarnation") in ("1", "2"))
    world.create("g", gang(shards=3, annotations=fails), retry={"limit": 2})
    world.wait_condition("g", "Complete")
    assert sorted((env(pod)["RANK"], label(pod, "bayplan.dev/incarnation")) for pod in world.created("g")) == sorted(
        (str(rank), str(attempt)) for rank in range(3) for attempt in (1, 2, 3)
    )


def test_a_success_is_provisional_until_all_have_succeeded(world: World) -> None:
    world.kubelets.seconds = lambda pod: "2" if env(pod)["RANK"] == "0" else "6"
    world.kubelets.exit_code = lambda pod: int(env(pod)["RANK"] == "1" and label(pod, "bayplan.dev/incarnation") == "1")
    world.create("g", gang(shards=2))
    world.run(4)
    assert "Succeeded" not in world.lines("g")["train"]
    world.wait_condition("g", "Complete")
    assert [label(pod, "bayplan.dev/incarnation") for pod in world.created("g")] == ["1", "1", "2", "2"]


def test_a_gang_that_fails_too_often_fails_the_graph(world: World) -> None:
    world.kubelets.exit_code = lambda pod: int(env(pod)["RANK"] == "1")
    world.create("g", gang(shards=2, seconds=1), retry={"limit": 1})
    assert "task train (shard 1 of 2) failed" in world.wait_condition("g", "Failed")["message"]
    assert len(world.created("g")) == 4


def test_a_lost_node_restarts_the_gang_on_what_is_left(world: World) -> None:
    world.create("g", gang(shards=2, cpu="40", seconds=30))
    pods = world.wait_running("g", count=2)
    world.controllers.kill(node_of(pods[0]))
    world.wait_condition("g", "Complete")
    assert all(
        phase(pod) == "Succeeded" and node_of(pod) != node_of(pods[0]) for pod in world.pods("g") if phase(pod) != "Running"
    )
    assert world.status("g")["failed"] == 0


def test_an_elastic_gang_shrinks_and_grows_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gangs, "GROWTH", 20.0)
    world.create("g", gang(shards=3, cpu="40", seconds=100, gang={"minimum": 2}))
    pods = world.wait_running("g", count=3)
    assert env(pods[0])["PET_NNODES"] == "2:3"
    world.controllers.kill(node_of(pods[0]))
    world.run(15)
    assert len([pod for pod in world.running("g") if node_of(pod) != node_of(pods[0])]) == 2
    world.until(lambda: len(world.created("g")) == 4, "it grows", patience=120)
    world.wait_condition("g", "Complete")
    assert len(world.created("g")) == 4


def test_a_gang_that_is_not_bound_in_time_is_taken_back_whole(world: World) -> None:
    world.scheduler.delay = 1000.0
    world.create("g", gang(shards=2, gang={"timeout": "10s"}))
    world.until(lambda: len(world.pods("g")) == 2, "the pods are made")
    world.until(
        lambda: not [pod for pod in world.pods("g") if label(pod, "bayplan.dev/incarnation") == "1"], "taken back", patience=30
    )
    world.scheduler.delay = 0.0
    world.until(lambda: len(world.running("g")) == 2, "it runs", patience=3000)
    assert world.status("g")["failed"] == 0


@pytest.mark.parametrize("moment", [0.0, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 3.0, 4.95, 5.0, 5.05, 5.1, 6.0])
def test_an_operator_that_is_killed_leaves_no_half_of_a_gang(world: World, moment: float) -> None:
    world.create("g", gang(shards=4, seconds=5), task("after", "train", seconds=1))
    world.run(moment)
    world.operator.restart()
    world.wait_condition("g", "Complete")
    last: dict[str, Object] = {env(pod)["RANK"]: pod for pod in world.created("g") if label(pod, "bayplan.dev/gang")}
    assert len({label(pod, "bayplan.dev/incarnation") for pod in last.values()}) == 1
    assert len(world.created("g")) == 5, "no unit runs twice"


def test_topology_keeps_a_gang_in_one_zone(empty: World) -> None:
    from tests.testbed.nodes import CPU_LARGE

    for number, name in enumerate(empty.add_nodes(CPU_LARGE, 6)):
        empty.patch(NODE, name, {"metadata": {"labels": {"zone": "abc"[number % 3]}}})
    empty.operator.start()
    empty.create("g", gang(shards=2, cpu="50", gang={"topology": {"required": "zone"}}))
    empty.create("h", gang(shards=3, cpu="50", gang={"topology": {"required": "zone"}}))
    empty.wait_condition("g", "Complete")
    zones = {empty.store.get(NODE, "", node_of(pod))["metadata"]["labels"]["zone"] for pod in empty.pods("g")}
    assert len(zones) == 1
    assert "zone" in empty.wait_condition("h", "Waiting")["message"]
    assert empty.created("h") == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"shards": 2, "gang": {"minimum": 3}}, "gang.minimum 3 and 2 pods"),
        ({"gang": {}, "env": [{"name": "WORLD_SIZE", "value": "1"}]}, "environment variable WORLD_SIZE itself"),
        ({"stages": [{"name": "a"}, {"name": "a"}]}, 'two stages with the name "a"'),
        ({"stages": [{"name": "a"}, {"name": "b"}], "gang": {"minimum": 1}}, "stages and gang.minimum"),
    ],
)
def test_what_no_gang_can_be_is_refused_by_name(world: World, fields: Object, words: str) -> None:
    world.create("g", task("train", **fields))
    assert words in world.until(lambda: world.condition("g", "Accepted", "False"), "it is refused")["message"]


def test_a_variable_that_you_set_wins_outside_of_gangs(world: World) -> None:
    world.create("g", task("train", env=[{"name": "JOB_COMPLETION_INDEX", "value": "7"}]))
    world.wait_condition("g", "Complete")
    assert env(world.pods("g")[0])["JOB_COMPLETION_INDEX"] == "7"


def test_stages_may_bring_all_containers_themselves(world: World) -> None:
    def stage(name: str) -> Object:
        annotations = {"sim.bayplan.dev/seconds": "1"}
        spec = {"containers": [{"image": name, "resources": {"requests": {"cpu": "1"}}}]}
        return {"name": name, "template": {"metadata": {"annotations": annotations}, "spec": spec}}

    world.create("g", {"name": "train", "stages": [stage("encoder"), stage("decoder")]})
    world.wait_condition("g", "Complete")
    assert sorted(pod["spec"]["containers"][0]["image"] for pod in world.pods("g")) == ["decoder", "encoder"]


def test_a_gang_that_is_never_bound_in_time_waits_longer_each_time(world: World) -> None:
    world.scheduler.delay = 10_000.0
    world.create("g", gang(shards=2, gang={"timeout": "5s"}))
    world.run(200)
    made = sorted({world.seconds(pod["metadata"]["creationTimestamp"]) for pod in world.created("g")})
    between = [later - earlier for earlier, later in itertools.pairwise(made)]
    assert len(between) >= 4
    assert between == sorted(between)
    assert between[-1] >= 3 * between[0]


def test_what_is_left_on_a_lost_node_has_no_name_of_the_gang_any_more(world: World) -> None:
    world.create("g", gang(shards=2, cpu="40", seconds=60))
    pods = world.wait_running("g", count=2)
    lost = node_of(pods[0])
    world.controllers.kill(lost)
    world.until(lambda: len(world.created("g")) == 4, "the gang starts again", patience=120)

    def left() -> list[Object]:
        return [pod for pod in world.pods("g") if node_of(pod) == lost and label(pod, "bayplan.dev/incarnation") == "1"]

    assert left(), "only the node itself can say that nothing of it runs any more"
    world.until(lambda: not any(label(pod, "bayplan.dev/gang") for pod in left()), "its names are taken", patience=2)
    assert left()
    world.wait_condition("g", "Complete")


def test_a_gang_has_one_folder_of_checkpoints(world: World) -> None:
    mounts = [{"name": "workspace", "mountPath": "/w"}]
    pod = {"volumes": [{"name": "workspace", "emptyDir": {}}], "containers": [{"image": "none", "volumeMounts": mounts}]}
    world.create("g", task("train", shards=2, gang={}, pod=pod), task("alone", shards=2, pod=pod))
    world.wait_condition("g", "Complete")
    uid = world.graph("g")["metadata"]["uid"]
    assert {env(each)["BAYPLAN_CHECKPOINTS"] for each in world.pods("g", "train")} == {f"/w/{uid}/train/0/checkpoints"}
    alone = {env(each)["BAYPLAN_CHECKPOINTS"] for each in world.pods("g", "alone")}
    assert alone == {f"/w/{uid}/alone/0/{shard}/checkpoints" for shard in (0, 1)}
