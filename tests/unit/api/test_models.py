"""The models read what the API server stores, and write what it accepts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from bayplan_operator.api.v1alpha1 import (
    Condition,
    PlacementPolicy,
    PlacementPolicySpec,
    PlannerChoice,
    ScorerWeight,
    Task,
    TaskGraph,
    TaskGraphSpec,
    TaskGraphStatus,
)

MANIFEST: dict[str, Any] = {
    "apiVersion": "bayplan.dev/v1alpha1",
    "kind": "TaskGraph",
    "metadata": {
        "name": "vision",
        "namespace": "research",
        "uid": "7f",
        "generation": 2,
        "managedFields": [],
    },
    "spec": {
        "policyName": "gpu",
        "ttlAfterFinished": "1h",
        "retry": {"limit": 1, "backoff": {"initial": "250ms"}},
        "template": {"spec": {"containers": [{"image": "busybox:1.36", "futureField": {"deep": [1]}}]}},
        "tasks": [
            {"name": "collect", "expectedDuration": "90s", "unknownField": 1},
            {
                "name": "train",
                "dependsOn": [{"task": "collect", "data": "1.5Gi"}],
                "shards": 8,
                "env": [{"name": "A", "value": "b"}],
            },
        ],
    },
}


def test_a_manifest_is_read_with_defaults_and_seconds() -> None:
    graph = TaskGraph.model_validate(MANIFEST)
    assert graph.metadata.generation == 2
    assert graph.spec.ttl_after_finished == 3600.0
    assert (graph.spec.retry.limit, graph.spec.retry.backoff.initial, graph.spec.retry.backoff.cap) == (
        1,
        0.25,
        60.0,
    )
    assert graph.spec.tasks[0].expected_duration == 90.0
    assert graph.spec.tasks[0].shards == 1
    assert [(each.task, each.data) for each in graph.spec.tasks[1].depends_on] == [("collect", 1536 * 2**20)]
    assert graph.status == TaskGraphStatus()


def test_unknown_fields_are_ignored_and_those_of_the_pod_spec_kept() -> None:
    graph = TaskGraph.model_validate(MANIFEST)
    assert "unknownField" not in graph.spec.tasks[0].dump()
    assert graph.spec.template.spec["containers"][0]["futureField"] == {"deep": [1]}


def test_what_is_written_is_read_back_unchanged() -> None:
    graph = TaskGraph.model_validate(MANIFEST)
    written = graph.dump()
    assert written["spec"]["retry"]["backoff"] == {"initial": "250ms", "factor": 2, "cap": "1m"}
    assert TaskGraph.model_validate(written) == graph


def test_models_cannot_be_changed() -> None:
    task = Task(name="a")
    with pytest.raises(ValidationError, match="frozen"):
        task.__setattr__("shards", 2)


def test_the_documented_defaults() -> None:
    spec = TaskGraphSpec(tasks=(Task(name="a"),))
    assert (spec.policy_name, spec.priority, spec.suspend, spec.ttl_after_finished) == (
        "default",
        0,
        False,
        None,
    )
    policy = PlacementPolicySpec()
    assert (policy.preset, policy.order, policy.scorers, policy.planner) == (None, None, None, None)
    assert (PlannerChoice().name, ScorerWeight(name="BestFit").weight) == ("Greedy", 1)
    assert (policy.binding, policy.node_loss_grace) == ("Scheduler", 30.0)


def test_parameters_are_text_under_a_name() -> None:
    planner = {"name": "Genetic", "parameters": [{"name": "population", "value": "40"}, {"name": "share", "value": "0.5"}]}
    policy = PlacementPolicy.model_validate({"spec": {"planner": planner}})
    assert policy.spec.planner is not None
    assert [(each.name, each.value) for each in policy.spec.planner.parameters] == [("population", "40"), ("share", "0.5")]
    assert policy.dump()["spec"]["planner"] == planner


@pytest.mark.parametrize("beside", [{"order": ["Age"]}, {"scorers": [{"name": "BestFit"}]}, {"planner": {}}])
def test_a_preset_stands_alone(beside: dict[str, Any]) -> None:
    assert PlacementPolicySpec.model_validate({"preset": "Auto", "binding": "Direct"}).preset == "Auto"
    with pytest.raises(ValidationError, match="preset stands for order, scorers and planner"):
        PlacementPolicySpec.model_validate({"preset": "Auto", **beside})


def test_a_deadline_and_models_of_gpus() -> None:
    spec = {"deadline": "45m", "tasks": [{"name": "a", "gpuModels": ["Tesla-T4", "NVIDIA-A100-SXM4-80GB"]}]}
    read = TaskGraphSpec.model_validate(spec)
    assert (read.deadline, read.tasks[0].gpu_models) == (2700.0, ("Tesla-T4", "NVIDIA-A100-SXM4-80GB"))
    assert read.dump()["deadline"] == "45m"


def test_a_policy_may_give_nodes_no_grace_at_all() -> None:
    policy = PlacementPolicy.model_validate({"spec": {"nodeLossGrace": "0s"}})
    assert policy.spec.node_loss_grace == 0.0
    assert policy.dump()["spec"]["nodeLossGrace"] == "0s"


def test_moments_are_written_as_kubernetes_reads_them() -> None:
    moment = datetime(2024, 5, 1, 12, 0, 0, 120, tzinfo=timezone(timedelta(hours=2)))
    condition = Condition(type="Accepted", status="True", reason="Valid", last_transition_time=moment)
    status = TaskGraphStatus(accepted_at=moment, start_time=moment, conditions=(condition,))
    written = status.dump()
    assert written["acceptedAt"] == "2024-05-01T10:00:00.000120Z"
    assert written["startTime"] == "2024-05-01T10:00:00Z"
    assert written["conditions"][0]["lastTransitionTime"] == "2024-05-01T10:00:00Z"
    assert TaskGraphStatus.model_validate(written).accepted_at == moment.astimezone(UTC)
