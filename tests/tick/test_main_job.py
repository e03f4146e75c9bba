"""A graph from its creation to its end, and what people can see of it."""

from __future__ import annotations

from tests.cluster.kube import task
from tests.tick.api.kinds import CONFIG_MAP, TASK_GRAPH
from tests.tick.machinery.pods import node_of
from tests.tick.seen import label
from tests.tick.world import World


def test_a_graph_runs_in_order_and_says_so(world: World) -> None:
    world.create("g", task("first"), task("side", "first", shards=3), task("last", "side"))
    world.wait_condition("g", "Complete")
    status = world.status("g")
    assert status["progress"] == "3/3"
    assert status["summary"] == "Succeeded"
    assert status["observedGeneration"] == 1
    assert [line.split()[1] for line in status["tasks"]] == ["Succeeded"] * 3
    order = [label(pod, "bayplan.dev/task") for pod in world.created("g")]
    assert order == ["first", "side", "side", "side", "last"]
    told = {each["name"]: each["value"] for each in world.created("g")[2]["spec"]["containers"][0]["env"]}
    assert (told["JOB_COMPLETION_INDEX"], told["BAYPLAN_SHARDS"]) == ("1", "3")
    world.until(lambda: world.events("Succeeded"))
    assert world.events("Accepted") == [], "its condition says so"
    world.until(lambda: not world.held(), "the finalizers are gone")
    # Three tasks of a second each, and nothing that the operator waits for beside the pods.
    assert world.loop.passed < 5


def test_the_pod_is_pinned_beside_what_its_template_requires(world: World) -> None:
    required = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "Exists"}]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
    world.create("g", task("a", seconds=None, pod={"affinity": affinity}))
    (pod,) = world.wait_running("g")
    node_affinity = pod["spec"]["affinity"]["nodeAffinity"]
    (term,) = node_affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchFields"] == [{"key": "metadata.name", "operator": "In", "values": [node_of(pod)]}]
    assert term["matchExpressions"][0]["key"] == "kubernetes.io/hostname"
    assert pod["spec"]["priorityClassName"] == "bayplan"
    assert "of 4 nodes fit" in pod["metadata"]["annotations"]["bayplan.dev/why"]


def test_direct_binding_sets_the_node_at_creation(world: World) -> None:
    world.create_policy("direct", binding="Direct")
    world.create("g", task("a"), policyName="direct")
    world.wait_condition("g", "Complete")
    (pod,) = world.created("g")
    assert node_of(pod)
    assert "affinity" not in pod["spec"]


def test_idle_it_writes_nothing(world: World) -> None:
    world.create("done", task("a"))
    world.create("waits", task("a", cpu="10000"))
    world.wait_condition("done", "Complete")
    world.wait_condition("waits", "Waiting")
    world.run(70)  # a task that has run once is written after a minute
    before = len(world.store.history)
    world.run(1200)
    # How nodes hold out is recorded every ten minutes.
    assert {kind for _, kind, _, _ in world.store.history[before:]} <= {CONFIG_MAP}
    assert len(world.store.history) <= before + 3


def test_pods_stay_for_their_logs_until_the_time_to_live_is_over(world: World) -> None:
    world.create("g", task("a"), ttlAfterFinished="15s")
    world.wait_condition("g", "Complete")
    ended = world.loop.passed
    assert len(world.pods("g")) == 1
    world.until(lambda: not world.store.all(TASK_GRAPH) and not world.pods(), "graph and pod are gone")
    assert 14 < world.loop.passed - ended < 17


def test_suspending_stops_the_pods_and_resuming_runs_them_again(world: World) -> None:
    world.create("g", task("a", seconds=None), task("b", "a"))
    world.wait_running("g", "a")
    world.patch(TASK_GRAPH, "g", {"spec": {"suspend": True}})
    world.wait_condition("g", "Suspended")
    world.run(60)
    assert world.running("g") == []
    assert len(world.created("g")) == 1
    world.patch(TASK_GRAPH, "g", {"spec": {"suspend": False}})
    world.finish(world.wait_attempt("g", 2, "a"))
    world.wait_condition("g", "Complete")
    assert world.lines("g")["a"].startswith("Succeeded 2/0")


def test_deleting_in_mid_run_leaves_nothing(world: World) -> None:
    for way in ("Foreground", "Background"):
        world.create("g", task("a", seconds=None, shards=4))
        world.wait_running("g", count=4)
        world.delete(TASK_GRAPH, "g", way)
        world.until(lambda: not world.store.all(TASK_GRAPH) and not world.pods(), f"{way}: graph and pods are gone")


def test_orphaned_pods_are_let_go_and_run_on(world: World) -> None:
    world.create("g", task("done", seconds=0.1), task("runs", seconds=None))
    (pod,) = world.wait_running("g", "runs")
    world.delete(TASK_GRAPH, "g", "Orphan")
    world.until(lambda: not world.store.all(TASK_GRAPH) and not world.held(), "the graph is gone, and nothing is held")
    assert [each["metadata"]["uid"] for each in world.running("g")] == [pod["metadata"]["uid"]]


def test_a_graph_made_again_under_its_name_gets_pods_of_its_own(world: World) -> None:
    world.create("g", task("a", seconds=None))
    world.wait_running("g")
    world.delete(TASK_GRAPH, "g")
    uid = world.create("g", task("a", seconds=0.5))["metadata"]["uid"]
    world.wait_condition("g", "Complete")
    assert world.lines("g")["a"].startswith("Succeeded 1/0")
    first, second = world.created("g")
    assert label(second, "bayplan.dev/graph-uid") == uid
    assert first["metadata"]["name"] != second["metadata"]["name"]


def test_successors_start_before_the_status_says_that_they_may(world: World) -> None:
    """A finished pod is the durable record: it is held until the status says so, and its successor does not wait for that."""
    world.create("g", *(task(f"t{number}", *([f"t{number - 1}"] if number else []), seconds=0.2) for number in range(6)))
    world.wait_condition("g", "Complete")
    world.until(lambda: not world.held(), "the finalizers are gone")
    created: dict[str, int] = {}
    released: dict[str, int] = {}
    recorded: dict[str, int] = {}
    for version, kind, what, item in world.store.history:
        name = label(item, "bayplan.dev/task")
        if what == "ADDED" and name:
            created[name] = version
        elif name and not item["metadata"].get("finalizers"):
            released.setdefault(name, version)
        elif kind == TASK_GRAPH:
            for line in item.get("status", {}).get("tasks", ()):
                if " Succeeded" in line:
                    recorded.setdefault(line.split()[0], version)
    assert all(recorded[name] < released[name] for name in created)
    assert sum(created[f"t{number}"] < recorded[f"t{number - 1}"] for number in range(1, 6)) >= 3
