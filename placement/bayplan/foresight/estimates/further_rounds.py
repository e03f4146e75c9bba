"""The rounds that follow the current one, in an estimate: one more task that takes as long as all of them.

A few rounds are played, each from its beginning. Their run times are drawn again, but for what the units of a task have in
common. Their sum is scaled to the number of rounds. The deviation that all rounds have in common grows with their number; what
differs from round to round grows with its root. Analysis of variance with one random effect (Searle, Casella and McCulloch,
Variance Components, 1992, chapter 3) tells the two apart. Where the number of rounds is sure, the task has the median of
that sum, and its deviation of log seconds. Where it is not, the sums themselves are its draws.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bayplan.foresight.estimates.capacity import Capacity
from bayplan.foresight.estimates.durations import Basis, Durations
from bayplan.foresight.estimates.estimate import Scenario, samples
from bayplan.foresight.estimates.late import begun_again, with_one_more, with_start_ups
from bayplan.foresight.estimates.luck import Luck
from bayplan.foresight.graph_plans import Situation
from bayplan.lifecycle import Flow, Gate, Repeated
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import RequestClass
from bayplan.solvers.kernels.scheduling.lateness import Lateness

NAME = "further rounds"
"""No task has this name: names have no blanks."""
_PLAYED = 4
"""Rounds that are played, at most."""
_NO_TIME = 1e-9


CapacityOf = Callable[["RestOfGraph"], Capacity]
"""What the nodes have for it."""


@dataclass(frozen=True, slots=True, eq=False)
class RestOfGraph:
    """What an estimate is made of."""

    situation: Situation
    durations: Durations
    elapsed: FloatArray
    """Shape (units,): seconds that a unit runs already; NaN: it does not."""
    classes: tuple[RequestClass, ...]
    """Per task."""
    drawn: FloatArray | None = None
    """Seconds of the last task, one for each sample; none: they are drawn as those of all others."""
    late: Lateness | None = None
    """Which units are not waited for; none: all are."""

    def scenario(self, seed: int, capacity_of: CapacityOf) -> Scenario:
        """To be played."""
        graph = self.situation.graph
        luck = Luck.draw(graph, samples(graph.units), seed)
        if graph.tasks[-1].name == NAME:  # node failures are counted in the rounds that were played
            luck.of_nodes[-1] = 1.0
            self._draw(luck)
        found = Scenario.on(self.situation, self.durations, self.elapsed, luck, capacity_of(self))
        return found if self.late is None else replace(found, late=with_start_ups(self.late, self.durations.starting))

    def _draw(self, luck: Luck) -> None:
        """Have the last task take what was drawn for it."""
        scale = float(self.durations.scale[-1, 0])
        if self.drawn is None or scale <= 0:
            return
        logs = np.log(np.resize(self.drawn, luck.of_task.shape[1]))
        luck.of_task[-1] = (logs - self.durations.location[-1, 0]) / scale


def with_gates(known: RestOfGraph, flow: Flow) -> RestOfGraph:
    """The same, where a task that waits for the first of several waits for that which is expected to end first, and without
    backups that have not started.

    O(units + edges), where there is such a task.
    """
    known = _without_backups(known, flow)
    firsts = np.flatnonzero(flow.gate == Gate.ANY).tolist()
    if not firsts:
        return known
    there, graph = known.situation, known.situation.graph
    ends = _expected_ends(known)
    kept = np.ones(len(graph.edge_parent), bool)
    for task in firsts:
        edges = slice(int(graph.parents.indptr[task]), int(graph.parents.indptr[task + 1]))
        parents = graph.edge_parent[edges]
        kept[edges] = False
        kept[edges.start + int(np.argmin(ends[parents]))] = True
    made = _with_edges(graph, kept, {})
    return replace(known, situation=replace(there, graph=made, data=there.data[kept]))


def _without_backups(known: RestOfGraph, flow: Flow) -> RestOfGraph:
    backups = np.isin(known.situation.graph.unit_task, list(flow.backed_up_by))
    if not backups.any():
        return known
    there = known.situation
    return replace(known, situation=replace(there, done=there.done | (backups & ~there.running)))


def with_further_rounds(known: RestOfGraph, flow: Flow, further: IntArray, seed: int, capacity_of: CapacityOf) -> RestOfGraph:
    """The same with more rounds, before all that follows them. O(a few estimates of what repeats).

    `further`: numbers of rounds, 0 or above, each as likely as any other; one alone is sure.
    """
    repeated = flow.repeated
    if repeated is None or not further.any():
        return known
    played = _played(known, flow, repeated, int(further.max()), seed, capacity_of)
    seconds = np.maximum(_of_all(played, np.resize(further, played.shape[1])), _NO_TIME)
    if not np.isfinite(seconds).all():
        return known  # what never finds a place now will not in the next round
    there, graph = known.situation, known.situation.graph
    follow = {child for task in np.flatnonzero(repeated.tasks).tolist() for child in graph.children.of(task).tolist()}
    extra = {child: [len(graph.tasks)] for child in follow if not repeated.tasks[child]}
    last = [task for task in np.flatnonzero(repeated.tasks).tolist() if not repeated.tasks[graph.children.of(task)].any()]
    made = _with_edges(graph, np.ones(len(graph.edge_parent), bool), extra, tuple(graph.tasks[task].name for task in last))
    sure = bool((further == further[0]).all())
    classes, (location, scale) = len(there.nodes.classes), _by_median(seconds) if sure else _by_mean(seconds)
    starting = known.durations.starting
    durations = replace(
        known.durations,
        location=np.vstack((known.durations.location, np.full(classes, location))),
        scale=np.vstack((known.durations.scale, np.full(classes, scale))),
        shared=np.append(known.durations.shared, 1.0),
        basis=np.append(known.durations.basis, Basis.HINT),
        starting=None if starting is None else np.vstack((starting, np.zeros(classes))),
    )
    situation = replace(
        there,
        graph=made,
        seconds=np.vstack((there.seconds, np.full(classes, np.exp(location)))),
        data=_with_data(graph, made, there.data),
        done=np.append(there.done, False),
        place=np.append(there.place, -1),
        left=np.append(there.left, np.nan),
    )
    elapsed = np.append(known.elapsed, np.nan)
    late = None if known.late is None else with_one_more(known.late)
    return RestOfGraph(situation, durations, elapsed, (*known.classes, RequestClass(())), None if sure else seconds, late)


def _by_median(seconds: FloatArray) -> tuple[float, float]:
    """Location and deviation of log seconds."""
    logs = np.log(seconds)
    return float(np.median(logs)), float(logs.std())


def _by_mean(seconds: FloatArray) -> tuple[float, float]:
    """The same of the log-normal distribution with their mean and variance, since a few of them may be nothing at all."""
    mean = float(seconds.mean())
    squared = float(np.log1p(seconds.var() / mean**2))
    return float(np.log(mean)) - squared / 2, float(np.sqrt(squared))


def _expected_ends(known: RestOfGraph) -> FloatArray:
    """Shape (tasks,): seconds until each could have ended where it is fastest; 0 of those that are over."""
    there, graph = known.situation, known.situation.graph
    least = there.seconds.min(axis=1, initial=np.inf)
    over = np.logical_and.reduceat(there.done, graph.unit_start[:-1])
    ends = np.zeros(len(graph.tasks))
    for task in graph.topological.tolist():
        if not over[task]:
            ends[task] = ends[graph.parents.of(task)].max(initial=0.0) + least[task]
    return ends


def _with_edges(graph: Graph, kept: BoolArray, extra: dict[int, list[int]], last: Sequence[str] | None = None) -> Graph:
    """With some of its edges, and others to one more task, which depends on `last`; none: there is no such task."""
    names = [each.name for each in graph.tasks] + [NAME]
    tasks = []
    for number, each in enumerate(graph.tasks):
        start, stop = int(graph.parents.indptr[number]), int(graph.parents.indptr[number + 1])
        parents = [int(graph.edge_parent[edge]) for edge in range(start, stop) if kept[edge]] + extra.get(number, [])
        tasks.append(replace(each, depends_on=tuple(names[parent] for parent in parents)))
    return Graph.build(tasks if last is None else [*tasks, Task(NAME, tuple(last))])


def _with_data(graph: Graph, made: Graph, data: FloatArray) -> FloatArray:
    """Per edge of the graph with one more task: nothing is read of it, nor by it."""
    found = np.zeros(len(made.edge_parent))
    old = (made.edge_parent < len(graph.tasks)) & (made.edge_child < len(graph.tasks))
    found[old] = data
    return found


def _played(known: RestOfGraph, flow: Flow, repeated: Repeated, further: int, seed: int, capacity_of: CapacityOf) -> FloatArray:
    """Shape (rounds, samples): seconds of rounds that begin now, with what runs of this one out of the way."""
    there, graph = known.situation, known.situation.graph
    backups = np.isin(graph.unit_task, list(flow.backed_up_by))
    released = np.flatnonzero(repeated.units & there.running)
    place = np.where(repeated.units, -1, there.place)
    nodes = replace(
        there.nodes,
        slot_node=np.concatenate((there.nodes.slot_node, there.place[released])),
        slot_free=np.concatenate((there.nodes.slot_free, np.zeros(len(released)))),
    )
    nothing = np.full(graph.units, np.nan)
    # What runs beside and does not repeat keeps its room, and is not waited for.
    done = ~repeated.units | backups
    begun = replace(there, nodes=nodes, done=done, place=place, left=nothing)
    late = None if known.late is None else begun_again(known.late, flow)
    alone = RestOfGraph(begun, known.durations, nothing, known.classes, late=late)

    def room(each: RestOfGraph) -> Capacity:
        return _freed(capacity_of(each), graph, there.place, released)

    first = alone.scenario(seed, room)
    lucks = [first.luck]
    for number in range(1, min(further, _PLAYED)):
        drawn = Luck.draw(graph, first.luck.of_unit.shape[1], seed + number)
        lucks.append(replace(drawn, of_task=first.luck.of_task))
    return np.stack([replace(first, luck=luck).ends() for luck in lucks])


def _freed(capacity: Capacity, graph: Graph, place: IntArray, released: IntArray) -> Capacity:
    free = capacity.free.copy()
    np.add.at(free, place[released], capacity.amounts[graph.unit_task[released]])
    return replace(capacity, free=free)


def _of_all(played: FloatArray, further: IntArray) -> FloatArray:
    """Shape (samples,): seconds of so many rounds in each sample, from those that were played."""
    rounds = len(played)
    if rounds == 1 or (further == rounds).all() or not np.isfinite(played).all():
        return np.asarray(played.sum(axis=0) * (further / rounds))
    mean = played.mean(axis=0)
    within = float(played.var(axis=0, ddof=1).mean())
    between = max(float(mean.var()) - within / rounds, 0.0)
    spread = np.sqrt((between + within / np.maximum(further, 1)) / max(between + within / rounds, _NO_TIME**2))
    middle = mean.mean()
    return np.asarray(further * np.maximum(middle + np.minimum(spread, 1.0) * (mean - middle), 0.0))
