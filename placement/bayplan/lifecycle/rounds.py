"""The rounds of a graph: tasks that run again, and from where."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from bayplan.lifecycle.asynchronous import going_on
from bayplan.lifecycle.backups import winners
from bayplan.lifecycle.flow import Flow, TaskOutcome
from bayplan.lifecycle.run import Run
from bayplan.lifecycle.state import UnitState
from bayplan.model.graph import Graph


@dataclass(frozen=True, slots=True)
class Round:
    """A round as it was decided."""

    number: int
    """From 1."""
    left_out: frozenset[int] = frozenset()
    """Units that take no part in it."""
    weights: Mapping[int, float] = field(default_factory=dict)
    """Per unit that was drawn by lot, one over the probability with which it was."""


def round_over(graph: Graph, flow: Flow, run: Run) -> bool:
    """All that is repeated has ended, and another round or the end of them is to be decided. O(units)."""
    if flow.repeated is None or run.rounds_over or run.failure:
        return False
    outcomes = flow.outcomes(graph, run)[flow.repeated.tasks]
    return bool((outcomes != TaskOutcome.OPEN).all())


def begun(graph: Graph, flow: Flow, run: Run, next_one: Round) -> Run:
    """The run at the beginning of a round: what is repeated starts again, and its attempts go on being counted.

    Raises ``ValueError`` where nothing is repeated, or the number is not the next.
    """
    if flow.repeated is None or next_one.number != run.round + 1:
        raise ValueError(f"round {next_one.number} cannot follow round {run.round}")
    after, units = run.copy(), flow.repeated.units.copy()
    units[going_on(graph, flow, run)] = False
    after.round = next_one.number
    after.round_weights = next_one.weights
    won = winners(graph, flow, run)
    after.round_before = {
        unit: won.get(unit, int(run.settled[unit]))
        for unit in (flow.repeated.units.nonzero()[0].tolist() if run.round else ())
        if run.state[unit] == UnitState.SUCCEEDED
    }
    after.state[units] = UnitState.PENDING
    after.state[list(next_one.left_out)] = UnitState.SKIPPED
    after.settled[units] = after.incarnation[units]
    after.failures[units] = after.setbacks[units] = after.evictions[units] = 0
    after.not_before[units] = 0.0
    after.ready_at[units] = after.evicted_at[units] = after.begun[units] = after.started[units] = after.finished[units] = np.nan
    begin = [unit for unit in units.nonzero()[0].tolist() if int(graph.unit_task[unit]) in flow.repeated.asynchronous]
    after.began_in, after.taken = {**run.began_in, **dict.fromkeys(begin, next_one.number)}, frozenset()
    for unit in units.nonzero()[0].tolist():
        after.node[unit] = ""
        after.notes.pop(unit, None)
        after.results.pop(unit, None)
    return after


def recalled(flow: Flow, run: Run, number: int, succeeded: Mapping[int, int], left_out: Iterable[int]) -> Run:
    """The run in a round that its record does not know, before any attempt of that round was looked at. O(units).

    ``succeeded``: what is known of the round before, as in `Run.round_before`. Raises ``ValueError`` where nothing is repeated.
    """
    if flow.repeated is None:
        raise ValueError(f"round {number} of a graph without rounds")
    after = run.copy()
    after.round, after.round_before, after.round_weights = number, dict(succeeded), {}
    after.state[flow.repeated.units] = UnitState.PENDING
    after.state[list(left_out)] = UnitState.SKIPPED
    return after
