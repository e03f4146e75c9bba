"""The kind Queue: how much the graphs that name it may hold together, and which namespaces may use it."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    StrictInt,
    WithJsonSchema,
    model_validator,
)

from .common import Conditions, Model, ObjectMeta
from .extensions import cel, kubernetes
from .flow import NOT_STORED
from .preemption import Preemption
from .scalars import Duration, LabelKey, LabelValue, QueueName, ResourceName

KIND = "Queue"
PLURAL = "queues"
DEFAULT = "default"
"""The queue of graphs that name none. Where there is no such object, it is one without quotas that every namespace may use."""
MAX_NAME = 63
MAX_QUOTAS = 32
MAX_SHOWN = 64
"""Quota rows in a status: the queue's own, and those above it."""
MAX_WEIGHT = 10_000
MAX_POINTS = 1_000_000
MAX_MEASURES = 96
"""Of a share: quota rows of the tree that it held something of, and resources without one."""
MAX_MEASURE = 1024
MAX_RESERVE = 32
"""Reservations of a cluster at a time."""

_LARGEST = 10**15
"""Of amounts that are numbers."""
_LONGEST = 32
"""Characters of those that are text."""
_AMOUNT_RULE = 'must be a quantity, 0 or above, such as 8, "500m" or "64Gi"'
_AMOUNT = r"^[0-9]{1,15}([.][0-9]{1,9})?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$"


def _amount(value: object) -> str:
    """The quantity as text."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST:
        return str(value)
    if not isinstance(value, str) or len(value) > _LONGEST or re.fullmatch(_AMOUNT.strip("^$"), value, re.ASCII) is None:
        raise ValueError(_AMOUNT_RULE)
    return value


Amount = Annotated[
    str,
    PlainValidator(_amount),
    PlainSerializer(str, return_type=str),
    # A pattern, not a rule: to the API server's cost budget, what may be a number has no longest text.
    WithJsonSchema(
        {
            "maxLength": _LONGEST,
            "minimum": 0,
            "maximum": _LARGEST,
            "pattern": _AMOUNT,
            **kubernetes(int_or_string=True),
        }
    ),
]
"""A quantity that is 0 or above, as text."""

ShownAmount = Annotated[str, Field(max_length=32)]
"""A quantity in a status."""


class NamespaceRequirement(Model):
    """A condition on one label."""

    key: LabelKey = Field(description="Key of the label.")
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"] = Field(
        description="In: the label has one of the values. NotIn: it has none of them, or is missing. Exists: it is there. "
        "DoesNotExist: it is missing."
    )
    values: tuple[LabelValue, ...] = Field(
        default=(),
        max_length=64,
        description="The values of In and NotIn; none for the others.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )

    @model_validator(mode="after")
    def _values_where_they_count(self) -> Self:
        if (self.operator in ("In", "NotIn")) != bool(self.values):
            raise ValueError("values must be given with In and NotIn, and left out with Exists and DoesNotExist")
        return self


class NamespaceSelector(Model):
    """Namespaces, by their labels. All conditions must hold; without any, all namespaces are meant."""

    match_labels: dict[str, LabelValue] = Field(
        default_factory=dict, max_length=32, description="Labels that a namespace must have."
    )
    match_expressions: tuple[NamespaceRequirement, ...] = Field(
        default=(),
        max_length=32,
        description="Further conditions on its labels.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )


class Quota(Model):
    """So much of one resource, on nodes with certain labels, is guaranteed to the queue."""

    resource: ResourceName = Field(
        description="The resource as pods ask for it, such as cpu, memory or nvidia.com/gpu. A quota of GPUs counts whole GPUs "
        "and shares of GPUs (bayplan.dev/gpu-milli) alike."
    )
    node_selector: dict[str, LabelValue] = Field(
        default_factory=dict,
        max_length=16,
        description="Counted is what is held on nodes with these labels. Default: on all nodes.",
    )
    nominal: Amount = Field(
        description='How much is guaranteed to the queue, a quantity such as 8 or "64Gi". Without a parent it is also the most '
        "that the queue and those below it may hold."
    )
    borrowing_limit: Amount | None = Field(
        default=None,
        description="How much more than nominal may be held while others do not use theirs. 0: nothing. Default: no limit. "
        "Only with parentName.",
    )
    lending_limit: Amount | None = Field(
        default=None,
        description="How much of nominal others may hold while the queue does not use it. 0: nothing. Default: all of it. Only "
        "with parentName.",
    )


def _each_once(quotas: tuple[Quota, ...]) -> tuple[Quota, ...]:
    seen: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
    for each in quotas:
        key = each.resource, tuple(sorted(each.node_selector.items()))
        if key in seen:
            raise ValueError(f"has two quotas of {each.resource} on the same nodes: there must be one")
        seen.add(key)
    return quotas


class FairSharing(Model):
    """How the shares of the queues below this one are compared."""

    half_life: Duration = Field(
        description='What a queue held counts half as much after this time, such as "24h".',
    )


class Ageing(Model):
    """What a graph gains by waiting in the queue, in points of priority."""

    per_hour: StrictInt = Field(ge=0, le=MAX_POINTS, description="Points per hour in which a task could start and does not.")
    ceiling: StrictInt = Field(ge=0, le=MAX_POINTS, description="The most points that age may add.")


class QueueSpec(Model):
    """How much may be held, and which namespaces may use it. A change takes effect with the next decision; pods stay."""

    parent_name: QueueName | None = Field(
        default=None,
        description="The queue above. Queues of one parent lend each other what they do not use. Default: none, and nothing "
        "is borrowed.",
    )
    namespace_selector: NamespaceSelector | None = Field(
        default=None,
        description="Which namespaces may use the queue, by their labels. {}: every namespace. Default: none.",
    )
    weight: StrictInt = Field(
        default=1,
        ge=1,
        le=MAX_WEIGHT,
        description="Its part, beside its siblings', of what no queue is guaranteed, 1 to 10000. Default: 1.",
        json_schema_extra=NOT_STORED,
    )
    quotas: Annotated[tuple[Quota, ...], AfterValidator(_each_once)] = Field(
        default=(),
        max_length=MAX_QUOTAS,
        description="What is guaranteed to the queue, at most once for each resource and node selector. Where neither the "
        "queue nor a queue above it has a quota of a resource, there is no limit.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    fair_sharing: FairSharing | None = Field(
        default=None, description="How the shares of the queues below are compared. Default: they are not."
    )
    ageing: Ageing | None = Field(default=None, description="What waiting adds to the priority. Default: nothing.")
    reserve: StrictInt = Field(
        default=0,
        ge=0,
        le=MAX_RESERVE,
        description="How many tasks or gangs at the head of the queue's line may hold a reservation: room is kept for them, "
        "and only what ends before they start may use it. 0 to 32. Default: 0.",
        json_schema_extra=NOT_STORED,
    )
    preemption: Preemption | None = Field(
        default=None,
        description="What may be evicted so that graphs of the queue start, and how long its own pods are left alone. Default: "
        "nothing is evicted for it.",
    )
    stop_policy: Literal["None", "Hold", "HoldAndDrain"] = Field(
        default="None",
        description="Hold: nothing new starts in the queue and in those below it; what runs goes on. HoldAndDrain: what runs "
        "is evicted too, and waits again. Default: None.",
        json_schema_extra=NOT_STORED,
    )


class QuotaStatus(Model):
    """What is held of one quota."""

    resource: str = Field(max_length=253, description="The resource.")
    node_selector: dict[str, LabelValue] = Field(
        default_factory=dict,
        max_length=16,
        description="Labels of the nodes on which it is counted. Missing: all nodes.",
    )
    used: ShownAmount = Field(description="What pods of the queue, and of those below it, hold.")
    charged: ShownAmount | None = Field(
        default=None,
        description="What is charged beside that for graphs with admission: Graph, and held by no pod yet. Missing: nothing.",
    )
    nominal: ShownAmount = Field(description="What is guaranteed to the queue and to those below it, all together.")
    borrowed: ShownAmount = Field(description="What is held beyond that, of what other queues do not use.")


class ShareRecord(Model):
    """What the queue held beyond its quotas over time, so that it outlives the operator."""

    at: Annotated[str, Field(max_length=32)] = Field(description="Until when, in seconds since 1970.")
    measures: tuple[Annotated[str, Field(max_length=MAX_MEASURE)], ...] = Field(
        default=(),
        max_length=MAX_MEASURES,
        description="For each quota, or resource without one: the decayed mean of what was held beyond, what was held from "
        "then on with the queues below, both in the smallest unit, and what is measured.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )


class QueueStatus(Model):
    """What is held and what waits. Written by the operator, at most once a second."""

    observed_generation: int | None = Field(
        default=None, ge=0, description="The metadata.generation that this status was written for."
    )
    quotas: tuple[QuotaStatus, ...] = Field(
        default=(),
        max_length=MAX_SHOWN,
        description="What is held of each quota of the queue, and of quotas above it of which it has no own.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    usage: str | None = Field(
        default=None, max_length=128, description='The first quotas in short, used/nominal, such as "nvidia.com/gpu 6/8".'
    )
    borrowed: str | None = Field(
        default=None, max_length=128, description='What is borrowed of these, such as "nvidia.com/gpu 2". Empty: nothing.'
    )
    share: str | None = Field(
        default=None,
        max_length=32,
        description="Its share when this was written: what it held beyond its quotas over time, in parts of what the parent "
        "can lend, divided by weight. The lowest goes first. Missing where shares are not compared.",
    )
    share_record: ShareRecord | None = Field(default=None, description="What the share goes on from.")
    pending: int | None = Field(default=None, ge=0, description="Number of shards that wait and could start.")
    admitted: int | None = Field(default=None, ge=0, description="Number of pods that hold the queue: placed, and not over.")
    conditions: Conditions = Field(
        default=(),
        description="Ready: graphs of the queue may start pods; otherwise why not. Sufficient, False only: the smallest "
        "request that waits asks for more than the queue may ever hold.",
    )


class Queue(Model):
    """How much of the cluster the graphs that name it may hold together, and which namespaces may use it. A TaskGraph names
    its queue in spec.queueName."""

    model_config = ConfigDict(
        json_schema_extra=kubernetes(
            cel(
                f"size(self.metadata.name) <= {MAX_NAME}",
                f"metadata.name must be at most {MAX_NAME} characters long, since the pods carry it as a label",
            )
        )
    )

    api_version: Literal["bayplan.dev/v1alpha1"] = "bayplan.dev/v1alpha1"
    kind: Literal["Queue"] = "Queue"
    metadata: ObjectMeta = Field(default_factory=ObjectMeta)
    spec: QueueSpec = Field(default_factory=QueueSpec)
    status: QueueStatus = Field(default_factory=QueueStatus)
