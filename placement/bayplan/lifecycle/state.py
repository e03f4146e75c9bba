"""The states of a unit (one shard of one task) and the only ways between them."""

from enum import IntEnum


class UnitState(IntEnum):
    """Where a unit stands; small integers, so that a run holds them in one column."""

    PENDING = 0
    """Waits for the tasks it depends on."""
    READY = 1
    """Wants a place; perhaps not before some instant."""
    BINDING = 2
    """Has an attempt that was placed and does not run yet."""
    RUNNING = 3
    SUCCEEDED = 4
    FAILED = 5
    """Failed for good: its retries are used up, or trying again cannot help."""
    SKIPPED = 6
    """Not to run, or not to go on: the graph has failed, a gate never opens, or the graph goes on without it."""


TERMINAL = frozenset({UnitState.SUCCEEDED, UnitState.FAILED, UnitState.SKIPPED})

_S = UnitState

TRANSITIONS: dict[tuple[UnitState, UnitState], str] = {
    (_S.PENDING, _S.READY): "its gate has opened: by default, all tasks it depends on have succeeded",
    (_S.READY, _S.BINDING): "an attempt exists",
    (_S.BINDING, _S.RUNNING): "its containers started",
    (_S.BINDING, _S.READY): "taken back, lost, refused, or failed with retries left",
    (_S.RUNNING, _S.READY): "lost, or failed with retries left",
    (_S.BINDING, _S.SUCCEEDED): "finished before it was seen to run",
    (_S.RUNNING, _S.SUCCEEDED): "finished",
    (_S.BINDING, _S.FAILED): "failed for good",
    (_S.RUNNING, _S.FAILED): "failed for good",
    (_S.PENDING, _S.SKIPPED): "the graph has failed, its gate never opens, or the graph goes on without it",
    (_S.READY, _S.SKIPPED): "the graph has failed, or goes on without it",
    (_S.PENDING, _S.SUCCEEDED): "its backup has succeeded",
    (_S.READY, _S.SUCCEEDED): "its backup has succeeded",
    (_S.FAILED, _S.SUCCEEDED): "its backup has succeeded",
    (_S.BINDING, _S.SKIPPED): "the graph goes on without it",
    (_S.RUNNING, _S.SKIPPED): "the graph goes on without it",
}
"""Every transition there is, with what brings it about.

Of the terminal states, only FAILED is ever left, and only for SUCCEEDED: a backup has done what the unit could not. Three
things are no transitions and do not stand here. When a round begins, all units that repeat are PENDING again, or SKIPPED
where they take no part (`rounds.begun`). The units of a task whose candidate has failed for good wait for another one. And
of two that did the same work in one step, the backup becomes SKIPPED.
"""
