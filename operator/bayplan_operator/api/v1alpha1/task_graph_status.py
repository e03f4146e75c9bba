"""The status of the kind TaskGraph."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from .charged import ChargedGraph
from .common import Conditions, Model
from .extensions import kubernetes
from .flow import MAX_TERMS
from .scalars import MicroTime, Time
from .shards import MAX_SHARDS

MAX_TASKS = 5000
MAX_LINE = 320 * MAX_SHARDS  # per shard a node's name of at most 253 characters, and numbers
MAX_CHOICE = 256
MAX_CHOICES = 20_000
MAX_RESERVATIONS = 32
MAX_EVICTED = 500
MAX_HELD = 1200
MAX_HOLD = 256


class RoundsStatus(Model):
    """How far the rounds are."""

    number: StrictInt = Field(ge=1, description="The round that status.tasks speaks of, from 1.")
    next: StrictInt | None = Field(default=None, ge=1, description="The round that was decided and has not begun yet.")
    left_out: tuple[Annotated[str, Field(max_length=MAX_LINE)], ...] = Field(
        default=(),
        max_length=100,
        description='Shards that take no part in the next round, such as "local 2 5".',
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    weights: tuple[Annotated[str, Field(max_length=MAX_LINE)], ...] = Field(
        default=(),
        max_length=100,
        description='What the shards count that were drawn by lot, one over their probability, such as "local 0=2.5 3=1.25".',
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    joint: tuple[Annotated[str, Field(max_length=32)], ...] = Field(
        default=(),
        max_length=MAX_TERMS,
        description="The weights of the terms of the joint loss, once there are new ones.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    began: tuple[Annotated[str, Field(max_length=MAX_LINE)], ...] = Field(
        default=(),
        max_length=100,
        description='Of asynchronous rounds, in which round the work of each shard began, such as "local 3 2 3".',
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    taken: tuple[Annotated[str, Field(max_length=MAX_LINE)], ...] = Field(
        default=(),
        max_length=100,
        description='Of asynchronous rounds, the shards by whose work the round goes, such as "local 0 2".',
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    before: tuple[Annotated[str, Field(max_length=MAX_LINE)], ...] = Field(
        default=(),
        max_length=100,
        description='Of the round before, the attempt of each shard that succeeded, such as "local 1 1 0 2"; 0: none did.',
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    history: tuple[Annotated[str, Field(max_length=120)], ...] = Field(
        default=(),
        max_length=1000,
        description='A line for each round that is over, such as "3 5/5 12.5s evaluate.accuracy=0.94".',
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    over: str | None = Field(default=None, max_length=256, description="Why there is no further round, once there is none.")
    reason: str | None = Field(
        default=None,
        max_length=32,
        description="The same in one word, where the rounds have not failed: ConditionHolds (until, or the joint loss), "
        "NoProgress (patience) or Maximum (max). Missing where none of the repeated tasks ran.",
    )


class Outcome(Model):
    """What the graph has told an adaptive policy at its end; counted there once."""

    policy: str = Field(max_length=253, description="The PlacementPolicy.")
    number: StrictInt = Field(ge=1, description="Counts the outcomes that the policy was told.")
    objective: str = Field(max_length=63, description="What was measured.")
    value: str = Field(max_length=32, description="The figure as the policy counts it, less being better.")


class PointsStatus(Model):
    """By what the first of its shards that wait stands where it does."""

    priority: int = Field(description="spec.priority.")
    age: str = Field(max_length=32, description="Points that it has gained by waiting, where its queue has ageing.")
    share: str | None = Field(
        default=None,
        max_length=32,
        description="The share of its queue as it goes next. Missing: shares are not compared.",
    )


class StartStatus(Model):
    """When the first of its shards that wait is expected to start."""

    p50: Time | None = Field(default=None, description="By then with a probability of a half. Missing: not known.")
    p90: Time | None = Field(default=None, description="By then with a probability of 90 %. Missing: not known.")
    basis: Literal["Reservation", "PredictedEnds"] = Field(
        description="Reservation: p90 is what was promised. PredictedEnds: by when what runs and what is ahead will have ended."
    )
    unknown: str | None = Field(default=None, max_length=128, description="Why it is not known.")


class TaskGraphStatus(Model):
    """What has happened so far. Written by the operator."""

    observed_generation: int | None = Field(
        default=None, ge=0, description="The metadata.generation that this status was written for."
    )
    accepted_at: MicroTime | None = Field(
        default=None,
        description="When the graph was found valid. Of two graphs alike, the one accepted first goes first.",
    )
    start_time: Time | None = Field(default=None, description="When the first pod was started.")
    completion_time: Time | None = Field(default=None, description="When the graph succeeded or failed.")
    estimated_completion: Time | None = Field(
        default=None,
        description="When the graph is expected to have succeeded: half of the sampled outcomes end earlier. Missing where "
        "nothing is known of its run times, or something of it fits no free node.",
    )
    earliest_completion: Time | None = Field(
        default=None,
        description="What no schedule can beat, by the expected run times: the longest chain of tasks where each is fastest, "
        "or all work spread over all nodes.",
    )
    deadline_probability: int | None = Field(
        default=None,
        ge=0,
        le=100,
        description="Probability of meeting spec.deadline, in percent. Missing without a deadline, or where nothing is known.",
    )
    estimate_basis: str | None = Field(
        default=None, max_length=256, description='What the estimate is based on, such as "from hints only".'
    )
    progress: str | None = Field(
        default=None,
        max_length=32,
        description='Tasks that are over and did not fail the graph, of all tasks, such as "37/120"; and the '
        'round, where there are any, such as "2/4, round 3/50".',
    )
    summary: str | None = Field(
        default=None,
        max_length=64,
        description="The state in one word: Waiting, Running, Suspended, Failing, Succeeded, "
        "Failed or Invalid. Programs read the conditions.",
    )
    waiting: str | None = Field(
        default=None,
        max_length=1024,
        description="Why tasks that could start have not, and how many. Empty: none waits.",
    )
    position: int | None = Field(
        default=None, ge=1, description="Its place in the line, counted in graphs, while shards of it wait; 1: it goes next."
    )
    ahead: str | None = Field(
        default=None,
        max_length=128,
        description='How many graphs are ahead of it, such as "3 graphs of 2 other namespaces are ahead".',
    )
    points: PointsStatus | None = Field(default=None, description="By what it stands there.")
    expected_start: StartStatus | None = Field(default=None, description="When it is expected to start.")
    active: int | None = Field(default=None, ge=0, description="Number of shards whose pods are not finished.")
    succeeded: int | None = Field(default=None, ge=0, description="Number of shards that have succeeded.")
    failed: int | None = Field(default=None, ge=0, description="Number of shards that have failed for good.")
    strategy: str | None = Field(
        default=None, max_length=63, description="The candidate of an adaptive policy that places this graph for all its life."
    )
    outcome: Outcome | None = Field(default=None, description="What the graph has told an adaptive policy at its end.")
    conditions: Conditions = Field(default=(), description="Accepted, and what else programs may wait for.")
    shards: tuple[Annotated[str, Field(max_length=63 + 1 + 4)], ...] = Field(
        default=(),
        max_length=MAX_TASKS,
        description='Of each task whose shards is Auto, the number that was decided, such as "train=8". It stays what it is.',
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    charged: ChargedGraph | None = Field(
        default=None, description="What the queue was charged for all of the graph. Only where spec.admission is Graph."
    )
    reservations: tuple[Annotated[str, Field(max_length=256)], ...] = Field(
        default=(),
        max_length=MAX_RESERVATIONS,
        description="Reservations that tasks of the graph hold: task and shard, the instant, when it was made, the instant "
        "that was promised first, the chance given to others, renewals, and the overrun that is put up with, in seconds.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    rounds: RoundsStatus | None = Field(default=None, description="How far the rounds are. Only where spec.rounds is set.")
    results: tuple[Annotated[str, Field(max_length=8192)], ...] = Field(
        default=(),
        max_length=20_000,
        description="What the graph needs of what its pods said, such as 'local/2 {\"samples\":270}'.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    choices: tuple[Annotated[str, Field(max_length=MAX_CHOICE)], ...] = Field(
        default=(),
        max_length=MAX_CHOICES,
        description="Which candidate does a task, and which have failed: task, round (0: none), candidate, its score, those of "
        'the others, and why, such as "intent 0 small 0.93 large=0.91 small: accuracy 0.93 after 4 runs, the best that is '
        'known", or "intent 0 large failed - Error: exit code 3".',
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    evictions: tuple[Annotated[str, Field(max_length=256)], ...] = Field(
        default=(),
        max_length=MAX_EVICTED,
        description="Shards that were evicted so that something else could start, and have not ended, such as "
        '"train/3 2 1733.5 120": how often, when last, and since when they could start, in seconds after acceptedAt.',
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    holds: tuple[Annotated[str, Field(max_length=MAX_HOLD)], ...] = Field(
        default=(),
        max_length=MAX_HELD,
        description="Room that is kept for shards until what was evicted for them has gone: the shard, its node, its GPUs, "
        "until when, in seconds after acceptedAt, and hashes of the pods that have to go.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    tasks: tuple[Annotated[str, Field(max_length=MAX_LINE)], ...] = Field(
        default=(),
        max_length=MAX_TASKS,
        description="One compact line for each task, in the order of spec.tasks. `bayplan show` prints them readably.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
