"""The kind PlacementPolicy: which pod is placed first, which node is better, and which graphs the policy serves."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, StrictInt, model_validator

from .common import Conditions, Model, ObjectMeta
from .extensions import cel, kubernetes
from .scalars import (
    Discount,
    DurationOrZero,
    LabelValue,
    Name,
    ObjectName,
    ParameterName,
    ParameterValue,
    Percentage,
    ResourceName,
    StrategyName,
    Text,
)

KIND = "PlacementPolicy"
PLURAL = "placementpolicies"
MAX_PARAMETERS = 64
PRESET_RULE = "preset stands for order, scorers and planner: leave these out, or leave preset out"
ADAPTIVE_RULE = "adaptive chooses among its candidates: leave preset, order, scorers and planner out, or leave adaptive out"
NAME_RULE = "a candidate without a preset must have a name"
MAX_CANDIDATES = 8


class Parameter(Model):
    """A parameter of a scorer or planner. Its value is text, also where it is a number."""

    name: ParameterName = Field(description='Name of the parameter, such as "population".')
    value: ParameterValue = Field(description='Its value as text, such as "40" or "0.5".')


def _each_once(parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    names = [each.name for each in parameters]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f'has "{twice}" more than once: name each once')
    return parameters


Parameters = Annotated[
    tuple[Parameter, ...],
    Field(max_length=MAX_PARAMETERS, json_schema_extra=kubernetes(list_type="map", list_map_keys=["name"])),
    AfterValidator(_each_once),
]


class ScorerWeight(Model):
    """A scorer, how much it counts, and its parameters."""

    name: StrategyName = Field(
        description="Name of the scorer: BestFit fills nodes up, Spread evens them out, PreferredAffinity "
        "follows the pods' preferred node affinity. docs/strategies.md has them all; status names the nearest "
        "right one where there is no such scorer."
    )
    weight: StrictInt = Field(default=1, ge=1, le=100, description="How much it counts against the others, 1 to 100.")
    parameters: Parameters = Field(
        default=(), description="Parameters of this scorer that shall not have their defaults, at most 64."
    )


class PlannerChoice(Model):
    """How a batch of pods is assigned to nodes."""

    name: StrategyName = Field(
        default="Greedy",
        description="Name of the planner: Greedy places one pod after the other on its best node. "
        "docs/strategies.md has them all; status names the nearest right one where there is no such planner.",
    )
    parameters: Parameters = Field(
        default=(),
        description="Parameters of this planner that shall not have their defaults, at most 64. Of Static, "
        "each name is a task's (TASK or GRAPH/TASK), and its value the node that the task goes to.",
    )


class Candidate(Model):
    """A strategy that an adaptive policy may choose: a preset, or an order, scorers and a planner under a name."""

    model_config = ConfigDict(
        json_schema_extra=kubernetes(
            cel("!has(self.preset) || !(has(self.order) || has(self.scorers) || has(self.planner))", PRESET_RULE),
            cel("has(self.name) || has(self.preset)", NAME_RULE),
        )
    )

    name: StrategyName | None = Field(
        default=None, description="What it is called in statuses, events and metrics. Default: the name of its preset."
    )
    preset: StrategyName | None = Field(default=None, description="As spec.preset.")
    order: tuple[StrategyName, ...] | None = Field(
        default=None, min_length=1, max_length=8, description="As spec.order.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )  # fmt: skip
    scorers: tuple[ScorerWeight, ...] | None = Field(
        default=None, min_length=1, max_length=16, description="As spec.scorers.",
        json_schema_extra=kubernetes(list_type="map", list_map_keys=["name"]),
    )  # fmt: skip
    planner: PlannerChoice | None = Field(default=None, description="As spec.planner.")

    @property
    def called(self) -> str:
        """Its name, or its preset's."""
        return self.name or self.preset or ""

    @model_validator(mode="after")
    def _clear(self) -> Self:
        if self.preset is not None and (self.order is not None or self.scorers is not None or self.planner is not None):
            raise ValueError(PRESET_RULE)
        if not self.called:
            raise ValueError(NAME_RULE)
        return self


class Adaptive(Model):
    """Several strategies, of which each new graph gets the one that has lately done best, or one that has to be tried."""

    objective: StrategyName = Field(
        default="ResponseTime",
        description="What is to be done well: ResponseTime, Waiting, DeadlineMisses or Cost; docs/strategies.md says how each "
        "is measured.",
    )
    candidates: tuple[Candidate, ...] = Field(
        min_length=2,
        max_length=MAX_CANDIDATES,
        description="The strategies to choose from, 2 to 8, each under its own name.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    discount: Discount = Field(
        default="0.98",
        description='How much every earlier graph counts after one more, above 0 and up to 1, as text: "1" forgets nothing, '
        '"0.98" lives on the last 50 graphs.',
    )
    minimum_graphs: StrictInt = Field(
        default=3, ge=1, le=100, description="So many graphs try each candidate before any is preferred."
    )

    @model_validator(mode="after")
    def _each_by_its_own_name(self) -> Self:
        names = [each.called for each in self.candidates]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f'candidates has "{twice}" more than once: give each its own name')
        return self


class Serves(Model):
    """Which graphs the policy places. A graph that it does not serve waits, and the graph's status says why."""

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


class HotThreshold(Model):
    """From which load of a resource on a node is hot."""

    resource: ResourceName = Field(
        description="Name of what is measured, such as cpu, memory, disk, network, nvidia.com/gpu or "
        "nvidia.com/gpu.memory. docs/load.md has them all. A resource without a measurement makes no node hot."
    )
    share: Percentage = Field(description='From which share in use on, such as "90%".')


class LoadRules(Model):
    """What measured load forbids. It needs a Prometheus, which the operator's flags name."""

    hot: tuple[HotThreshold, ...] = Field(
        default=(),
        max_length=16,
        description="A node at or above one of these gets nothing more until it has cooled down. Empty: no node is hot.",
        json_schema_extra=kubernetes(list_type="map", list_map_keys=["resource"]),
    )


class PlacementPolicySpec(Model):
    """How Bayplan decides. A change takes effect with the next decision; running pods stay where they are."""

    model_config = ConfigDict(
        json_schema_extra=kubernetes(
            cel("!has(self.preset) || !(has(self.order) || has(self.scorers) || has(self.planner))", PRESET_RULE),
            cel(
                "!has(self.adaptive) || !(has(self.preset) || has(self.order) || has(self.scorers) || has(self.planner))",
                ADAPTIVE_RULE,
            ),
        )
    )

    preset: StrategyName | None = Field(
        default=None,
        description="Name of a ready-made strategy, such as Auto, which picks by what is asked; docs/strategies.md has "
        "them all. It stands for order, scorers and planner, which must be left out then. Default: Auto, where none of the "
        "three is given either.",
    )
    # No defaults in the schema: what the API server fills in could not be told from what the author wrote beside preset.
    order: tuple[StrategyName, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=8,
        description="Which pod is placed first: the first rule decides, the next one among equals, and so on. "
        "Priority: the graph's priority. CriticalPath: the longest chain of tasks still ahead. Age: the graph "
        "that has waited longest. Default, where scorers or planner is given: Priority, CriticalPath, Age.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    scorers: tuple[ScorerWeight, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=16,
        description="Which of the fitting nodes is better: the weighted mean of these scores. Default, where order or "
        "planner is given: BestFit.",
        json_schema_extra=kubernetes(list_type="map", list_map_keys=["name"]),
    )
    planner: PlannerChoice | None = Field(
        default=None,
        description="How the pods that wait are assigned to nodes. Default, where order or scorers is given: Greedy.",
    )
    adaptive: Adaptive | None = Field(
        default=None,
        description="Chooses a strategy for each graph by what has done best so far, in place of preset, order, scorers and "
        "planner. Default: off.",
    )
    binding: Literal["Scheduler", "Direct"] = Field(
        default="Scheduler",
        description="Scheduler: the pod is pinned to its node, and kube-scheduler checks and binds it. "
        "Direct: the pod is bound at creation, past kube-scheduler; only for nodes that no other scheduler uses.",
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
    load: LoadRules = Field(
        default_factory=LoadRules,
        description="What the measured load of nodes forbids. Default: nothing.",
    )
    serves: Serves = Field(
        default_factory=Serves,
        description="Which graphs the policy places. Default: those of every namespace.",
    )

    @model_validator(mode="after")
    def _preset_alone(self) -> Self:
        if self.preset is not None and (self.order is not None or self.scorers is not None or self.planner is not None):
            raise ValueError(PRESET_RULE)
        said = (self.preset, self.order, self.scorers, self.planner)
        if self.adaptive is not None and any(each is not None for each in said):
            raise ValueError(ADAPTIVE_RULE)
        return self


class CandidateStatus(Model):
    """What an adaptive policy has learned of one candidate."""

    name: StrategyName = Field(description="The candidate.")
    graphs: StrictInt = Field(ge=0, description="Graphs that have said something about it.")
    expected: str | None = Field(
        default=None,
        max_length=32,
        description='What is expected of it by the objective, less being better, such as "1.31" for a slowdown.',
    )
    evidence: str = Field(
        default="", max_length=128, description="Sums over its graphs, older ones counting less: how many, values, squares."
    )
    definition: str = Field(
        default="", max_length=16, description="Stands for its strategy: what was learned of another one is forgotten."
    )


class AdaptiveStatus(Model):
    """What an adaptive policy has learned so far, and which graphs are in it."""

    objective: str = Field(default="", max_length=63, description="The objective of which this was learned.")
    strategy: str = Field(
        default="", max_length=63, description="The candidate that looks best. Empty: they are still being tried."
    )
    message: Text = Field(default="", description="Why, in words.")
    counted: StrictInt = Field(
        default=0, ge=0, description="Outcomes of graphs up to this number are counted, but for those in missing."
    )
    missing: tuple[StrictInt, ...] = Field(
        default=(),
        max_length=100,
        description="Numbers of outcomes that are not yet counted, since their graphs' status could not be written in time.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    candidates: tuple[CandidateStatus, ...] = Field(
        default=(),
        max_length=MAX_CANDIDATES,
        description="Each candidate.",
        json_schema_extra=kubernetes(list_type="map", list_map_keys=["name"]),
    )


class PlacementPolicyStatus(Model):
    """Whether the policy can be used. Written by the operator."""

    observed_generation: int | None = Field(
        default=None, ge=0, description="The metadata.generation that this status was written for."
    )
    conditions: Conditions = Field(
        default=(),
        description="Accepted: every name and parameter in the spec is known. LoadAvailable, only of policies "
        "that go by the load of nodes: it is measured. Adaptive: which candidate is preferred, and why.",
    )
    adaptive: AdaptiveStatus | None = Field(default=None, description="What an adaptive policy has learned.")


class PlacementPolicy(Model):
    """How Bayplan decides which task goes first and which node it gets. A TaskGraph names its policy in
    spec.policyName."""

    api_version: Literal["bayplan.dev/v1alpha1"] = "bayplan.dev/v1alpha1"
    kind: Literal["PlacementPolicy"] = "PlacementPolicy"
    metadata: ObjectMeta = Field(default_factory=ObjectMeta)
    spec: PlacementPolicySpec = Field(default_factory=PlacementPolicySpec)
    status: PlacementPolicyStatus = Field(default_factory=PlacementPolicyStatus)
