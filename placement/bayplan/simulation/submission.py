"""A graph that is submitted to the virtual cluster."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from bayplan.foresight.shards import Splitting
from bayplan.knowledge.run_times import TaskRun
from bayplan.lifecycle import Flow, Retry
from bayplan.model.arrays import FloatArray
from bayplan.model.graph import Graph
from bayplan.model.neighbour import Neighbour
from bayplan.model.reasons import Reason
from bayplan.model.run_law import RunLaw
from bayplan.model.workload import GangTopology, RequestClass
from bayplan.simulation.candidates import TaskCandidates
from bayplan.simulation.errors import SetupError
from bayplan.simulation.following import Ending, Rounds

_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True)
class Parallelism:
    """So many units of some tasks, all together, may wait for a place or have one at the same time."""

    most: int
    """1 or more."""
    tasks: frozenset[int]
    """Their numbers."""


@dataclass(frozen=True, slots=True, eq=False)
class Submission:
    """A graph and what its author says of it. Raises `SetupError`."""

    name: str
    """Unique among all submissions, such as `team/train`."""
    graph: Graph
    classes: tuple[RequestClass, ...]
    """Per task, what each of its shards asks."""
    at: float = 0.0
    """Seconds after the begin of the simulation, 0 or above."""
    priority: int = 0
    deadline: float | None = None
    """Seconds after the submission."""
    policy: str = ""
    """Name of the policy that places it."""
    queue: str | None = None
    """The queue in which its requests wait; none: no quota counts them."""
    counted_in: str = ""
    """The queue that figures count it in, where that is another than the one in which its requests wait; empty: it is none."""
    held_back: tuple[Reason, str] | None = None
    """Why nothing of it may start, with the words; none: it may."""
    admitted_whole: bool = False
    """Its queue has to have room for all that it needs at once before the first of its units starts."""
    preemptible: bool = True
    """Its units may be evicted where queues say so."""
    grace: float = 30.0
    """Seconds that its pods ask for to end by themselves, 0 or above."""
    checkpoints: tuple[float | None, ...] = ()
    """Per task, after how many seconds of its run each of its units makes another checkpoint, above 0; `None`: never. None at
    all: that goes for all."""
    retries: tuple[Retry, ...] = ()
    """Per task; none: the defaults of `Retry` for all."""
    expected: FloatArray | None = None
    """Per task, the seconds that its author expects, 0 where nothing was said. None: the graph's durations."""
    actual: FloatArray | None = None
    """Per task, the seconds that it really takes on a node of speed 1. None: the graph's durations."""
    laws: tuple[RunLaw | None, ...] = ()
    """Per task, what is known beforehand of how long a unit runs: what may be let in before a reservation goes by it; `None`:
    nothing is. None at all: that goes for all."""
    splittings: tuple[Splitting | None, ...] = ()
    """Per task, how it may be divided into shards; `None`: it has those of the graph. None at all: that goes for all."""
    data: FloatArray | None = None
    """Per edge, in the order of `graph.parents.indices`, the bytes that one unit of the child reads of the parent's results, an
    equal part from each of the parent's units. None: nothing."""
    runs: tuple[TaskRun, ...] = ()
    """Per task, under what its run times are learned whenever it comes back in another graph; none: it never does."""
    neighbours: tuple[Neighbour, ...] = ()
    """Per task, what its pods are for others, and what they ask of them; none: nothing."""
    own_neighbours: Mapping[int, Neighbour] = field(default_factory=dict)
    """By unit, the same, where the pods of its task differ in that."""
    parallelism: tuple[Parallelism, ...] = ()
    """How many of its units may be under way at once."""
    flow: Flow | None = None
    """How its tasks follow each other; `None`: each starts once all before it have succeeded."""
    rounds: Rounds | None = None
    """When the rounds are over of what the flow repeats; `None`: nothing repeats."""
    endings: tuple[Ending, ...] = ()
    """Per task, what is given of how it ends; none: nothing is of any."""
    own_classes: Mapping[int, RequestClass] = field(default_factory=dict)
    """By unit, what it asks, where that is not what its task does."""
    topologies: Mapping[str, GangTopology] = field(default_factory=dict)
    """By the names of the flow's gangs, where their members must be near each other; a gang that is missing may be anywhere."""
    candidates: Mapping[int, TaskCandidates] = field(default_factory=dict)
    """By task that several programs could do. What is said of such a task above is of one of them: the one that was chosen, or
    stands for the task until one is."""

    def __post_init__(self) -> None:
        """Check the figures."""
        tasks = len(self.graph.tasks)
        if not (math.isfinite(self.at) and self.at >= 0):
            raise SetupError(f"graph {self.name}: it is submitted at {self.at}: it must be a number of seconds, 0 or above")
        if self.deadline is not None and not (math.isfinite(self.deadline) and self.deadline > 0):
            raise SetupError(f"graph {self.name}: deadline is {self.deadline}: it must be a number of seconds above 0")
        for limit in self.parallelism:
            if limit.most < 1:
                raise SetupError(f"graph {self.name}: parallelism is {limit.most}: it must be at least 1")
        if len(self.classes) != tasks:
            raise SetupError(
                f"graph {self.name}: there are {len(self.classes)} classes for {tasks} tasks: there must be one each"
            )
        if self.retries and len(self.retries) != tasks:
            raise SetupError(
                f"graph {self.name}: there are {len(self.retries)} retries for {tasks} tasks: there must be one each"
            )
        if not (math.isfinite(self.grace) and self.grace >= 0):
            raise SetupError(f"graph {self.name}: grace is {self.grace}: it must be a number of seconds, 0 or above")
        if self.checkpoints and len(self.checkpoints) != tasks:
            raise SetupError(
                f"graph {self.name}: there are {len(self.checkpoints)} checkpoints for {tasks} tasks: there must be one each"
            )
        for every in self.checkpoints:
            if every is not None and not (math.isfinite(every) and every > 0):
                raise SetupError(f"graph {self.name}: checkpoints has {every}: it must be a number of seconds above 0")
        self._check_data()
        if self.laws and len(self.laws) != tasks:
            raise SetupError(f"graph {self.name}: there are {len(self.laws)} laws for {tasks} tasks: there must be one each")
        if self.runs and len(self.runs) != tasks:
            raise SetupError(f"graph {self.name}: there are {len(self.runs)} runs for {tasks} tasks: there must be one each")
        if self.neighbours and len(self.neighbours) != tasks:
            raise SetupError(
                f"graph {self.name}: there are {len(self.neighbours)} neighbours for {tasks} tasks: there must be one each"
            )
        if self.splittings and len(self.splittings) != tasks:
            raise SetupError(
                f"graph {self.name}: there are {len(self.splittings)} splittings for {tasks} tasks: there must be one each"
            )
        self._check_flow()
        if any(self.splittings) and self.actual is not None:
            raise SetupError(
                f"graph {self.name}: actual is given, and splittings too: what is divided takes what follows from it"
            )
        self._check("expected", self.expected, zero=True)
        self._check("actual", self.actual, zero=False)

    def request_class(self, unit: int) -> RequestClass:
        """What a unit asks."""
        own = self.own_classes.get(unit)
        return self.classes[int(self.graph.unit_task[unit])] if own is None else own

    def neighbour(self, unit: int) -> Neighbour | None:
        """What its pod is for others, and what it asks of them; none: nothing."""
        if not self.neighbours:
            return None
        own = self.own_neighbours.get(unit)
        return self.neighbours[int(self.graph.unit_task[unit])] if own is None else own

    def asked(self, task: int, candidate: int) -> RequestClass:
        """What the shards of a task ask with a candidate, by its position; -1: the task has none."""
        return self.classes[task] if candidate < 0 else self.candidates[task].candidates[candidate].request_class

    def asked_by(self, task: int, shard: int, candidate: int) -> RequestClass:
        """The same of one shard."""
        own = self.own_classes.get(int(self.graph.unit_start[task]) + shard) if self.own_classes and candidate < 0 else None
        return self.asked(task, candidate) if own is None else own

    def with_candidate(self, task: int, position: int) -> "Submission":
        """The same, where a candidate does a task. O(tasks)."""
        one, first = self.candidates[task].candidates[position], int(self.graph.unit_start[task])
        units = range(first, first + self.graph.tasks[task].shards)
        actual, own, near = self.actual, dict(self.own_classes), dict(self.own_neighbours)
        if actual is not None:
            actual = actual.copy()
            actual[task] = self.graph.tasks[task].duration if one.seconds is None else one.seconds
        for unit in units:
            own.pop(unit, None)
            near.pop(unit, None)
        own.update((first + shard, each) for shard, each in one.own_classes.items())
        near.update((first + shard, each) for shard, each in one.own_neighbours.items())
        neighbours = self.neighbours
        if neighbours and one.neighbour is not None:
            neighbours = _with(neighbours, task, one.neighbour)
        return replace(
            self,
            classes=_with(self.classes, task, one.request_class),
            runs=_with(self.runs, task, one.run) if self.runs else (),
            endings=_with(self.endings, task, one.ending) if self.endings else (),
            actual=actual,
            neighbours=neighbours,
            own_classes=own,
            own_neighbours=near,
        )

    def _check_flow(self) -> None:
        tasks = len(self.graph.tasks)
        if self.endings and len(self.endings) != tasks:
            raise SetupError(
                f"graph {self.name}: there are {len(self.endings)} endings for {tasks} tasks: there must be one each"
            )
        if self.flow is not None and len(self.flow.gate) != tasks:
            raise SetupError(f"graph {self.name}: the flow has {len(self.flow.gate)} gates for {tasks} tasks")
        if (self.flow is not None and self.flow.repeated is not None) != (self.rounds is not None):
            raise SetupError(f"graph {self.name}: rounds must be given where the flow repeats tasks, and only there")
        if self.candidates and not (self.runs and self.endings):
            raise SetupError(f"graph {self.name}: runs and endings must be given where tasks have candidates")
        if any(not 0 <= task < tasks for task in self.candidates):
            raise SetupError(f"graph {self.name}: candidates names a task that there is not: it has {tasks}")
        if any(not 0 <= unit < self.graph.units for unit in self.own_classes):
            raise SetupError(f"graph {self.name}: own_classes names a unit that there is not: it has {self.graph.units}")

    def _check_data(self) -> None:
        if self.data is None:
            return
        parents = self.graph.parents.indices
        if self.data.shape != parents.shape:
            raise SetupError(f"graph {self.name}: data has shape {self.data.shape}: it must be ({len(parents)},)")
        wrong = np.flatnonzero(~((self.data >= 0) & np.isfinite(self.data)))
        if len(wrong):
            edge = int(wrong[0])
            child, parent = (self.graph.tasks[each[edge]].name for each in (self.graph.edge_child, parents))
            raise SetupError(
                f'graph {self.name}: task "{child}": data of "{parent}" is {self.data[edge]}: it must be bytes, 0 or above'
            )

    def _check(self, field: str, seconds: FloatArray | None, zero: bool) -> None:
        if seconds is None:
            return
        if seconds.shape != (len(self.graph.tasks),):
            raise SetupError(f"graph {self.name}: {field} has shape {seconds.shape}: it must be ({len(self.graph.tasks)},)")
        for task, value in zip(self.graph.tasks, seconds.tolist(), strict=True):
            if not (math.isfinite(value) and (value > 0 or (zero and value == 0))):
                least = "0 or above" if zero else "above 0"
                raise SetupError(f'graph {self.name}: task "{task.name}": {field} is {value}: it must be seconds, {least}')


def _with(parts: tuple[_Part, ...], position: int, part: _Part) -> tuple[_Part, ...]:
    """The same with another part in one place."""
    return (*parts[:position], part, *parts[position + 1 :])
