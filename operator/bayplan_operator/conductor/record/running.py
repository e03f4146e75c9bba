"""The run of a graph, and what is around it: only a graph whose shape is settled has one."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bayplan.admission.promises.promise import PromiseRecord
from bayplan.lifecycle import Controls, Lifecycle, Run, Wants
from bayplan.model.decision import Decision
from bayplan.model.neighbour import Neighbour
from bayplan.model.reasons import Reason
from bayplan.model.run_law import RunLaw
from bayplan.model.workload import Request
from bayplan_operator.conductor.record.choices import Choices
from bayplan_operator.conductor.record.holds import Holds
from bayplan_operator.conductor.record.line_place import LinePlace
from bayplan_operator.conductor.record.rounds import RoundsRecord
from bayplan_operator.translate import run_record
from bayplan_operator.translate.own_pod import PodKey
from bayplan_operator.translate.task_graph import Prepared, with_candidates


class Lines:
    """The record of the run as it goes into the status, one line per task."""

    def __init__(self, prepared: Prepared, run: Run, epoch: float) -> None:
        """``epoch``: from when instants count, in seconds since 1970."""
        self.recorded: NDArray[np.int32] = run.settled.copy()
        """Per unit: the highest incarnation whose outcome the API server's status holds."""
        self._graph, self._epoch = prepared.graph, epoch
        self._texts = [run_record.write_task(prepared.graph, run, task, epoch) for task in range(len(prepared.graph.tasks))]
        self.stale: set[int] = set()
        """Tasks whose line is not up to date."""

    @property
    def size(self) -> int:
        """Characters in all, as far as they are up to date."""
        return sum(map(len, self._texts))

    @property
    def texts(self) -> list[str]:
        """A copy, as far as they are up to date."""
        return list(self._texts)

    def renew(self, run: Run) -> None:
        """Bring the lines of the tasks that have changed up to date. O(their shards)."""
        for task in sorted(self.stale):
            self._texts[task] = run_record.write_task(self._graph, run, task, self._epoch)
        self.stale.clear()


class Observed:
    """What was seen of the graph's pods, and what has yet to be."""

    def __init__(self, now: float) -> None:
        self.changed: dict[PodKey, None] | None = None
        """Pods of which the lifecycle has to be told; ``None``: of all."""
        self.strays: dict[PodKey, None] = {}
        """Pods of the graph that are no attempt of any of its tasks: their labels were edited while no operator watched."""
        self.absent: tuple[int, frozenset[str]] | None = None
        """Nodes that had attempts and are not there any more, and of which turn of the nodes that is."""
        self.checked_at = now
        """When the lifecycle was last held to everything that is seen."""


class Asking:
    """The units that want a place."""

    def __init__(self) -> None:
        self.waiting: dict[int, Decision] = {}
        """Units that could start and found no place, with why."""
        self.requests: dict[int, Request] = {}
        """What they ask for."""
        self.neighbours: dict[int, Neighbour] = {}
        """By task, what its pods are for others, where all of them are alike."""
        self.promised: dict[int, PromiseRecord] = {}
        """Reservations, by the first unit of what waits together."""
        self.place: LinePlace | None = None
        """Where the first of them stands in the line; ``None``: not known (yet), or none waits."""
        self.told_place: LinePlace | None = None
        """As the status says it, or will at the next write."""
        self.revision = 0
        """Changes whenever a unit waits for another reason, or is promised another thing."""
        self.words = 0
        """Changes whenever the same is said of a reason in other words, such as how much of a quota is used."""
        self.reworded = False
        """The status does not say it in the newest words, and is known to be changed by that."""

    def refused(self, unit: int, why: Decision) -> bool:
        """There is no place for a unit now. Answers whether that is news: of other words for the same reason, only the first
        are, since what is last when the status is written counts."""
        before = self.waiting.get(unit)
        if before == why:
            return False
        self.waiting[unit] = why
        if before is None or before.reason is not why.reason:
            self.revision += 1
            return True
        self.words += 1
        first, self.reworded = not self.reworded, True
        return first

    def tell_place(self) -> bool:
        """Where it stands is written for itself; answers whether that is news."""
        if self.place is None or self.place == self.told_place:
            return False
        self.told_place = self.place
        self.revision += 1
        return True

    def promise(self, promised: dict[int, PromiseRecord]) -> bool:
        """These are the reservations now; answers whether that is news."""
        if promised == self.promised:
            return False
        self.promised = promised
        self.revision += 1
        return True

    def placed(self, unit: int) -> None:
        """A unit has its place."""
        self.waiting.pop(unit, None)
        self.requests.pop(unit, None)

    def keep(self, units: set[int]) -> None:
        """No others want a place any more."""
        self.waiting = {unit: why for unit, why in self.waiting.items() if unit in units}


class Foreseen:
    """What is expected of the graph's tasks."""

    def __init__(self, prepared: Prepared) -> None:
        self.seconds: NDArray[np.float64] | None = None
        """Per task: seconds that a run is expected to take; NaN: not known. ``None``: not looked up yet."""
        self.critical_path: NDArray[np.float64] = prepared.graph.upward_rank()
        """Per task: seconds from its start to the graph's end along the longest chain."""
        self.laws: dict[int, RunLaw | None] = {}
        """By task, as far as they were asked for: how long a run takes, as a distribution."""
        self.arrived = np.zeros(prepared.graph.units, bool)
        """Per unit: it has been counted among what usually arrives."""


class Running:
    """The run, as far as it is, and what it wants."""

    def __init__(self, prepared: Prepared, run: Run, controls: Controls, epoch: float, now: float) -> None:
        """``epoch``: from when instants count in the record of the run; both in seconds since 1970."""
        self.prepared, self.run, self.controls = prepared, run, controls
        self.lifecycle = Lifecycle(prepared.graph, run)
        self.wants = Wants()
        self.all_over = False
        """Every unit is in a terminal state and nothing runs any more."""
        self.revision = 0
        """Changes with the run."""
        self.lines = Lines(prepared, run, epoch)
        self.seen = Observed(now)
        self.asking = Asking()
        self.foreseen = Foreseen(prepared)
        self.rounds: RoundsRecord | None = None
        """``None``: nothing of it repeats."""
        self.choices: Choices | None = None
        """``None``: no task has candidates."""
        self.holds = Holds(prepared.graph, {}, epoch)
        """Room that is held for its shards."""
        self.services: set[str] = set()
        """Gangs whose Service is there."""

    def take_templates(self, known: Prepared) -> None:
        """What its pods ask for is known otherwise than before."""
        self.prepared = replace(self.prepared, templates=known.templates, candidates=known.candidates)
        self.follow_choices()

    def follow_choices(self) -> None:
        """Pods are made from what is chosen by now, and the lifecycle knows what is left."""
        if self.choices is not None:
            self.prepared = with_candidates(self.prepared, self.choices.chosen)
            self.controls = replace(self.controls, alternatives=self.choices.alternatives())
        self.asking.requests.clear()
        self.asking.neighbours.clear()

    def give_up(self, task: int, why: str) -> None:
        """The chosen candidate of a task has failed for good: another one is to be chosen."""
        if self.choices is not None:
            self.choices.give_up(task, why)
            self.follow_choices()

    @property
    def gated(self) -> list[int]:
        """Units whose pods a scheduling gate of another program holds back. O(notes)."""
        found = self.run.notes.items()
        return sorted(unit for unit, note in found if note.startswith(Reason.SCHEDULING_GATED.value))

    def start_over(self) -> None:
        """From the run as it is known, and all that is seen at the next step."""
        self.lifecycle, self.seen.changed = Lifecycle(self.prepared.graph, self.run), None
