"""The kinds on a real API server: what it accepts, what it refuses in which words, and how large objects get."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.big_graph import big_graph, status_lines
from tests.testbed.cluster import Cluster
from tests.testbed.installation import OperatorProcess

NAMESPACE = "api-test"
LABEL = "must consist of lower case letters, digits and '-', and start and end with a letter or digit"
POSITIVE = "must be a duration longer than zero, such as 90s, 45m, 1h30m or 250ms"

Object = dict[str, Any]


@pytest.fixture(scope="module")
def cluster(testbed: Cluster, operators: list[OperatorProcess]) -> Iterator[Cluster]:
    """With nobody who would run these graphs, or write their status."""
    for operator in operators:
        operator.kill()
    testbed.kubectl("create", "namespace", NAMESPACE)
    yield testbed
    testbed.kubectl("delete", "taskgraphs", "--all", f"--namespace={NAMESPACE}")
    testbed.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def graph(name: str = "g", **spec: Any) -> Object:
    return {
        "apiVersion": "bayplan.dev/v1alpha1",
        "kind": "TaskGraph",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"tasks": [{"name": "a"}], **spec},
    }


def with_task(**fields: Any) -> Object:
    return graph(tasks=[{"name": "a", **fields}])


def with_auto(**bounds: Any) -> Object:
    return with_task(shards="Auto", expectedDuration="10m", autoShards=bounds)


def policy(**spec: Any) -> Object:
    return {
        "apiVersion": "bayplan.dev/v1alpha1",
        "kind": "PlacementPolicy",
        "metadata": {"name": "api-test"},
        "spec": spec,
    }


def queue(name: str = "api-test", **spec: Any) -> Object:
    return {"apiVersion": "bayplan.dev/v1alpha1", "kind": "Queue", "metadata": {"name": name}, "spec": spec}


def quota(nominal: Any, **more: Any) -> Object:
    return queue(quotas=[{"resource": "nvidia.com/gpu", "nominal": nominal, **more}])


def create(cluster: Cluster, manifest: Object, *arguments: str) -> str:
    """What kubectl says to it, on either channel."""
    run = cluster.kubectl("create", *arguments, "--filename", "-", input=json.dumps(manifest), check=False)
    return run.stdout + run.stderr


def stored(cluster: Cluster, kind: str, name: str) -> str:
    path = f"/apis/bayplan.dev/v1alpha1/namespaces/{NAMESPACE}/{kind}/{name}"
    return cluster.kubectl("get", "--raw", path).stdout


REFUSED: list[tuple[Object, str]] = [
    (graph(tasks=[]), "spec.tasks: Invalid value: 0: spec.tasks in body should have at least 1 items"),
    (with_task(name="A"), f'spec.tasks[0].name: Invalid value: "A": {LABEL}'),
    (with_task(name="a" * 64), "spec.tasks[0].name: Too long: may not be more than 63 bytes"),
    (with_task(shards=0), "spec.tasks[0].shards in body should be greater than or equal to 1"),
    (with_task(shards=1001), "spec.tasks[0].shards in body should be less than or equal to 1000"),
    *(
        (
            with_task(shards=value),
            f'spec.tasks[0].shards: Invalid value: "{value}": must be a whole number from 1 to 1000, or Auto',
        )
        for value in ("auto", "8", "Automatic")
    ),
    (with_task(shards=True), "spec.tasks[0].shards in body must be of type integer,string"),
    (
        with_task(shards="Auto"),
        "spec.tasks[0]: Invalid value: shards is Auto: expectedDuration must say how long all of the work takes in one piece",
    ),
    (with_task(autoShards={"max": 8}), "spec.tasks[0]: Invalid value: autoShards is only for shards: Auto"),
    (with_task(shards=4, autoShards={"max": 8}), "spec.tasks[0]: Invalid value: autoShards is only for shards: Auto"),
    *(
        (
            with_auto(**bounds),
            "spec.tasks[0].autoShards: Invalid value: min must not be larger than max (which is 64 where it is",
        )
        for bounds in ({"min": 9, "max": 8}, {"min": 65})
    ),
    (with_auto(max=1001), "spec.tasks[0].autoShards.max in body should be less than or equal to 1000"),
    (
        with_auto(serial="101%"),
        'spec.tasks[0].autoShards.serial: Invalid value: "101%": must be a percentage in whole numbers, such as "5%", from 0%',
    ),
    (with_auto(startup="soon"), 'spec.tasks[0].autoShards.startup: Invalid value: "soon": must be a duration such as 90s'),
    (with_task(expectedDuration="0s"), f'spec.tasks[0].expectedDuration: Invalid value: "0s": {POSITIVE}'),
    (with_task(checkpoint={"every": "0s"}), f'spec.tasks[0].checkpoint.every: Invalid value: "0s": {POSITIVE}'),
    (with_task(expectedDuration="1 day"), f'spec.tasks[0].expectedDuration: Invalid value: "1 day": {POSITIVE}'),
    (
        with_task(template={}, templateName="t"),
        "spec.tasks[0]: Invalid value: template and templateName exclude each other: keep one of them",
    ),
    (
        with_task(dependsOn=[{"task": "b"}, {"task": "a"}]),
        "spec.tasks[0]: Invalid value: a task cannot depend on itself",
    ),
    (with_task(dependsOn=[{"task": "b"}] * 101), "spec.tasks[0].dependsOn: Too many: 101: must have at most 100"),
    (with_task(dependsOn=[{"task": "b", "data": "-1"}]), "spec.tasks[0].dependsOn[0].data in body should match"),
    (with_task(dependsOn=[{"task": "b", "data": 1}]), "spec.tasks[0].dependsOn[0].data in body must be of type string"),
    (with_task(retry={"limit": 101}), "spec.tasks[0].retry.limit in body should be less than or equal to 100"),
    (with_task(retry={"backoff": {"cap": "x"}}), f'spec.tasks[0].retry.backoff.cap: Invalid value: "x": {POSITIVE}'),
    (with_task(env=[{"name": "1A"}]), "spec.tasks[0].env[0].name in body should match"),
    (
        with_task(template={"metadata": {"labels": {"team": "a b"}}}),
        "spec.tasks[0].template.metadata.labels.team in body should match",
    ),
    (
        with_task(template={"metadata": {"finalizers": ["x/y"]}}),
        'unknown field "spec.tasks[0].template.metadata.finalizers"',
    ),
    (with_task(gpus=1), 'unknown field "spec.tasks[0].gpus"'),
    (graph(tasks=[{"name": "a"}, {"name": "a"}]), 'spec.tasks[1]: Duplicate value: {"name":"a"}'),
    (graph(templates=[{"name": "t", "template": {}}] * 2), 'spec.templates[1]: Duplicate value: {"name":"t"}'),
    (graph(priority=1000001), "spec.priority in body should be less than or equal to 1000000"),
    (graph(priority=-1001), "spec.priority in body should be greater than or equal to -1000"),
    (graph(policyName="X"), 'spec.policyName: Invalid value: "X": must consist of lower case letters'),
    (graph(deadline="soon"), f'spec.deadline: Invalid value: "soon": {POSITIVE}'),
    (with_task(gpuModels=["x"] * 17), "spec.tasks[0].gpuModels: Too many: 17: must have at most 16"),
    (with_task(gpuModels=["x" * 64]), "spec.tasks[0].gpuModels[0]: Too long: may not be more than 63 bytes"),
    (graph(ttlAfterFinished="-1h"), f'spec.ttlAfterFinished: Invalid value: "-1h": {POSITIVE}'),
    (graph(retry={"backoff": {"factor": 0}}), "spec.retry.backoff.factor in body should be greater than or equal to 1"),
    (graph("x" * 64), "metadata.name must be at most 63 characters long, since the pods carry it as a label"),
    (policy(binding="Magic"), 'spec.binding: Unsupported value: "Magic": supported values: "Scheduler", "Direct"'),
    (policy(nodeLossGrace="x"), 'spec.nodeLossGrace: Invalid value: "x": must be a duration such as 90s'),
    (policy(order=[]), "spec.order in body should have at least 1 items"),
    (policy(order=["?"]), 'spec.order[0]: Invalid value: "?": must be the name of a strategy, such as BestFit'),
    (policy(scorers=[{"name": "A"}] * 2), 'spec.scorers[1]: Duplicate value: {"name":"A"}'),
    (policy(scorers=[{"name": "A", "weight": 0}]), "spec.scorers[0].weight in body should be greater than or equal to 1"),
    (policy(planner={"name": ""}), 'spec.planner.name: Invalid value: "": must be the name of a strategy'),
    *(
        (policy(preset="Auto", **beside), "preset stands for order, scorers and planner: leave these out, or leave preset out")
        for beside in ({"order": ["Age"]}, {"scorers": [{"name": "A"}]}, {"planner": {"name": "A"}})
    ),
    (policy(preset="?"), 'spec.preset: Invalid value: "?": must be the name of a strategy'),
    (
        policy(planner={"name": "A", "parameters": [{"name": "b", "value": "1"}] * 2}),
        'spec.planner.parameters[1]: Duplicate value: {"name":"b"}',
    ),
    (
        policy(planner={"name": "A", "parameters": [{"name": "b", "value": 0.5}]}),
        "spec.planner.parameters[0].value in body must be of type string",
    ),
    (
        policy(scorers=[{"name": "A", "parameters": [{"name": "?", "value": "1"}]}]),
        "spec.scorers[0].parameters[0].name in body should match",
    ),
    (
        policy(planner={"parameters": [{"name": f"p{number}", "value": "1"} for number in range(65)]}),
        "spec.planner.parameters: Too many: 65: must have at most 64",
    ),
    (policy(serves={"namespaces": ["A"]}), f'spec.serves.namespaces[0]: Invalid value: "A": {LABEL}'),
    (policy(nodeSelector={"a": "b c"}), "spec.nodeSelector.a in body should match"),
    (quota("-1"), "spec.quotas[0].nominal in body should match"),
    (quota(-1), "spec.quotas[0].nominal in body should be greater than or equal to 0"),
    (quota(8, lendingLimit="many"), "spec.quotas[0].lendingLimit in body should match"),
    (queue(weight=0), "spec.weight in body should be greater than or equal to 1"),
    (
        queue(stopPolicy="Drain"),
        'spec.stopPolicy: Unsupported value: "Drain": supported values: "None", "Hold", "HoldAndDrain"',
    ),
    (
        queue(preemption={"withinQueue": "Any"}),
        'spec.preemption.withinQueue: Unsupported value: "Any": supported values: "Never", "LowerPriority"',
    ),
    (queue(preemption={"maxGrace": "0s"}), f'spec.preemption.maxGrace: Invalid value: "0s": {POSITIVE}'),
    (queue("q" * 64), "metadata.name must be at most 63 characters long, since the pods carry it as a label"),
]


@pytest.mark.parametrize(("manifest", "sentence"), REFUSED, ids=[sentence[:70] for _, sentence in REFUSED])
def test_what_the_api_server_refuses(cluster: Cluster, manifest: Object, sentence: str) -> None:
    assert sentence in create(cluster, manifest, "--dry-run=server")


@pytest.mark.parametrize("nominal", [0, 8, "8", "500m", "64Gi"])
def test_quotas_are_numbers_or_quantities(cluster: Cluster, nominal: int | str) -> None:
    made = quota(nominal, borrowingLimit=0, nodeSelector={"gpu": "A100"})
    assert "created" in create(cluster, made, "--dry-run=server")


def test_a_small_graph_is_stored_with_its_defaults_and_any_pod_spec(cluster: Cluster) -> None:
    pod_spec = {"containers": [{"image": "busybox:1.36", "fieldOfTomorrow": {"a": [1, None]}}]}
    create(cluster, graph("small", template={"spec": pod_spec}))
    spec = json.loads(stored(cluster, "taskgraphs", "small"))["spec"]
    assert (spec["policyName"], spec["priority"], spec["suspend"]) == ("default", 0, False)
    assert spec["template"]["spec"] == pod_spec
    assert spec["tasks"] == [{"name": "a"}]


def test_of_automatic_shards_only_what_was_said_is_stored(cluster: Cluster) -> None:
    assert "created" in create(cluster, graph("auto", tasks=[{"name": "a", "shards": "Auto", "expectedDuration": "10m"}]))
    assert json.loads(stored(cluster, "taskgraphs", "auto"))["spec"]["tasks"] == [
        {"name": "a", "shards": "Auto", "expectedDuration": "10m"}
    ]


def test_a_policy_without_a_word_gets_the_documented_defaults(cluster: Cluster) -> None:
    assert "created" in create(cluster, policy())
    try:
        spec = json.loads(cluster.kubectl("get", "pp", "api-test", "--output=json").stdout)["spec"]
        row = cluster.kubectl("get", "pp", "api-test").stdout.splitlines()
    finally:
        cluster.kubectl("delete", "pp", "api-test")
    assert spec == {"binding": "Scheduler", "nodeLossGrace": "30s"}
    assert row[0].split() == ["NAME", "PRESET", "ORDER", "SCORERS", "PLANNER", "ADAPTIVE", "BINDING", "ACCEPTED", "AGE"]


def test_parameters_are_merged_by_name(cluster: Cluster) -> None:
    """64 parameters for each of 16 scorers and the planner are accepted; one of them can be changed by itself."""
    parameters = [{"name": f"p{number}", "value": "1"} for number in range(64)]
    scorers = [{"name": f"S{number}", "parameters": parameters} for number in range(16)]
    manifest = policy(scorers=scorers, planner={"name": "P", "parameters": parameters})
    assert "created" in create(cluster, manifest)
    try:
        change = policy(planner={"name": "P", "parameters": [{"name": "p7", "value": "0.5"}]})
        cluster.kubectl("apply", "--server-side", "--force-conflicts", "--filename", "-", input=json.dumps(change))
        spec = json.loads(cluster.kubectl("get", "pp", "api-test", "--output=json").stdout)["spec"]
    finally:
        cluster.kubectl("delete", "pp", "api-test")
    assert {each["name"]: each["value"] for each in spec["planner"]["parameters"]} == {
        **{each["name"]: "1" for each in parameters},
        "p7": "0.5",
    }


FROZEN = ["template", "templates", "tasks"]
TEMPLATE = {"spec": {"containers": [{"image": "busybox:1.36"}]}}


@pytest.fixture(scope="module")
def frozen(cluster: Cluster) -> str:
    """The name of a graph with everything that cannot change."""
    spec = graph("frozen", template=TEMPLATE, templates=[{"name": "t", "template": TEMPLATE}])
    assert "created" in create(cluster, spec)
    return "frozen"


def patch(cluster: Cluster, name: str, spec: Object) -> str:
    run = cluster.kubectl(
        "patch", "tg", name, f"--namespace={NAMESPACE}", "--type=merge", "--patch", json.dumps({"spec": spec}), check=False
    )
    return run.stdout + run.stderr


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("template", {"spec": {"nodeSelector": {"a": "b"}}}),
        ("template", None),
        ("templates", [{"name": "t", "template": {}}]),
        ("templates", None),
        ("tasks", [{"name": "a"}, {"name": "b"}]),
        ("tasks", [{"name": "a", "shards": 2}]),
    ],
)
def test_what_cannot_change(cluster: Cluster, frozen: str, field: str, value: Any) -> None:
    expected = f"{field} cannot change once the graph exists: create a graph with another name instead"
    assert expected in patch(cluster, frozen, {field: value})


def test_a_template_cannot_be_added_later(cluster: Cluster) -> None:
    create(cluster, graph("bare"))
    assert "template cannot change" in patch(cluster, "bare", {"template": TEMPLATE})


def test_what_can_change(cluster: Cluster, frozen: str) -> None:
    spec = {
        "suspend": True,
        "priority": 7,
        "deadline": "2h",
        "ttlAfterFinished": "1h",
        "policyName": "other",
        "queueName": "other",
        "retry": {"limit": 9},
    }
    assert "patched" in patch(cluster, frozen, spec)


def test_the_queue_cannot_change_once_the_graph_has_started(cluster: Cluster) -> None:
    create(cluster, graph("queued"))
    assert "patched" in patch(cluster, "queued", {"queueName": "vision"})
    started = json.dumps({"status": {"startTime": "2026-01-15T08:00:00Z"}})
    cluster.kubectl(
        "patch", "tg", "queued", f"--namespace={NAMESPACE}", "--subresource=status", "--type=merge", "--patch", started
    )
    for other in ("text", None):
        assert "spec.queueName cannot change once the graph has started" in patch(cluster, "queued", {"queueName": other})
    assert "patched" in patch(cluster, "queued", {"queueName": "vision", "priority": 3})


def test_admission_cannot_change_once_the_graph_has_started(cluster: Cluster) -> None:
    create(cluster, graph("whole"))
    assert "patched" in patch(cluster, "whole", {"admission": "Graph"})
    charged = {"queue": "default", "nodeSelector": {"gpu": "a"}, "quotas": [{"resource": "cpu", "amount": "1500m"}]}
    started = json.dumps({"status": {"startTime": "2026-01-15T08:00:00Z", "charged": charged}})
    cluster.kubectl(
        "patch", "tg", "whole", f"--namespace={NAMESPACE}", "--subresource=status", "--type=merge", "--patch", started
    )
    for other in ("Task", None):
        assert "spec.admission cannot change once the graph has started" in patch(cluster, "whole", {"admission": other})
    assert "patched" in patch(cluster, "whole", {"admission": "Graph", "priority": 3})


def test_columns_answer_the_first_questions(cluster: Cluster) -> None:
    create(cluster, graph("shown"))
    status = {"status": {"progress": "0/1", "summary": "Running", "waiting": "a: NoCapacity", "active": 3, "failed": 0}}
    cluster.kubectl(
        "patch", "tg", "shown", f"--namespace={NAMESPACE}", "--subresource=status", "--type=merge",
        "--patch", json.dumps(status),
    )  # fmt: skip
    wide = cluster.kubectl("get", "tg", "shown", f"--namespace={NAMESPACE}", "--output=wide").stdout.splitlines()
    assert wide[0].split() == [
        "NAME", "PROGRESS", "STATUS", "WAITING", "AGE", "ETA", "IN-TIME", "POLICY", "QUEUE", "STRATEGY", "PRIORITY", "ACTIVE",
        "FAILED",
    ]  # fmt: skip
    for value in ("0/1", "Running", "a: NoCapacity", "default"):
        assert value in wide[1]
    narrow = cluster.kubectl("get", "bayplan", f"--namespace={NAMESPACE}").stdout
    assert "PRIORITY" not in narrow


def test_explain_reads_well(cluster: Cluster) -> None:
    text = cluster.kubectl("explain", "taskgraph.spec.tasks").stdout
    flat = " ".join(text.split())
    assert "How many pods work on this task in parallel." in flat
    assert 'How long one pod of this task is expected to run, such as "5m".' in flat
    assert "name <string> -required-" in flat
    assert "name <string> -required-" not in " ".join(cluster.kubectl("explain", "taskgraph.spec").stdout.split())


def test_a_policy_is_explained_too(cluster: Cluster) -> None:
    spec = " ".join(cluster.kubectl("explain", "placementpolicy.spec").stdout.split())
    assert "preset <string>" in spec
    assert "It stands for order, scorers and planner, which must be left out then." in spec
    parameters = " ".join(cluster.kubectl("explain", "placementpolicy.spec.planner.parameters").stdout.split())
    assert 'Its value as text, such as "40" or "0.5".' in parameters


class TestTheLargestGraph:
    """5,000 tasks with three dependencies each: accepted, changed, reported on, and still below 1 MB."""

    def test_it_is_created_and_stays_below_a_megabyte_with_status(self, cluster: Cluster) -> None:
        assert "created" in create(cluster, big_graph("big"), f"--namespace={NAMESPACE}")
        status = {
            "observedGeneration": 1,
            "progress": "37/5000",
            "summary": "Running",
            "waiting": "12 tasks: NoCapacity",
            "tasks": status_lines(),
        }
        patch_file = cluster.directory / "status.json"
        patch_file.write_text(json.dumps({"status": status}))
        cluster.kubectl(
            "patch", "tg", "big", f"--namespace={NAMESPACE}", "--subresource=status", "--type=merge",
            f"--patch-file={patch_file}",
        )  # fmt: skip
        text = stored(cluster, "taskgraphs", "big")
        document = json.loads(text)
        assert len(document["status"]["tasks"]) == 5000
        assert len(text) < 1_000_000
        managed = len(json.dumps(document["metadata"]["managedFields"], separators=(",", ":")))
        assert managed < 40 * 5000, "each task must be one entry in managedFields, not one per field"

    def test_it_can_be_suspended_but_its_tasks_not_changed(self, cluster: Cluster) -> None:
        assert "created" in create(cluster, big_graph("fixed"), f"--namespace={NAMESPACE}")
        assert "patched" in patch(cluster, "fixed", {"suspend": True})
        changed = big_graph("fixed")
        changed["spec"]["tasks"][4999]["shards"] = 2
        run = cluster.kubectl("replace", f"--namespace={NAMESPACE}", "--filename", "-", input=json.dumps(changed), check=False)
        assert "tasks cannot change once the graph exists" in run.stderr

    def test_every_dependency_may_say_how_many_bytes_it_is(self, cluster: Cluster) -> None:
        manifest = big_graph("handing-over")
        for task in manifest["spec"]["tasks"]:
            for dependency in task.get("dependsOn", ()):
                dependency["data"] = "512Mi"
        assert "created" in create(cluster, manifest, f"--namespace={NAMESPACE}")
        assert "patched" in patch(cluster, "handing-over", {"suspend": True})

    def test_server_side_apply_takes_it_twice(self, cluster: Cluster) -> None:
        for _ in range(2):
            run = cluster.kubectl(
                "apply", "--server-side", f"--namespace={NAMESPACE}", "--filename", "-",
                input=json.dumps(big_graph("applied")),
            )  # fmt: skip
            assert "serverside-applied" in run.stdout

    def test_all_its_tasks_may_have_automatic_shards(self, cluster: Cluster) -> None:
        manifest = big_graph("divided")
        for task in manifest["spec"]["tasks"]:
            task |= {"shards": "Auto", "expectedDuration": "10m", "autoShards": {"max": 4, "startup": "20s", "serial": "5%"}}
        assert "created" in create(cluster, manifest, f"--namespace={NAMESPACE}")
        manifest["spec"]["tasks"][4999]["autoShards"]["min"] = 5
        said = create(cluster, manifest, f"--namespace={NAMESPACE}", "--dry-run=server")
        assert "spec.tasks[4999].autoShards: Invalid value: min must not be larger than max" in said

    def test_one_task_more_is_refused(self, cluster: Cluster) -> None:
        said = create(cluster, big_graph("larger", 5001), f"--namespace={NAMESPACE}")
        assert "spec.tasks: Too many: 5001: must have at most 5000 items" in said

    def test_rules_hold_for_its_last_task_too(self, cluster: Cluster) -> None:
        manifest = big_graph("wrong")
        last = manifest["spec"]["tasks"][4999]
        last["dependsOn"].append({"task": last["name"]})
        said = create(cluster, manifest, f"--namespace={NAMESPACE}")
        assert "spec.tasks[4999]: Invalid value: a task cannot depend on itself" in said
