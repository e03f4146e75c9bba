"""The kind PlacementPolicy: who goes first, which node is better, and whom the policy serves."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, StrictInt

from .common import Conditions, Model, ObjectMeta
from .extensions import kubernetes
from .scalars import DurationOrZero, LabelValue, Name, ObjectName, StrategyName

KIND = "PlacementPolicy"
PLURAL = "placementpolicies"


class ScorerWeight(Model):
    """A scorer and how much it counts."""

    name: StrategyName = Field(
        description="Name of the scorer: BestFit fills nodes up, Spread evens them out, PreferredAffinity "
        "follows the pods' preferred node affinity."
    )
    weight: StrictInt = Field(default=1, ge=1, le=100, description="How much it counts against the others, 1 to 100.")


class PlannerChoice(Model):
    """How a batch of pods is assigned to nodes."""

    name: StrategyName = Field(
        default="Greedy",
        description="Name of the planner: Greedy places one pod after the other on its best node.",
    )


class Serves(Model):
    """Whose graphs the policy places. What it does not serve waits, and the graph's status says why."""

    namespaces: tuple[Name, ...] = Field(
        default=(),
        max_length=1000,
        description="Namespaces whose graphs may use the policy. Empty: all.",
        json_schema_extra=kubernetes(list_type="set"),
    )
    priority_class_names: tuple[ObjectName, ...] = Field(
        default=(),
        max_length=100,
        description="Priority classes that pods may ask for, beside the class bayplan of the Helm chart. Empty: no other.",
        json_schema_extra=kubernetes(list_type="set"),
    )
    service_account_names: tuple[ObjectName, ...] = Field(
        default=(),
        max_length=1000,
        description="Service accounts that pods may run as. Empty: all.",
        json_schema_extra=kubernetes(list_type="set"),
    )


class PlacementPolicySpec(Model):
    """How Bayplan decides. A change takes effect with the next decision; running pods stay where they are."""

    order: tuple[StrategyName, ...] = Field(
        default=("Priority", "CriticalPath", "Age"),
        min_length=1,
        max_length=8,
        description="Who goes first: the first rule decides, the next one among equals, and so on. "
        "Priority: the graph's priority. CriticalPath: the longest chain of tasks still ahead. Age: who "
        "waits longest.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    scorers: tuple[ScorerWeight, ...] = Field(
        default=(ScorerWeight(name="BestFit"),),
        min_length=1,
        max_length=16,
        description="Which of the fitting nodes is better: the weighted sum of these scores.",
        json_schema_extra=kubernetes(list_type="map", list_map_keys=["name"]),
    )
    planner: PlannerChoice = Field(default_factory=PlannerChoice, description="How the pods that wait are assigned to nodes.")
    binding: Literal["Scheduler", "Direct"] = Field(
        default="Scheduler",
        description="Scheduler: the pod is pinned to its node, and kube-scheduler checks and binds it. "
        "Direct: the pod is bound at creation, past kube-scheduler; only for nodes that nobody else uses.",
    )
    node_selector: dict[str, LabelValue] = Field(
        default_factory=dict,
        max_length=32,
        description="Labels that a node must have to be used at all. Empty: every node.",
    )
    node_loss_grace: DurationOrZero = Field(
        default=30.0,
        description="How long a node may be not ready before its pods count as lost and are replaced "
        'elsewhere, such as "30s". "0s": at once.',
    )
    serves: Serves = Field(
        default_factory=Serves,
        description="Whose graphs the policy places. Default: those of every namespace.",
    )


class PlacementPolicyStatus(Model):
    """Whether the policy can be used. Written by the operator."""

    observed_generation: int | None = Field(
        default=None, ge=0, description="The metadata.generation that this status was written for."
    )
    conditions: Conditions = Field(default=(), description="Accepted: every name in the spec is known.")


class PlacementPolicy(Model):
    """How Bayplan decides which task goes first and which node it gets. A TaskGraph names its policy in
    spec.policyName."""

    api_version: Literal["bayplan.dev/v1alpha1"] = "bayplan.dev/v1alpha1"
    kind: Literal["PlacementPolicy"] = "PlacementPolicy"
    metadata: ObjectMeta = Field(default_factory=ObjectMeta)
    spec: PlacementPolicySpec = Field(default_factory=PlacementPolicySpec)
    status: PlacementPolicyStatus = Field(default_factory=PlacementPolicyStatus)
