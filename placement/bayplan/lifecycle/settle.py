"""Deciding the outcome of one attempt."""

import math

from bayplan.lifecycle.attempt import Attempt, Phase, Refusal
from bayplan.lifecycle.controls import Controls
from bayplan.lifecycle.run import Run
from bayplan.lifecycle.state import UnitState
from bayplan.lifecycle.wants import Wants
from bayplan.model.graph import Graph
from bayplan.model.reasons import Reason

_CUT = 0.999
_GATED = Reason.SCHEDULING_GATED.value
_STEADY = 600.0
"""Seconds that an attempt has to run before earlier setbacks are forgotten, as a kubelet forgets its own back-off."""


def attempt(
    graph: Graph, run: Run, controls: Controls, seen: Attempt, lost_nodes: frozenset[str], now: float, wants: Wants
) -> bool:
    """Bring the unit of its newest, undecided attempt up to date with what is seen of it.

    Answers whether the attempt was found to have been evicted from its node.
    """
    unit = seen.unit
    if seen.node:
        run.node[unit] = seen.node
    if seen.started is not None and math.isnan(run.started[unit]):
        run.started[unit] = _sharpened(seen.started, now)
        if math.isnan(run.begun[unit]):
            run.begun[unit] = run.started[unit]
    if seen.phase == Phase.SUCCEEDED and controls.flow is not None and controls.flow.together(unit):
        run.move(unit, UnitState.RUNNING)  # it has succeeded once all of its gang have
    elif seen.phase == Phase.SUCCEEDED:
        succeeded(run, seen, now)
    elif seen.preempted and (seen.phase == Phase.FAILED or seen.ended):
        run.evictions[unit] += 1
        preempted(
            run, unit, seen.words, now if seen.preempted_at is None else min(_sharpened(seen.preempted_at, now), now), now
        )
    elif seen.phase == Phase.FAILED:
        if seen.disrupted or seen.terminating:
            lost(run, controls, unit, _setback_note(seen), now)
            return seen.disrupted
        _failed(graph, run, controls, seen, now)
    elif seen.ended:
        if seen.unschedulable and not seen.bound:
            _taken_back(run, unit, _setback_note(seen), now)
        else:
            lost(run, controls, unit, _setback_note(seen), now)
        return seen.disrupted
    elif seen.bound and seen.node in lost_nodes:
        lost(run, controls, unit, f"node {seen.node} was lost", now)
    elif seen.phase == Phase.RUNNING:
        run.move(unit, UnitState.RUNNING)
        run.notes.pop(unit, None)
    elif seen.stuck:
        _stuck(graph, run, controls, seen, now, wants)
    elif not seen.bound and (seen.unschedulable or seen.node in lost_nodes) and not seen.terminating:
        run.notes[unit] = _setback_note(seen)
        wants.take_back.append(seen)
    elif seen.gates:
        run.notes[unit] = _gated_note(seen)
    elif run.notes.get(unit, "").startswith(_GATED):
        del run.notes[unit]
    return False


def refusal(graph: Graph, run: Run, controls: Controls, seen: Refusal, now: float) -> None:
    """Settle an attempt that could not be created."""
    unit = seen.unit
    if run.state[unit] >= UnitState.SUCCEEDED or seen.incarnation <= run.settled[unit]:
        return
    run.incarnation[unit] = max(run.incarnation[unit], seen.incarnation)
    run.node[unit] = ""  # it has never been on the node that was meant for it
    run.move(unit, UnitState.BINDING)  # it may have been refused before a watch showed that it was tried
    if seen.final:
        run.failures[unit] += 1
        _give_up(graph, run, controls, unit, (seen.cause, seen.message, None))
    else:
        run.setbacks[unit] = max(run.setbacks[unit], 1)  # unlike a lost node, a refusal is no reason to hurry
        lost(run, controls, unit, f"{seen.cause}: {seen.message}", now)


def lost(run: Run, controls: Controls, unit: int, note: str, now: float) -> None:
    """The attempt ended through no fault of the task: replace it, at once the first time, then with back-off.

    That an attempt was seen to run ends no row of setbacks: what is ended again and again soon after its start would be
    started for ever.
    """
    ran = now - float(run.started[unit])  # NaN where it has not run
    run.settled[unit] = run.incarnation[unit]
    run.move(unit, UnitState.READY)
    run.setbacks[unit] = 1 if ran >= _STEADY else run.setbacks[unit] + 1
    setbacks = int(run.setbacks[unit])
    run.not_before[unit] = now if setbacks == 1 else now + controls.setback.delay(setbacks - 1)
    run.ready_at[unit] = now
    run.started[unit] = math.nan
    run.notes[unit] = note


def preempted(run: Run, unit: int, note: str, at: float, now: float) -> None:
    """Something else had to run: it waits on, as if it had not run. ``at``: when it was asked to end."""
    run.settled[unit] = run.incarnation[unit]
    run.move(unit, UnitState.READY)
    waited = run.placed_at[unit] - max(run.ready_at[unit], run.not_before[unit])
    run.ready_at[unit] = now - (0.0 if math.isnan(waited) else max(waited, 0.0))
    run.not_before[unit] = 0.0
    run.evicted_at[unit] = at
    run.started[unit] = run.begun[unit] = math.nan
    run.notes[unit] = note


def _taken_back(run: Run, unit: int, note: str, now: float) -> None:
    """No node has had it: the caller leaves out the node that could not have it, and it need not wait for another."""
    run.settled[unit] = run.incarnation[unit]
    run.move(unit, UnitState.READY)
    run.not_before[unit] = run.ready_at[unit] = now
    run.notes[unit] = note


def succeeded(run: Run, seen: Attempt, now: float) -> None:
    """The attempt has done what its unit is for."""
    unit = seen.unit
    run.settled[unit] = seen.incarnation
    run.move(unit, UnitState.SUCCEEDED)
    run.finished[unit] = now if seen.finished is None else _sharpened(seen.finished, now)
    if math.isnan(run.started[unit]):
        run.started[unit] = run.finished[unit]
    run.notes.pop(unit, None)
    if seen.results:
        run.results[unit] = seen.results


def leave_behind(run: Run, unit: int, note: str) -> None:
    """The graph goes on without the unit. What exists of it has to end, and whatever it says is not heard any more."""
    run.settled[unit] = run.incarnation[unit]
    run.move(unit, UnitState.SKIPPED)
    run.notes[unit] = note


def _failed(graph: Graph, run: Run, controls: Controls, seen: Attempt, now: float) -> None:
    unit = seen.unit
    run.failures[unit] += 1
    run.finished[unit] = now if seen.finished is None else _sharpened(seen.finished, now)
    retry = controls.retries[int(graph.unit_task[unit])]
    failures = int(run.failures[unit])
    if failures > retry.limit:
        cause, message = (seen.cause, seen.message) if seen.phase == Phase.FAILED else (seen.stuck, seen.message)
        _give_up(graph, run, controls, unit, (cause or "Error", message, seen.exit_code))
        return
    run.settled[unit] = run.incarnation[unit]
    run.move(unit, UnitState.READY)
    run.not_before[unit] = now + retry.delay(failures)
    run.ready_at[unit] = now
    run.started[unit] = math.nan
    run.notes[unit] = f"failed on node {seen.node or 'unknown'}: {seen.words or seen.stuck}"


def _stuck(graph: Graph, run: Run, controls: Controls, seen: Attempt, now: float, wants: Wants) -> None:
    due = seen.stuck_since + controls.stuck_after
    if now >= due:
        _failed(graph, run, controls, seen, now)
    else:
        run.notes[seen.unit] = f"{seen.stuck} on node {seen.node}: {seen.message}"
        wants.wake(due)


def _give_up(graph: Graph, run: Run, controls: Controls, unit: int, why: tuple[str, str, int | None]) -> None:
    """``why``: the reason in one word, a message, and the exit code."""
    cause, message, exit_code = why
    run.settled[unit] = run.incarnation[unit]
    run.move(unit, UnitState.FAILED)
    run.notes[unit] = f"{cause}: {message}" if message else cause
    task = int(graph.unit_task[unit])
    choice = controls.alternatives.get(task)
    if choice is not None and choice.left:  # what becomes of the task is decided once all its units were looked at
        run.notes[unit] += f" (exit code {exit_code})" if exit_code is not None else ""
        return
    bearable = controls.flow is not None and controls.flow.bearable(graph, run, task)
    if not run.failure and not bearable:
        run.failure = _failure_sentence(graph, run, unit, run.notes[unit], exit_code)
        if choice is not None:
            run.failure += f"; {choice.words}"


def _failure_sentence(graph: Graph, run: Run, unit: int, why: str, exit_code: int | None) -> str:
    task = graph.tasks[int(graph.unit_task[unit])]
    shard = unit - int(graph.unit_start[graph.unit_task[unit]])
    which = f"task {task.name}" + (f" (shard {shard} of {task.shards})" if task.shards > 1 else "")
    where = f" on node {run.node[unit]}" if run.node[unit] else ""
    code = f" with exit code {exit_code}" if exit_code is not None else ""
    failures = int(run.failures[unit])
    times = f", after {failures} failed attempts" if failures > 1 else ""
    return f"{which} failed{where}{code}{times}: {why}"


def _setback_note(seen: Attempt) -> str:
    if seen.disrupted:
        return seen.words or "it was evicted"
    if seen.unschedulable:
        return f"node {seen.node} could not take it: {seen.unschedulable}"
    deleted = f"it was deleted on node {seen.node}" if seen.node else "it was deleted"
    return f"{deleted} ({seen.words})" if seen.phase == Phase.FAILED and seen.words else deleted


def _gated_note(seen: Attempt) -> str:
    gates = f"scheduling gate{'s' if len(seen.gates) > 1 else ''} {', '.join(seen.gates)}"
    return f"{_GATED}: its pod for node {seen.node} waits until {gates} {'are' if len(seen.gates) > 1 else 'is'} taken off"


def _sharpened(at: float, now: float) -> float:
    """An instant that was cut to whole seconds, with the fraction that is known from when it was first seen."""
    return min(max(at, now), at + _CUT)
