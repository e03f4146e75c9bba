"""The kind TaskProfile: what was learned of a task, so that it outlives graphs and the operator."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StrictInt

from .common import Conditions, Model, ObjectMeta
from .extensions import cel, kubernetes
from .scalars import Decimal, MicroTime, Name, ObjectName

KIND = "TaskProfile"
PLURAL = "taskprofiles"
MAX_CLASSES = 64
MAX_METRICS = 8
MAX_COUNTED = 256
MAX_METRIC_NAME = 40
MAX_ROUND_COUNTS = 20
METRIC_NAME = "^[A-Za-z][-A-Za-z0-9_.]*$"

MetricName = Annotated[str, Field(min_length=1, max_length=MAX_METRIC_NAME, pattern=METRIC_NAME)]
Words = Annotated[str, Field(max_length=63)]
RoundsText = Annotated[str, Field(max_length=5, pattern=r"^[1-9][0-9]{0,3}\+?$")]
Count = Annotated[StrictInt, Field(ge=0)]


class Sums(Model):
    """Sums over runs, all that their posterior depends on: y is the log of the seconds, z that of the input's size."""

    runs: Decimal = Field(description="How many runs; older ones count less.")
    logs: Decimal | None = Field(default=None, description="Sum of y.")
    log_squares: Decimal | None = Field(default=None, description="Sum of the squares of y.")
    sized: Decimal | None = Field(default=None, description="How many runs had an inputSize; the sums below are over these.")
    sized_logs: Decimal | None = Field(default=None, description="Sum of y.")
    log_sizes: Decimal | None = Field(default=None, description="Sum of z.")
    log_size_squares: Decimal | None = Field(default=None, description="Sum of the squares of z.")
    products: Decimal | None = Field(default=None, description="Sum of z times y.")


class Figure(Model):
    """Mean and spread of a figure over runs."""

    name: str = Field(
        min_length=1,
        max_length=MAX_METRIC_NAME + 9,
        description="response: seconds from ready to ended; run: seconds from started to ended; success: 1 or 0; cost: the "
        "price of a run; start: seconds from when its node had it until it started; reported.NAME: what it says of itself.",
    )
    count: Count = Field(description="Over how many runs.")
    mean: Decimal = Field(description="Their mean.")
    squares: Decimal = Field(description="Sum of the squared distances from the mean.")


class NodeClass(Model):
    """What was learned of the task on nodes of one class."""

    name: Words = Field(description="The class, by the nodes' labels; empty: nodes that say nothing of it.")
    runs: Count = Field(description="Runs that succeeded.")
    p50: Words | None = Field(default=None, description="Time within which half of the next runs are expected to end.")
    p95: Words | None = Field(default=None, description="Time within which 95 % of the next runs are expected to end.")
    efficiency: Words | None = Field(
        default=None, description="f(task, class): successes per hour of running, times the mean of spec.metric, if set."
    )
    sums: Sums | None = Field(default=None, description="From which run times are predicted. None: no run has succeeded.")
    figures: tuple[Figure, ...] = Field(
        default=(),
        max_length=MAX_METRICS + 5,
        description="How well runs went.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )


class TaskProfileSpec(Model):
    """Which task it is."""

    model_config = ConfigDict(
        json_schema_extra=kubernetes(
            cel("self.family == oldSelf.family && self.task == oldSelf.task", "family and task cannot change")
        )
    )

    family: ObjectName = Field(description="What spec.profile of the graphs says, or its default.")
    task: Name = Field(description="What profile of the task says, or its default.")
    metric: MetricName | None = Field(
        default=None,
        description="Which number that the task reports of itself says how much a run achieves; more must be better. "
        "Default: a run is a run, and efficiency is runs per hour. May be changed.",
    )


class TaskProfileStatus(Model):
    """What was learned. Written by the operator; what others write is overwritten."""

    runs: Count = Field(default=0, description="Runs that succeeded.")
    failures: Count = Field(default=0, description="Attempts that failed; those that were lost with their node do not count.")
    p50: Words | None = Field(default=None, description="Median of the next run, on the class of nodes where that is shortest.")
    p95: Words | None = Field(default=None, description="95 % of the next runs are expected to end within it, on that class.")
    best: Words | None = Field(default=None, description="The class of nodes where runs are expected to be shortest.")
    response: Words | None = Field(default=None, description="Mean time from ready to ended.")
    success_rate: Words | None = Field(default=None, description="Share of the attempts that succeeded.")
    throughput: Words | None = Field(default=None, description="Successes per hour, from the first run to the last.")
    utilisation: Words | None = Field(
        default=None, description="How many pods of the task ran at a time, on average from the first run to the last."
    )
    cost: Words | None = Field(default=None, description="Mean price of a run, by the nodes' prices per hour.")
    first_run: MicroTime | None = Field(default=None, description="When the first run ended.")
    last_run: MicroTime | None = Field(default=None, description="When the last run ended.")
    node_classes: tuple[NodeClass, ...] = Field(
        default=(),
        max_length=MAX_CLASSES,
        description="Per class of nodes.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    rounds: tuple[RoundsText, ...] = Field(
        default=(),
        max_length=MAX_ROUND_COUNTS,
        description="How many rounds the last graphs took, the oldest first, where a condition or a lack of progress could end "
        'them. "50+": that graph ended by rounds.max, and would have taken more.',
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    counted: tuple[Annotated[str, Field(max_length=40)], ...] = Field(
        default=(),
        max_length=MAX_COUNTED,
        description="Runs that ended lately and have been counted, so that none is counted twice.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    counted_until: Decimal | None = Field(
        default=None, description="Runs that ended before, in seconds since 1970, have all been counted."
    )
    conditions: Conditions = Field(default=(), description="Accepted: what stands here could be read and is used.")


class TaskProfile(Model):
    """What was learned of a task from its runs: how long it takes on which nodes, how often it fails, what it achieves.
    Made and kept up to date by the operator; delete it to forget the task."""

    api_version: Literal["bayplan.dev/v1alpha1"] = "bayplan.dev/v1alpha1"
    kind: Literal["TaskProfile"] = "TaskProfile"
    metadata: ObjectMeta = Field(default_factory=ObjectMeta)
    spec: TaskProfileSpec
    status: TaskProfileStatus = Field(default_factory=TaskProfileStatus)
