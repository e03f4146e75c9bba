"""How tasks follow each other, where that is more than "once all before have succeeded"; and which tasks repeat."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, PlainValidator, StrictBool, StrictInt, WithJsonSchema
from pydantic.config import JsonDict

from ..duration import EXAMPLES, MAX_LENGTH, POSITIVE_PATTERN, format_duration, parse_duration
from .common import Model
from .extensions import cel, kubernetes
from .scalars import PERCENTAGE, Decimal, LabelValue, Name, percentage
from .task_profile import METRIC_NAME

GATES = ("All", "Any", "BestOf", "Always")
MAX_CONDITION = 1024
MAX_OUTPUTS = 16
MAX_OUTPUT_NAME = 40
MAX_ROUNDS = 1000
MAX_SELECTOR = 16
MAX_TERMS = 16

NOT_STORED: JsonDict = {"default": None}  # else it would be stored for each of 5,000 tasks

Gate = Literal["All", "Any", "BestOf", "Always"]
Goal = Literal["Maximize", "Minimize"]
ConditionText = Annotated[str, Field(min_length=1, max_length=MAX_CONDITION)]
OutputName = Annotated[str, Field(min_length=1, max_length=MAX_OUTPUT_NAME, pattern=METRIC_NAME)]
"""A key of a task's results."""


NodeLabels = Annotated[dict[str, LabelValue], Field(min_length=1, max_length=MAX_SELECTOR)]


class BestBy(Model):
    """By which of their results the best of several tasks is found."""

    metric: OutputName = Field(description='A number that each of the tasks before says of itself, such as "accuracy".')
    goal: Goal = Field(
        default="Maximize", description="Whether more is better or less. Default: Maximize.", json_schema_extra=NOT_STORED
    )


class DataRules(Model):
    """Where the data of a task may be, and so where its pods may run. Nothing breaks this rule, not even a failure."""

    node_selector_per_shard: tuple[NodeLabels, ...] = Field(
        min_length=1,
        max_length=1000,
        description="For each shard, in their order, labels that its node must have. As many items as the task has shards.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )


P95: Literal["p95"] = "p95"
_TIME_OUT = f"must be {P95}, or a duration longer than zero, {EXAMPLES}"


def _time_out(value: object) -> float | str:
    if value == P95 or isinstance(value, float):
        return value
    try:
        seconds = parse_duration(value) if isinstance(value, str) else 0.0
    except ValueError:
        seconds = 0.0
    if seconds <= 0:
        raise ValueError(_TIME_OUT)
    return seconds


TimeOut = Annotated[
    float | Literal["p95"],
    PlainValidator(_time_out),
    PlainSerializer(lambda value: value if isinstance(value, str) else format_duration(value), return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": MAX_LENGTH,
            **kubernetes(cel(f"self == '{P95}' || self.matches('{POSITIVE_PATTERN}')", _TIME_OUT)),
        }
    ),
]
"""Seconds, or the word p95."""

# In tasks the API server's cost budget leaves no room for a rule.
TimeOutInTask = Annotated[
    float | Literal["p95"],
    PlainValidator(_time_out),
    PlainSerializer(lambda value: value if isinstance(value, str) else format_duration(value), return_type=str),
    WithJsonSchema({"type": "string", "maxLength": MAX_LENGTH}),
]
BudgetShare = Annotated[
    float,
    BeforeValidator(lambda value: value if isinstance(value, float) else percentage(value)),
    PlainSerializer(lambda share: f"{round(100 * share)}%", return_type=str),
    WithJsonSchema({"type": "string", "maxLength": 4, "pattern": PERCENTAGE}),
]


class Backups(Model):
    """The same work is done again on other nodes; the first pod to finish counts, and the others are stopped."""

    count: StrictInt = Field(
        default=1, ge=1, le=3, description="How many, for each shard. Default: 1.", json_schema_extra=NOT_STORED
    )
    after: TimeOutInTask | None = Field(
        default=None,
        description='How long a pod runs before its shard gets one, such as "10m"; or p95: as long as 95 % of the task\'s runs '
        "take, by what was learned of it. Default: from the start.",
    )
    budget: BudgetShare = Field(
        default=1.0,
        description='Of the shards, the share that may have backups at the same time, such as "10%"; at least one may. '
        "Default: 100%.",
        json_schema_extra=NOT_STORED,
    )


class Sampling(Model):
    """Which of the shards of the repeated tasks take part in a round."""

    clients: StrictInt = Field(ge=1, le=1000, description="How many of them, at most all.")
    floor: Decimal = Field(
        default=0.05,
        description='The least probability with which each shard takes part in each round, such as "0.05". Where its nodes are '
        "free, a shard is more likely to. Default: 0.05.",
    )


class JointTerm(Model):
    """The loss of one subtask."""

    name: Name = Field(description="What the subtask is called, such as its task.")
    loss: ConditionText = Field(
        description='The result that is its loss, less being better: "intent.loss", or "mean(local.loss)" of all shards.'
    )
    weight: Decimal = Field(default=1.0, description='How much it counts, such as "0.5". Default: 1.')


class Joint(Model):
    """A joint loss of several subtasks, and what follows while it is too large."""

    terms: tuple[JointTerm, ...] = Field(
        min_length=1,
        max_length=MAX_TERMS,
        description="The subtasks; the joint loss is the weighted sum of their losses.",
        json_schema_extra=kubernetes(list_type="map", list_map_keys=["name"]),
    )
    bound: Decimal = Field(description='The rounds are over once the joint loss is at most this, such as "0.3".')
    otherwise: Literal["Round", "Reweigh", "ChooseAgain", "Stop"] = Field(
        default="Round",
        description="What follows a round whose joint loss is larger. Round: another round. Reweigh: another round, in which "
        "what does worse counts more; programs read the weights from BAYPLAN_WEIGHTS. ChooseAgain: another round, with another "
        "candidate for the task that adds most to the loss. Stop: the graph fails.",
    )
    limit: StrictInt = Field(
        default=3, ge=1, le=MAX_ROUNDS, description="So many times that follows; then the graph fails. Default: 3."
    )


class Rounds(Model):
    """Part of the graph repeats: its tasks run again, round by round, until a condition holds, or nothing gets better."""

    tasks: tuple[Name, ...] = Field(
        min_length=1,
        max_length=100,
        description="The tasks that repeat. Those that follow them, and are not among them, start after the last round.",
        json_schema_extra=kubernetes(list_type="set"),
    )
    max: StrictInt = Field(ge=1, le=MAX_ROUNDS, description="At most so many rounds, 1 to 1000.")
    until: ConditionText | None = Field(
        default=None,
        description='The rounds are over once this holds, such as "evaluate.accuracy >= 0.95". Default: after max rounds.',
    )
    patience: StrictInt | None = Field(
        default=None,
        ge=1,
        le=MAX_ROUNDS,
        description="The rounds are over if the metric has not got better for so many of them. Default: never for that reason.",
    )
    metric: str | None = Field(
        default=None,
        min_length=3,
        max_length=63 + 1 + MAX_OUTPUT_NAME,
        description='What patience looks at, as TASK.KEY, such as "evaluate.loss". Default: the only result that until '
        "speaks of.",
    )
    goal: Goal | None = Field(
        default=None, description="Whether more of the metric is better or less. Default: the direction of until, or Maximize."
    )
    minimum: StrictInt | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="So many shards of each repeated task have to succeed in a round; the round goes on without the others. "
        "Default: all that take part.",
    )
    asynchronous: StrictBool = Field(
        default=False,
        description="true: a round goes on as soon as minimum shards of each repeated task have succeeded. The others go on "
        "with their work, which counts in the round in which it is done. Default: false.",
        json_schema_extra=NOT_STORED,
    )
    timeout: TimeOut | None = Field(
        default=None,
        description='How long a round waits for shards beyond the minimum, such as "5m"; or p95: as long as all '
        "shards together take with a probability of 95 %, by what was learned of them. Default: until each has ended.",
    )
    joint: Joint | None = Field(
        default=None, description="Whether several subtasks do well enough together. Default: that is not looked at."
    )
    sample: Sampling | None = Field(default=None, description="Only some shards take part in each round. Default: all.")
