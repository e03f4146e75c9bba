"""How far each task of a graph is."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from bayplan.lifecycle import Run, UnitState
from bayplan.model.graph import Graph
from bayplan_operator.views.graphs import waiting
from bayplan_operator.views.graphs.following import Following
from bayplan_operator.views.model.attempt import LOST, PREEMPTED, PodAttempt
from bayplan_operator.views.model.task import LiveTask, ShardView

# A task does what its shards do that are furthest behind, once one has failed or started.
_LEADING = (UnitState.FAILED, UnitState.RUNNING, UnitState.BINDING, UnitState.READY, UnitState.PENDING, UnitState.SKIPPED)


@dataclass(frozen=True, slots=True)
class Going:
    """A run at one instant; ``epoch`` (when the graph was accepted) and ``now`` in seconds since 1970."""

    graph: Graph
    run: Run
    epoch: float
    now: float
    following: Following | None
    """``None``: each task starts once all before it have succeeded."""


def read(going: Going, found: Sequence[PodAttempt], critical: Sequence[str], told: Mapping[str, str]) -> tuple[LiveTask, ...]:
    """``critical``: the tasks of the critical path. ``told``: what the condition Waiting says of tasks, by their names."""
    whys = {attempt.task: attempt.why for attempt in found if attempt.why and attempt.outcome not in (LOST, PREEMPTED)}
    on_path = frozenset(critical)
    graph, run, following = going.graph, going.run, going.following
    tasks = []
    for number, task in enumerate(graph.tasks):
        units = range(int(graph.unit_start[number]), int(graph.unit_start[number + 1]))
        shards = tuple(_shard(going, unit) for unit in units)
        tasks.append(
            LiveTask(
                name=task.name,
                state=_state(run, number, units, following),
                shards=shards,
                depends_on=task.depends_on,
                attempts=sum(shard.attempts for shard in shards),
                failures=sum(shard.failures for shard in shards),
                start=min((shard.start for shard in shards if shard.start is not None), default=None),
                duration=max((shard.duration for shard in shards if shard.duration is not None), default=None),
                why=whys.get(task.name, ""),
                waiting=waiting.reason(graph, run, number, told, going.now, following),
                critical=task.name in on_path,
                skipped=(following.skipped(number) if following else "") or msgspec.UNSET,
                rounds=(following.begun(number) if following else 0) or msgspec.UNSET,
            )
        )
    return tuple(tasks)


def _state(run: Run, task: int, units: range, following: Following | None) -> str:
    """What its shards do that count: the graph may go on without some of them."""
    ended = following.ended(task) if following is not None else ""
    if ended:
        return ended
    states = {UnitState(run.state[unit]) for unit in units}
    if following is not None and following.bearable(task):
        states -= {UnitState.FAILED, UnitState.SKIPPED}
    state = next((state for state in _LEADING if state in states), UnitState.SUCCEEDED)
    return state.name.capitalize()


def _shard(going: Going, unit: int) -> ShardView:
    run = going.run
    started, finished = float(run.started[unit]), float(run.finished[unit])
    state = UnitState(run.state[unit])
    known = not math.isnan(started)
    end = going.now if state == UnitState.RUNNING else finished
    return ShardView(
        state=state.name.capitalize(),
        node=run.node[unit],
        attempts=int(run.incarnation[unit]),
        failures=int(run.failures[unit]),
        start=round(started - going.epoch, 3) if known else None,
        duration=round(max(0.0, end - started), 3) if known and not math.isnan(end) else None,
        results=dict(run.results[unit]) if unit in run.results else msgspec.UNSET,
    )
