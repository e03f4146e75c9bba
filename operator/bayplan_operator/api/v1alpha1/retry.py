"""How often a failed pod is replaced, and how long Bayplan waits before that."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictInt

from .common import Model
from .scalars import Duration

_LIMIT = (
    "How many failed pods of one shard of a task are replaced before the task, and with it the graph, "
    "counts as failed. Only a pod's own failure counts; a lost node, an eviction or a pre-emption does not. 0: never "
    "tried again."
)
_INITIAL = 'Wait before the first retry, such as "1s".'
_FACTOR = "Each further wait is this many times the one before. 1: the wait stays the same."
_CAP = 'The longest wait between two retries, such as "1m".'

Limit = Annotated[StrictInt, Field(ge=0, le=100, description=_LIMIT)]
Factor = Annotated[StrictInt, Field(ge=1, le=10, description=_FACTOR)]


class RetryBackoff(Model):
    """Waits between retries, growing from `initial` by `factor` up to `cap`."""

    initial: Annotated[Duration, Field(description=_INITIAL)] = 1.0
    factor: Factor = 2
    cap: Annotated[Duration, Field(description=_CAP)] = 60.0


class Retry(Model):
    """What happens when a task's pod fails."""

    limit: Limit = 3
    backoff: Annotated[RetryBackoff, Field(description="How long to wait between retries.")] = Field(
        default_factory=RetryBackoff
    )


class BackoffOverride(Model):
    """The graph's backoff, where a task wants another."""

    initial: Annotated[Duration | None, Field(description=f"{_INITIAL} Default: the graph's.")] = None
    factor: Annotated[Factor | None, Field(description=f"{_FACTOR} Default: the graph's.")] = None
    cap: Annotated[Duration | None, Field(description=f"{_CAP} Default: the graph's.")] = None


class RetryOverride(Model):
    """The graph's `retry`, where a task wants another; a field that is left out keeps the graph's value."""

    limit: Annotated[Limit | None, Field(description=f"{_LIMIT} Default: the graph's.")] = None
    backoff: Annotated[BackoffOverride | None, Field(description="How long to wait between retries of this task.")] = None
