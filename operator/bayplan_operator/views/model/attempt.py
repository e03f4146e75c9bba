"""One attempt of one shard of a task."""

import msgspec

STARTING, RUNNING, SUCCEEDED, FAILED, LOST = "Starting", "Running", "Succeeded", "Failed", "Lost"
PREEMPTED = "Preempted"
ENDED_EARLY = FAILED, LOST, PREEMPTED
"""Outcomes of attempts that have ended and did not succeed."""
STOPPED, TAKEN_BACK, OPEN, WAITING = "Stopped", "TakenBack", "Open", "Waiting"


class AttemptView(msgspec.Struct, frozen=True, rename="camel"):
    """What every attempt has."""

    task: str
    shard: int
    number: int
    """Counts the attempts of this shard, from 1."""
    node: str | None
    outcome: str
    """Succeeded; Failed; Lost: ended through no fault of its own; Preempted: evicted so that another could start. Before its
    end: Starting or Running in a cluster; Stopped, TakenBack, Open or Waiting when a simulation has ended."""
    start: float | None = None
    end: float | None = None
    why: str = ""
    """Why on this node."""
    round: int = 0
    """In which round, from 1; 0: its task does not repeat, or its pod is gone."""


class PodAttempt(AttemptView, frozen=True, kw_only=True, rename="camel"):
    """One pod."""

    message: str = ""
    """How it failed."""
    reported: dict[str, float] = {}
    """What it says of itself, in its termination message."""
    ignored: str = ""
    """What of that message could not be taken."""


class SimulatedAttempt(AttemptView, frozen=True, kw_only=True, rename="camel"):
    """One attempt in a simulation of several graphs, in the order in which they were placed; `why` also says why nowhere."""

    graph: str
    gpus: tuple[int, ...]
    wanted: float
    placed: float | None
    reason: str
    """Why it was not placed at once; empty: it was."""
    candidate: str | msgspec.UnsetType = msgspec.UNSET
    """Which candidate it ran; empty: none was chosen yet. Missing: its task has none."""
