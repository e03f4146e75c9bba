"""What becomes of a gang: it starts, succeeds and fails as one."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bayplan.lifecycle import settle
from bayplan.lifecycle.attempt import Attempt, Phase
from bayplan.lifecycle.controls import Retry
from bayplan.lifecycle.flow import Flow, GangRule
from bayplan.lifecycle.run import Run
from bayplan.lifecycle.state import UnitState
from bayplan.lifecycle.wants import Wants

_READY, _BINDING, _RUNNING = int(UnitState.READY), int(UnitState.BINDING), int(UnitState.RUNNING)
GROWTH = 300.0
"""Seconds at least between a loss of a member and the growth that makes up for it, since growing restarts the rendezvous."""
_NOTE = "the gang {} starts again: {}"


class Gangs:
    """The gangs of a graph. It keeps since when each waits to be bound, which a new operator counts from its own start."""

    def __init__(self, flow: Flow, setback: Retry) -> None:
        """``setback``: how long a gang waits that was not bound in time, and more so from time to time."""
        self._setback = setback
        self._gangs, self._of_unit = flow.gangs, flow.gang_of
        self._bound_by: dict[int, float] = {}
        """By gang, until when each of its members has to be bound."""

    def settle(
        self, run: Run, before: Run, units: Iterable[int], current: Callable[[int], Attempt | None], now: float, wants: Wants
    ) -> set[int]:
        """Decide what becomes of gangs, after each attempt was looked at for itself; answers the units that it changed.

        ``before``: the run before this step; ``units``: those of which something may be otherwise; ``current``: the newest
        undecided attempt of a unit. O(units of the gangs that changed).
        """
        touched = {self._of_unit[unit] for unit in units if unit in self._of_unit}
        touched.update(number for number, until in self._bound_by.items() if until <= now)
        changed: set[int] = set()
        for number in sorted(touched):
            gang = self._gangs[number]
            attempts = {unit: found for unit in gang.units if (found := current(unit)) is not None}
            changed |= self._settle(number, run, before, attempts, now)
        for until in self._bound_by.values():
            wants.wake(until)
        return changed

    def may_start(self, run: Run, due: Iterable[int], alive: Callable[[int], bool]) -> list[int]:
        """Of the units that are due, those that may start. ``alive``: something of a unit exists still.

        A gang starts once all its members that take part are due, and nothing is left of those before. A member that was lost
        joins an elastic gang that runs by itself. O(units due and of their gangs).
        """
        able, due_ones = [], set(due)
        verdicts: dict[int, bool] = {}
        for unit in sorted(due_ones):
            number = self._of_unit.get(unit)
            if number is None:
                able.append(unit)
                continue
            gang = self._gangs[number]
            if number not in verdicts:
                verdicts[number] = _may_start(gang, run, due_ones, alive)
            if verdicts[number] and not alive(unit):
                able.append(unit)
        return able

    def _settle(self, number: int, run: Run, before: Run, current: Mapping[int, Attempt], now: float) -> set[int]:
        gang = self._gangs[number]
        members = np.array(gang.units)
        was_live, is_live = _live(before.state[members]), _live(run.state[members])
        live = members[is_live].tolist()
        dropped = members[was_live & ~is_live].tolist()
        waiting = members[run.state[members] == _READY].tolist()
        if not live:
            self._bound_by.pop(number, None)
            if dropped:
                _together(run, waiting)
            return set(dropped)
        if len(live) >= gang.minimum and all(unit in current and current[unit].phase == Phase.SUCCEEDED for unit in live):
            self._bound_by.pop(number, None)
            return _succeed(run, gang, live, waiting, current, now)
        if len(live) < gang.minimum or (not gang.elastic and waiting):
            why = next((run.notes[unit] for unit in (*dropped, *waiting) if unit in run.notes), "a member is missing")
            evicted = bool((run.evictions[members] > before.evictions[members]).any())
            return self._start_again(number, run, live, waiting, why, now, evicted=evicted)
        if waiting and (dropped or not was_live.any()):
            run.not_before[waiting] = np.maximum(run.not_before[waiting], now + GROWTH)
        return self._hold_to_time_out(number, run, live, current, now)

    def _hold_to_time_out(
        self, number: int, run: Run, live: Sequence[int], current: Mapping[int, Attempt], now: float
    ) -> set[int]:
        gang = self._gangs[number]
        unbound = [unit for unit in live if unit not in current or not current[unit].bound]
        if not unbound:
            self._bound_by.pop(number, None)
            return set()
        if now < self._bound_by.setdefault(number, now + gang.timeout):
            return set()
        why = f"{len(unbound)} of {len(live)} pods were not bound within {gang.timeout:g} s"
        if len(live) - len(unbound) >= gang.minimum:  # the others go on
            self._bound_by.pop(number)
            _back_to_the_line(run, unbound, _NOTE.format(gang.name, why), now)
            run.not_before[unbound] = now + GROWTH
            return set(unbound)
        run.setbacks[live] += 1
        changed = self._start_again(number, run, live, [], why, now)
        run.not_before[live] = now + self._setback.delay(int(run.setbacks[live].max()))
        return changed

    def _start_again(
        self, number: int, run: Run, live: Sequence[int], waiting: Sequence[int], why: str, now: float, *, evicted: bool = False
    ) -> set[int]:
        """What still runs of it ends, and all wait for each other. That is one retry of the gang, not one of each.

        ``evicted``: it had to make room for something else, and keeps its age.
        """
        gang = self._gangs[number]
        self._bound_by.pop(number, None)
        note = why if why.startswith("the gang ") else _NOTE.format(gang.name, why)
        if evicted:
            for unit in live:
                settle.preempted(run, unit, note, now, now)
        else:
            _back_to_the_line(run, live, note, now)
        _together(run, [*live, *waiting])
        return {*live, *waiting}


def leave_gangs(flow: Flow, run: Run) -> None:
    """Gangs that can never be whole again: without those that are over for good, the others go nowhere. O(units)."""
    if not (run.state > UnitState.SUCCEEDED).any():
        return
    for gang in flow.gangs:
        states = run.state[list(gang.units)]
        left = int(np.count_nonzero(states < UnitState.SUCCEEDED))
        if not 0 < left < gang.minimum or (states == UnitState.SUCCEEDED).any():
            continue
        note = f"the gang {gang.name} cannot run any more: it needs {gang.minimum} members, and {left} are left"
        for unit in gang.units:
            if run.state[unit] < UnitState.SUCCEEDED:
                settle.leave_behind(run, unit, note)


def _may_start(gang: GangRule, run: Run, due: Collection[int], alive: Callable[[int], bool]) -> bool:
    if _live(run.state[list(gang.units)]).any():
        return gang.elastic
    taking_part = [unit for unit in gang.units if run.state[unit] < UnitState.SUCCEEDED]
    return all(unit in due for unit in taking_part) and not any(alive(unit) for unit in gang.units)


def _live(states: NDArray[np.int8]) -> NDArray[np.bool_]:
    return np.asarray((states == _BINDING) | (states == _RUNNING))


def _succeed(
    run: Run, gang: GangRule, live: Sequence[int], waiting: Sequence[int], current: Mapping[int, Attempt], now: float
) -> set[int]:
    for unit in live:
        settle.succeeded(run, current[unit], now)
    for unit in waiting:
        settle.leave_behind(run, unit, f"the gang {gang.name} has succeeded without it")
    return {*live, *waiting}


def _back_to_the_line(run: Run, units: Sequence[int], note: str, now: float) -> None:
    """What exists of them has to end, and is not heard any more."""
    for unit in units:
        run.settled[unit] = run.incarnation[unit]
        run.move(unit, UnitState.READY)
        run.not_before[unit] = run.ready_at[unit] = now
        run.started[unit] = np.nan
        run.notes[unit] = note


def _together(run: Run, members: Sequence[int]) -> None:
    """They start when the last of them may, and have failed as often as the one that has failed most often."""
    if members:
        for column in (run.not_before, run.failures, run.setbacks, run.evictions):
            column[members] = column[members].max()
