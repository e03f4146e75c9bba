"""One step of a graph's run."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bayplan.lifecycle import settle
from bayplan.lifecycle.attempt import Attempt, Observations, Phase
from bayplan.lifecycle.controls import Controls
from bayplan.lifecycle.run import Run
from bayplan.lifecycle.state import UnitState
from bayplan.lifecycle.wants import Wants
from bayplan.model.graph import Graph


@dataclass(frozen=True, slots=True)
class Step:
    """What one step came to."""

    run: Run
    wants: Wants
    ended: bool
    """All units are in a terminal state and nothing of the graph runs any more."""
    evicted: tuple[Attempt, ...] = ()
    """Attempts that were found, in this step, to have been evicted from their nodes, or turned away there."""


def advance(
    graph: Graph, run: Run, controls: Controls, seen: Observations, now: float, recorded: np.ndarray | None = None
) -> Step:
    """The next state of a run and what it wants; neither argument is changed.

    ``recorded`` holds per unit the highest incarnation whose outcome is durable in the record of the run; without it
    nothing is released. Cost: O(units) vector operations plus O(attempts).
    """
    run = run.copy()
    wants = Wants()
    current = _adopt(run, seen.attempts)
    evicted = tuple(
        [each for each in current if settle.attempt(graph, run, controls, each, seen.lost_nodes, now, wants) and each.node]
    )
    for refusal in seen.refusals:
        settle.refusal(graph, run, controls, refusal, now)
    _settle_vanished(run, controls, {attempt.unit for attempt in current}, now)
    failing = bool(run.failure)
    if failing:
        run.state[np.isin(run.state, (UnitState.PENDING, UnitState.READY))] = UnitState.SKIPPED
    else:
        _open_gates(graph, run, now)
    if not (failing or controls.suspended):
        _want_starts(run, now, wants)
    _want_ends(run, seen.attempts, failing or controls.suspended, recorded, wants)
    running = any(not _over(a) and not _given_up(run, a, seen.lost_nodes) for a in seen.attempts)
    terminal = bool((run.state >= UnitState.SUCCEEDED).all())
    return Step(run, wants, ended=terminal and not running, evicted=evicted)


def _over(attempt: Attempt) -> bool:
    return attempt.ended or attempt.phase >= Phase.SUCCEEDED


def _given_up(run: Run, attempt: Attempt, lost_nodes: frozenset[str]) -> bool:
    """Left behind on a lost node: it may stay there for ever, and the graph does not wait for it."""
    return bool(attempt.incarnation <= run.settled[attempt.unit]) and attempt.node in lost_nodes


def _adopt(run: Run, attempts: Iterable[Attempt]) -> list[Attempt]:
    """Learn of attempts that the run does not know (it was restored from an older record); answer the undecided ones.

    Oldest first, so that failures are counted in the order in which they happened. Of an attempt that has a successor, only a
    failure still counts: it was decided before the successor was made, and the record may have missed it.
    """
    undecided = sorted((a for a in attempts if a.incarnation > run.settled[a.unit]), key=lambda a: a.incarnation)
    for attempt in undecided:
        unit = attempt.unit
        run.incarnation[unit] = max(run.incarnation[unit], attempt.incarnation)
    current = []
    for attempt in undecided:
        unit = attempt.unit
        if attempt.incarnation == run.incarnation[unit]:
            if run.state[unit] >= UnitState.SUCCEEDED:
                run.settled[unit] = attempt.incarnation  # the record says that it has ended: nothing may change that
                continue
            if run.state[unit] <= UnitState.READY:
                run.state[unit] = UnitState.BINDING
                run.settled[unit] = attempt.incarnation - 1
                run.notes.pop(unit, None)
            current.append(attempt)
        elif attempt.phase == Phase.FAILED and not attempt.disrupted:
            run.failures[unit] += 1
    for attempt in undecided:
        if attempt.incarnation < run.incarnation[attempt.unit]:
            run.settled[attempt.unit] = max(run.settled[attempt.unit], attempt.incarnation)
    return current


def _settle_vanished(run: Run, controls: Controls, present: set[int], now: float) -> None:
    for unit in np.flatnonzero((run.state == UnitState.BINDING) | (run.state == UnitState.RUNNING)).tolist():
        if unit not in present:
            settle.lost(run, controls, unit, "its pod disappeared", now)


def _open_gates(graph: Graph, run: Run, now: float) -> None:
    """Units whose tasks' dependencies have all succeeded become ready."""
    pending = run.state == UnitState.PENDING
    if not pending.any():
        return
    unfinished = ~run.finished_tasks(graph)
    blocked = np.zeros(len(graph.tasks), bool)
    blocked[graph.edge_child[unfinished[graph.edge_parent]]] = True
    opened = pending & ~blocked[graph.unit_task]
    run.state[opened] = UnitState.READY
    run.ready_at[opened] = now


def _want_starts(run: Run, now: float, wants: Wants) -> None:
    ready = run.state == UnitState.READY
    due = ready & (run.not_before <= now)
    wants.start = np.flatnonzero(due).tolist()
    later = run.not_before[ready & ~due]
    if later.size:
        wants.wake(float(later.min()))


def _want_ends(run: Run, attempts: Iterable[Attempt], all_must_end: bool, recorded: np.ndarray | None, wants: Wants) -> None:
    taken_back = {attempt.key for attempt in wants.take_back}
    for attempt in attempts:
        decided = attempt.incarnation <= run.settled[attempt.unit]
        durable = recorded is not None and attempt.incarnation <= recorded[attempt.unit]
        if not _over(attempt):
            if (decided or all_must_end) and not attempt.terminating and attempt.key not in taken_back:
                wants.stop.append(attempt)
            if not decided or not attempt.terminating:
                continue
        if durable and attempt.held:
            wants.release.append(attempt)
        elif durable and attempt.phase >= Phase.SUCCEEDED:
            wants.forget.append(attempt)
