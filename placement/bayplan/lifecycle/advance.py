"""One step of a graph's run."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from bayplan.lifecycle import settle
from bayplan.lifecycle.asynchronous import unfinished
from bayplan.lifecycle.attempt import Attempt, News, Observations, Phase
from bayplan.lifecycle.backups import leave_backups, settle_backups, stand_ins
from bayplan.lifecycle.candidates import GivenUp, start_over
from bayplan.lifecycle.controls import Controls
from bayplan.lifecycle.flow import Flow, Gate
from bayplan.lifecycle.gangs import Gangs, leave_gangs
from bayplan.lifecycle.gates import Gates
from bayplan.lifecycle.live_attempts import LiveAttempts
from bayplan.lifecycle.rounds import Round, begun, recalled, round_over
from bayplan.lifecycle.run import Run
from bayplan.lifecycle.state import UnitState
from bayplan.lifecycle.wants import Wants
from bayplan.model.graph import Graph

_PENDING, _READY, _BINDING = int(UnitState.PENDING), int(UnitState.READY), int(UnitState.BINDING)
_RUNNING, _SUCCEEDED = int(UnitState.RUNNING), int(UnitState.SUCCEEDED)
_Incarnations = NDArray[np.int32]
_ENDED, _FAILED = Phase.SUCCEEDED, Phase.FAILED
"""Looked up once: a member of an enumeration costs more than what is done with it here."""


@dataclass(frozen=True, slots=True)
class Advance:
    """What one step of a run came to."""

    run: Run
    wants: Wants
    ended: bool
    """All units are in a terminal state and nothing of the graph runs any more."""
    evicted: tuple[Attempt, ...] = ()
    """Attempts that were found, in this step, to have been evicted from their nodes, or turned away there."""
    round_over: bool = False
    """All that is repeated has ended: whether there is another round has to be decided."""
    given_up: tuple[GivenUp, ...] = ()
    """Tasks that wait for another candidate."""


def advance(
    graph: Graph, run: Run, controls: Controls, seen: Observations, now: float, recorded: _Incarnations | None = None
) -> Advance:
    """The next state of a run and what it wants, of all that is seen; neither argument is changed.

    ``recorded`` holds per unit the highest incarnation whose outcome is durable in the record of the run; without it
    nothing is released. Cost: O(units) vector operations plus O(attempts).
    """
    return Lifecycle(graph, run).step(News(seen.attempts, (), seen.refusals, seen.lost_nodes), controls, now, recorded)


class Lifecycle:
    """The run of one graph, step by step: a step costs what has changed since the one before.

    After any sequence of steps, run and end are what `advance` makes of everything that is seen then.
    """

    def __init__(self, graph: Graph, run: Run) -> None:
        """``run``: as far as it is known, from a record perhaps. It is not changed."""
        self.graph = graph
        self._run = run
        self._live = LiveAttempts()
        self._alive: set[Hashable] = set()
        """Keys of attempts that still run, as far as the graph waits for that."""
        self._taken_back: dict[int, set[Hashable]] = {}
        """By unit, keys of attempts that are wanted to be taken back."""
        self._due: dict[int, float] = {}
        """By unit, when it has to be looked at though nothing is seen."""
        self._clock: list[tuple[float, int]] = []
        """The same as a heap; what `_due` does not say is left over."""
        self._lost: frozenset[str] = frozenset()
        self._recorded: _Incarnations | None = None
        self._controls: Controls | None = None
        self._must_end: tuple[bool, bool] = False, False
        """Whether everything has to, and whether what always runs has to."""
        self._begun = False
        self._gates: Gates | None = None
        self._gangs: Gangs | None = None

    def begin_round(self, flow: Flow, next_one: Round) -> Run:
        """A round begins: the run as it is then. Raises ``ValueError`` where it is not the next one."""
        self._run = begun(self.graph, flow, self._run, next_one)
        self._gates = None
        return self._run

    def recall_round(self, flow: Flow, number: int, succeeded: Mapping[int, int], left_out: Iterable[int]) -> Run:
        """The record of the rounds was lost, and attempts say which it is: the run as it is then.

        ``succeeded``: per unit that is known to have succeeded in the round before, which incarnation did.
        """
        self._run = recalled(flow, self._run, number, succeeded, left_out)
        self._gates = None
        return self._run

    def end_rounds(self, failure: str = "") -> Run:
        """The last round is over: the run as it is then. ``failure``: why the graph has failed with it; empty: it has not."""
        self._run = self._run.copy()
        self._run.rounds_over = True
        self._run.failure = self._run.failure or failure
        self._gates = None
        return self._run

    @property
    def nodes(self) -> Iterable[str]:
        """The nodes for which attempts are meant that exist."""
        return self._live.nodes()

    def step(self, news: News, controls: Controls, now: float, recorded: _Incarnations | None = None) -> Advance:
        """What is to be done now.

        In `wants` are all starts, and of the rest what concerns units of which something has changed: each is wanted until its
        effect is seen. ``recorded``: as for `advance`; another array whenever it has changed.
        Cost: O(units) vector operations plus O(attempts of the units that changed).
        """
        before, run, wants = self._run, self._run.copy(), Wants()
        units = self._changed(news, controls, now)
        current = _adopt(run, [each for unit in sorted(units) for each in self._live.of(unit)], now)
        evicted = self._settle(run, current, units, (controls, now, wants))
        for refusal in news.refusals:
            settle.refusal(self.graph, run, controls, refusal, now)
            units.add(refusal.unit)
        _settle_vanished(run, controls, units - {each.unit for each in current}, now)
        flow = controls.flow
        given_up = start_over(self.graph, run, flow, controls.alternatives, units, now) if controls.alternatives else ()
        for each in given_up:
            units.update(range(int(self.graph.unit_start[each.task]), int(self.graph.unit_start[each.task + 1])))
        if flow is not None and flow.gangs:
            units |= self._gangs_of(flow, controls).settle(
                run, before, units, lambda unit: self._undecided(run, unit), now, wants
            )
        if flow is not None and flow.backups:
            settle_backups(self.graph, flow, (before, run), controls.late, now, wants)
        failing = bool(run.failure)
        if flow is not None:
            self._follow(flow, run, controls, now, wants)
            units.update(((run.state >= _SUCCEEDED) & (before.state != run.state)).nonzero()[0].tolist())
        elif failing:
            run.state[(run.state == UnitState.PENDING) | (run.state == _READY)] = UnitState.SKIPPED
        elif not self._begun or any(run.state[unit] == _SUCCEEDED != before.state[unit] for unit in units):
            _open_gates(self.graph, run, now)
        if not controls.suspended and (flow is not None or not failing):
            _want_starts(run, now, wants)
            if flow is not None and flow.gangs:
                wants.start = self._gangs_of(flow, controls).may_start(run, wants.start, lambda unit: self._exists(run, unit))
        self._want_ends(run, units, failing, controls, recorded, wants)
        self._wake(now, wants)
        self._run, self._begun, self._controls = run, True, controls
        terminal = bool((run.state >= _SUCCEEDED).all())
        between = flow is not None and round_over(self.graph, flow, run)
        return Advance(run, wants, terminal and not self._alive and not between, evicted, between, given_up)

    def _changed(self, news: News, controls: Controls, now: float) -> set[int]:
        """Take in the news; the units of which something may be otherwise."""
        units = set()
        for key in news.gone:
            unit = self._live.drop(key)
            self._alive.discard(key)
            if unit is not None:
                units.add(unit)
        for attempt in news.attempts:
            self._live.see(attempt)
            units.add(attempt.unit)
        if news.lost_nodes != self._lost:
            units |= self._live.units_on(news.lost_nodes ^ self._lost)
            self._lost = news.lost_nodes
        if not self._begun:
            under_way = (self._run.state == _BINDING) | (self._run.state == _RUNNING)
            units.update(under_way.nonzero()[0].tolist())
        elif self._controls is not controls and self._controls != controls:
            units.update(self._live.units())
        while self._clock and self._clock[0][0] <= now:
            at, unit = heappop(self._clock)
            if self._due.get(unit) == at:
                units.add(unit)
        return units

    def _settle(
        self, run: Run, current: Iterable[Attempt], units: Iterable[int], given: tuple[Controls, float, Wants]
    ) -> tuple[Attempt, ...]:
        """Decide what can be decided of the current attempts; those that were evicted."""
        controls, now, wants = given
        for unit in units:
            self._due.pop(unit, None)
            self._taken_back.pop(unit, None)
        evicted = []
        for attempt in current:
            asked = Wants()
            if settle.attempt(self.graph, run, controls, attempt, self._lost, now, asked) and attempt.node:
                evicted.append(attempt)
            if asked.take_back:
                wants.take_back += asked.take_back
                self._taken_back.setdefault(attempt.unit, set()).add(attempt.key)
            if asked.wake_at is not None:
                self._due[attempt.unit] = asked.wake_at
                heappush(self._clock, (asked.wake_at, attempt.unit))
        return tuple(evicted)

    def _gangs_of(self, flow: Flow, controls: Controls) -> Gangs:
        if self._gangs is None:
            self._gangs = Gangs(flow, controls.setback)
        return self._gangs

    def _undecided(self, run: Run, unit: int) -> Attempt | None:
        """The newest attempt of a unit, unless its outcome is decided."""
        if run.incarnation[unit] <= run.settled[unit]:
            return None
        return next((each for each in self._live.of(unit) if each.incarnation == run.incarnation[unit]), None)

    def _exists(self, run: Run, unit: int) -> bool:
        """Something of a unit runs still, and the graph waits for it."""
        return any(not _over(each) and not _given_up(run, each, self._lost) for each in self._live.of(unit))

    def _follow(self, flow: Flow, run: Run, controls: Controls, now: float, wants: Wants) -> None:
        """Open gates, and leave behind what the graph goes on without."""
        if run.failure:
            always = flow.gate[self.graph.unit_task] == Gate.ALWAYS
            run.state[((run.state == _PENDING) | (run.state == _READY)) & ~always] = UnitState.SKIPPED
        failed = np.unique(self.graph.unit_task[run.state == UnitState.FAILED])
        for task in failed[flow.optional[failed]].tolist():
            _leave_rest(self.graph, flow, run, task)
        for task, seconds in () if controls.suspended else controls.time_outs.items():
            begun = _begun(self.graph, flow, run, task)
            at = None if begun is None else max(begun, controls.resumed) + seconds
            if at is not None and at > now:
                wants.wake(at)
            elif at is not None:
                _leave_late(self.graph, flow, run, task, seconds)
        for unit in unfinished(self.graph, flow, run):
            settle.leave_behind(run, unit, "the rounds are over, and no round goes by what it does")
        leave_gangs(flow, run)
        leave_backups(self.graph, flow, run)
        if self._gates is None:
            self._gates = Gates(self.graph, flow)
        self._gates.open(run, now, failing=bool(run.failure))

    def _want_ends(
        self, run: Run, units: set[int], failing: bool, controls: Controls, recorded: _Incarnations | None, wants: Wants
    ) -> None:
        must_end, always = (failing or controls.suspended, controls.suspended), None
        if controls.flow is not None:
            always = controls.flow.gate == Gate.ALWAYS
        if must_end != self._must_end:
            self._must_end = must_end
            units = {*self._live.units()}
        if recorded is not None and recorded is not self._recorded:
            durable = recorded != (0 if self._recorded is None else self._recorded)
            units = units.union(durable.nonzero()[0].tolist())
            self._recorded = recorded
        for unit in sorted(units):
            taken_back = self._taken_back.get(unit, ())
            known = 0 if recorded is None else int(recorded[unit])
            for attempt in self._live.of(unit):
                if attempt.key not in taken_back:
                    spared = always is not None and bool(always[self.graph.unit_task[unit]])
                    _want_end(run, attempt, must_end[spared], attempt.incarnation <= known, wants)
                if _over(attempt) or _given_up(run, attempt, self._lost):
                    self._alive.discard(attempt.key)
                else:
                    self._alive.add(attempt.key)

    def _wake(self, now: float, wants: Wants) -> None:
        while self._clock and self._due.get(self._clock[0][1]) != self._clock[0][0]:
            heappop(self._clock)
        if self._clock:
            wants.wake(self._clock[0][0])


def _over(attempt: Attempt) -> bool:
    return attempt.ended or attempt.phase >= _ENDED


def _given_up(run: Run, attempt: Attempt, lost_nodes: frozenset[str]) -> bool:
    """Left behind on a lost node: it may stay there for ever, and the graph does not wait for it."""
    return bool(attempt.incarnation <= run.settled[attempt.unit]) and attempt.node in lost_nodes


def _adopt(run: Run, attempts: Iterable[Attempt], now: float) -> list[Attempt]:
    """Learn of attempts that the run does not know (it was restored from an older record); answer the undecided ones.

    Oldest first, so that failures are counted in the order in which they happened. Of an attempt that has a successor, only a
    failure still counts: it was decided before the successor was made, and the record may have missed it.
    """
    attempts = list(attempts)
    for attempt in attempts:
        since = run.began_in.get(attempt.unit, run.round)
        if (
            attempt.round and not since <= attempt.round <= run.round
        ):  # it tells nothing of this round, whatever the record has lost of its own
            unit = attempt.unit
            run.incarnation[unit] = max(run.incarnation[unit], attempt.incarnation)
            run.settled[unit] = max(run.settled[unit], attempt.incarnation)
    undecided = [each for each in attempts if each.incarnation > run.settled[each.unit]]
    undecided.sort(key=_oldest_first)
    for attempt in undecided:
        unit = attempt.unit
        run.incarnation[unit] = max(run.incarnation[unit], attempt.incarnation)
    current = []
    for attempt in undecided:
        unit = attempt.unit
        if attempt.incarnation == run.incarnation[unit]:
            if run.state[unit] >= _SUCCEEDED:
                run.settled[unit] = attempt.incarnation  # the record says that it has ended: nothing may change that
                continue
            if run.state[unit] <= _READY:
                run.state[unit], run.placed_at[unit] = _BINDING, now
                run.settled[unit] = attempt.incarnation - 1
                run.notes.pop(unit, None)
                if attempt.round and unit in run.began_in:
                    run.began_in = {**run.began_in, unit: attempt.round}
            current.append(attempt)
        elif attempt.preempted:
            run.evictions[unit] += 1
        elif attempt.phase == _FAILED and not attempt.disrupted:
            run.failures[unit] += 1
    for attempt in undecided:
        if attempt.incarnation < run.incarnation[attempt.unit]:
            run.settled[attempt.unit] = max(run.settled[attempt.unit], attempt.incarnation)
    return current


def _oldest_first(attempt: Attempt) -> tuple[int, int]:
    return attempt.incarnation, attempt.unit


def _settle_vanished(run: Run, controls: Controls, units: Iterable[int], now: float) -> None:
    """Of units without an attempt that could still tell of them, those that should have one."""
    for unit in sorted(units):
        if run.state[unit] in (_BINDING, _RUNNING):
            settle.lost(run, controls, unit, "its pod disappeared", now)


def _open_gates(graph: Graph, run: Run, now: float) -> None:
    """Units whose tasks' dependencies have all succeeded become ready."""
    pending = run.state == _PENDING
    if not pending.any():
        return
    unfinished = ~run.finished_tasks(graph)
    blocked = np.zeros(len(graph.tasks), bool)
    blocked[graph.edge_child[unfinished[graph.edge_parent]]] = True
    opened = pending & ~blocked[graph.unit_task]
    run.state[opened] = _READY
    run.ready_at[opened] = now


def _leave_rest(graph: Graph, flow: Flow, run: Run, task: int) -> None:
    """Of a task that has failed and that the graph can do without: what has not started need not."""
    units = range(int(graph.unit_start[task]), int(graph.unit_start[task + 1]))
    if not flow.covered(graph, run, task):
        for unit in units:
            if run.state[unit] in (_PENDING, _READY):
                run.move(unit, UnitState.SKIPPED)


def _begun(graph: Graph, flow: Flow, run: Run, task: int) -> float | None:
    """When a task began that has what it needs, and of which units are open still; ``None``: there is nothing to time out."""
    units = slice(int(graph.unit_start[task]), int(graph.unit_start[task + 1]))
    state, started = run.state[units], run.started[units]
    enough = int(np.count_nonzero(state == _SUCCEEDED)) >= int(flow.minimum[task])
    began = started[~np.isnan(started)]
    goes_on = bool((state < _SUCCEEDED).any()) or bool(stand_ins(graph, flow, run, task))
    return float(began.min()) if enough and began.size and goes_on else None


def _leave_late(graph: Graph, flow: Flow, run: Run, task: int, seconds: float) -> None:
    units = range(int(graph.unit_start[task]), int(graph.unit_start[task + 1]))
    for unit in (*units, *stand_ins(graph, flow, run, task)):
        if run.state[unit] < _SUCCEEDED:
            settle.leave_behind(run, unit, f"the round goes on without it: it had not ended after {seconds:.0f} s")


def _want_starts(run: Run, now: float, wants: Wants) -> None:
    ready = run.state == _READY
    due = ready & (run.not_before <= now)
    wants.start = np.flatnonzero(due).tolist()
    later = run.not_before[ready & ~due]
    if later.size:
        wants.wake(float(later.min()))


def _want_end(run: Run, attempt: Attempt, must_end: bool, durable: bool, wants: Wants) -> None:
    """``must_end``: it has to, even if nothing is decided about it. ``durable``: its outcome is recorded."""
    decided = attempt.incarnation <= run.settled[attempt.unit]
    if not _over(attempt):
        if (decided or must_end) and not attempt.terminating:
            wants.stop.append(attempt)
        if not decided or not attempt.terminating:
            return
    if durable and attempt.held:
        wants.release.append(attempt)
    elif durable and attempt.phase >= _ENDED:
        wants.forget.append(attempt)
