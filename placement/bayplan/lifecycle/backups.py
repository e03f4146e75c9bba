"""Backups: the same work at two places, of which the first to finish counts."""

from collections.abc import Mapping, Sequence

import numpy as np

from bayplan.lifecycle import settle
from bayplan.lifecycle.flow import BackupRule, Flow
from bayplan.lifecycle.run import Run
from bayplan.lifecycle.state import UnitState
from bayplan.lifecycle.wants import Wants
from bayplan.model.arrays import IntArray
from bayplan.model.graph import Graph

_PENDING, _READY, _RUNNING = int(UnitState.PENDING), int(UnitState.READY), int(UnitState.RUNNING)
_SUCCEEDED, _FAILED, _SKIPPED = int(UnitState.SUCCEEDED), int(UnitState.FAILED), int(UnitState.SKIPPED)


_PLACES = 10_000
"""By so much the numbers of the attempts at two places differ: no unit of the longest rounds has so many attempts."""


def settle_backups(
    graph: Graph, flow: Flow, runs: tuple[Run, Run], after: Mapping[int, float], now: float, wants: Wants
) -> None:
    """The first to finish wins, the others end, and backups that are due want a place.

    ``runs``: as it was before this step, and as it is, which is changed; ``after``: per task whose backups go by what was
    learned, seconds that a unit may run before it gets one; a task that is missing has nothing learned.
    O(units of tasks with backups).
    """
    before, run = runs
    for rule in flow.backups:
        units = _units(graph, rule)
        _take_winners(before, run, units)
        _open(run, rule, units, after.get(rule.task) if rule.learned else rule.after, now, wants)


def leave_backups(graph: Graph, flow: Flow, run: Run) -> None:
    """Where the graph goes on without a unit, it does without its backups too. O(units of tasks with backups)."""
    for rule in flow.backups:
        units = _units(graph, rule)
        for shard in (run.state[units[0]] == _SKIPPED).nonzero()[0].tolist():
            for unit in units[1:, shard].tolist():
                if run.state[unit] < _SUCCEEDED:
                    settle.leave_behind(run, unit, run.notes.get(int(units[0, shard]), "the graph goes on without it"))


def stand_ins(graph: Graph, flow: Flow, run: Run, task: int) -> list[int]:
    """Units that work, or will, at what has failed for good of a task. O(units of its backups)."""
    found: list[int] = []
    for rule in flow.backups:
        if rule.task == task:
            units = _units(graph, rule)
            backups = units[1:, run.state[units[0]] == _FAILED]
            found += backups[run.state[backups] < _SUCCEEDED].tolist()
    return found


def winners(graph: Graph, flow: Flow, run: Run) -> dict[int, int]:
    """Per unit whose backup has won, the number of the attempt that counts, as `attempt_number` makes it."""
    found = {}
    for rule in flow.backups:
        units = _units(graph, rule)
        for place, row in enumerate(units[1:], 1):
            for shard in (run.state[row] == _SUCCEEDED).nonzero()[0].tolist():
                found[int(units[0, shard])] = attempt_number(int(run.settled[row[shard]]), place)
    return found


def attempt_number(incarnation: int, place: int) -> int:
    """A number that no other attempt of the shard has, be it of the unit itself (place 0) or of a backup (from 1)."""
    return incarnation + _PLACES * place


def _units(graph: Graph, rule: BackupRule) -> IntArray:
    """Shape (1 + backups, shards): the units of the task, and of each of its backups."""
    starts = graph.unit_start[[rule.task, *rule.backups]]
    return np.asarray(starts[:, None] + np.arange(graph.tasks[rule.task].shards)[None, :])


def _take_winners(before: Run, run: Run, units: IntArray) -> None:
    states = run.state[units]
    decided = (before.state[units[0]] == _SUCCEEDED) | (states[0] == _SKIPPED)
    for shard in ((states == _SUCCEEDED).any(axis=0) & ~decided).nonzero()[0].tolist():
        column = units[:, shard].tolist()
        winner = next(unit for unit in column if run.state[unit] == _SUCCEEDED)
        if winner != column[0]:
            _adopt(run, column[0], winner)
        for unit in column:
            if unit != winner and run.state[unit] < _SUCCEEDED:
                settle.leave_behind(run, unit, f"the same work was done first on node {run.node[winner]}")
        for unit in column[1:]:
            run.results.pop(unit, None)  # they are kept once, as what the task has said
            if unit != winner and run.state[unit] == _SUCCEEDED:
                run.state[unit] = _SKIPPED  # so that there is one winner, whichever record is read


def _adopt(run: Run, unit: int, winner: int) -> None:
    """A backup has done what the unit is for."""
    run.settled[unit] = run.incarnation[unit]
    run.move(unit, UnitState.SUCCEEDED)
    run.started[unit], run.finished[unit] = run.started[winner], run.finished[winner]
    run.node[unit] = run.node[winner]
    run.notes.pop(unit, None)
    if winner in run.results:
        run.results[unit] = run.results[winner]


def _open(run: Run, rule: BackupRule, units: IntArray, after: float | None, now: float, wants: Wants) -> None:
    """Backups of units that are due want a place, as long as the budget lasts; those of units that have failed come first."""
    states = run.state[units]
    open_ones = int(np.count_nonzero((states[1:] >= _READY) & (states[1:] < _SUCCEEDED)))
    for shard in np.argsort(states[0] != _FAILED, kind="stable").tolist():
        waiting = _pending(run, units[1:, shard].tolist())
        at = _due_at(run, rule, int(units[0, shard]), after, now) if waiting else None
        if at is None:
            continue
        if at > now:
            wants.wake(at)
            continue
        for unit in waiting[: max(0, rule.most(units.shape[1]) - open_ones)]:
            run.move(unit, UnitState.READY)
            run.ready_at[unit] = run.not_before[unit] = now
            open_ones += 1


def _due_at(run: Run, rule: BackupRule, primary: int, after: float | None, now: float) -> float | None:
    """When a unit gets its backups; ``None``: nothing says when."""
    state = int(run.state[primary])
    if state == _FAILED:
        return now
    if not _READY <= state < _SUCCEEDED:
        return None
    if after is None:
        return None if rule.learned else now
    return float(run.started[primary]) + after if state == _RUNNING and not np.isnan(run.started[primary]) else None


def _pending(run: Run, units: Sequence[int]) -> list[int]:
    return [unit for unit in units if run.state[unit] == _PENDING]
