"""What the decider evicts on the virtual cluster: it gets its grace, ends as preempted, and waits again."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import cast

from bayplan.model.decision import Outcome
from bayplan.model.stake import Stake
from bayplan.simulation.events import Agenda, Event
from bayplan.simulation.graph_state import GraphState
from bayplan.simulation.log import AttemptLog
from bayplan.simulation.machines import Machines
from bayplan.simulation.setup import Setup
from bayplan.simulation.submission import Submission
from bayplan.simulation.trace import AttemptOutcome, Preempted

_Unit = tuple[int, Hashable]
"""What is evicted as one: the number of its graph, and the name of its gang or the number of its unit."""


@dataclass(frozen=True, slots=True)
class _Known:
    """Of what was placed."""

    started: float
    """Its first start, or its last eviction."""
    evictions: int = 0


class Evicting:
    """Keeps what must be known of units that were evicted, or may be."""

    def __init__(self, setup: Setup, machines: Machines, log: AttemptLog, agenda: Agenda) -> None:
        self._any = setup.queues is not None and setup.queues.preempts
        self._machines, self._log, self._agenda = machines, log, agenda
        self.made: list[Preempted] = []
        self.in_vain = 0
        """Holds whose unit got no place."""
        self._known: dict[_Unit, _Known] = {}
        self.evicted_at: dict[tuple[int, int], float] = {}
        """By graph and unit, when it was evicted last."""
        self._waited: dict[tuple[int, int], float] = {}
        """By the same, the seconds that it had waited by then: it keeps its age."""

    def stake(self, graph: GraphState, unit: int, now: float) -> Stake | None:
        """Of a unit that gets its place; `None`: nothing may evict it."""
        submission = graph.submission
        if not self._any or submission.queue is None or not submission.preemptible:
            return None
        key = _key(graph, unit)
        known = self._known.setdefault(key, _Known(now))
        return Stake(
            unit=key,
            spare=_spare(graph, unit),
            started=known.started,
            evictions=known.evictions,
            checkpoint_every=_every(submission, unit),
            grace=submission.grace,
            slack=_slack(submission, unit, now),
        )

    def since(self, number: int, unit: int, now: float) -> float:
        """Since when a unit that waits from now on counts as waiting."""
        return now - self._waited.get((number, unit), 0.0)

    def evict(self, outcome: Outcome, graphs: Sequence[GraphState], now: float) -> None:
        """What is to leave has its grace from now on."""
        self.in_vain += len(outcome.in_vain)
        for hold in outcome.holds:
            victims = tuple(dict.fromkeys(self._log.graph[cast(int, key)] for key in hold.victims))
            self.made.append(Preempted(now, cast(tuple[int, int], hold.request_ids[0])[0], victims, len(hold.victims)))
        units: dict[_Unit, None] = {}
        for each in outcome.evictions:
            row = cast(int, each.occupant)
            number, unit = self._log.graph[row], self._log.unit[row]
            units[_key(graphs[number], unit)] = None
            self._log.evicted_for[row] = cast(tuple[int, int], each.request_id)[0]
            self.evicted_at[number, unit] = now
            self._waited[number, unit] = self._log.placed[row] - self._log.wanted[row]
            self._machines.leaves(row)
            self._agenda.add(now + each.grace, Event.EVICTED, row)
        for key in units:
            self._known[key] = _Known(now, self._known[key].evictions + 1)

    def end(self, row: int, now: float) -> bool:
        """The grace of an attempt is over; not so if it had ended before."""
        if self._log.outcome[row] != AttemptOutcome.OPEN:
            return False
        self._machines.free(row, AttemptOutcome.PREEMPTED, now)
        return True


def _key(graph: GraphState, unit: int) -> _Unit:
    flow = graph.flow
    if flow is not None and flow.together(unit):
        return graph.number, flow.gangs[flow.gang_of[unit]].name
    return graph.number, unit


def _spare(graph: GraphState, unit: int) -> bool:
    """A backup, or a member of an elastic gang beyond its minimum."""
    flow = graph.flow
    if flow is None:
        return False
    if flow.together(unit):
        rule = flow.gangs[flow.gang_of[unit]]
        return rule.elastic and rule.units.index(unit) >= rule.minimum
    return int(graph.submission.graph.unit_task[unit]) in flow.backed_up_by


def _every(submission: Submission, unit: int) -> float | None:
    return submission.checkpoints[int(submission.graph.unit_task[unit])] if submission.checkpoints else None


def _slack(submission: Submission, unit: int, now: float) -> float | None:
    """Seconds by which its graph may end later, if all after it takes as long as its author expects."""
    if submission.deadline is None:
        return None
    rank = float(submission.graph.upward_rank()[int(submission.graph.unit_task[unit])])
    return submission.at + submission.deadline - now - rank
