"""What may be stopped so that something else runs, and what that loses."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .common import Model
from .flow import NOT_STORED
from .scalars import Duration


class Preemption(Model):
    """What graphs of the queue may have evicted so that they start. Pods of other programs are never evicted."""

    reclaim: Literal["Never", "LowerPriority", "Any"] = Field(
        default="Never",
        description="Of other queues, which hold more than is guaranteed to them: what may be evicted so that this queue gets "
        "what is guaranteed to it. Any: everything preemptible. LowerPriority: what has a lower priority. Default: Never.",
        json_schema_extra=NOT_STORED,
    )
    within_queue: Literal["Never", "LowerPriority"] = Field(
        default="Never",
        description="Of the queue itself: LowerPriority: what has a lower priority may be evicted. Default: Never.",
        json_schema_extra=NOT_STORED,
    )
    minimum_run_time: Duration | None = Field(
        default=None,
        description='So long what runs in this queue is left alone, counted from its start, such as "5m". Each eviction '
        "doubles it for the task that was evicted. Default: 0.",
    )
    max_grace: Duration | None = Field(
        default=None,
        description='The longest that a pod of this queue may take to end when it is evicted, such as "5m". Where the pod '
        "asks for less, it has less. Default: what the pod asks for.",
    )


class Checkpoint(Model):
    """How often the program saves what it has done."""

    every: Duration = Field(
        description='At least so often it saves what it has done, such as "10m". Stopping it loses no more than that.'
    )
