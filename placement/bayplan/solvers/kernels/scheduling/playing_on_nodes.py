"""Playing a graph through node by node: what may start takes a node with room, as a policy would, or waits for a better one."""

from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.solvers.kernels.compiled import compiled
from bayplan.solvers.kernels.scheduling.lateness import Lateness

TOLERANCE = 0.05
"""A node with room is not worse than one to wait for if a unit ends there later by no more than this share of its run time."""
OVERDUE = 0.25
"""A unit that has run longer than expected is expected to need another such share of the time that it has run."""
_NOWHERE = -1
_MIXED, _UNKNOWN = -1, -2


class Stage(NamedTuple):
    """What is played, and where."""

    unit_task: IntArray
    """Shape (units,)."""
    unit_start: IntArray
    """Shape (tasks + 1,): the first unit of each task."""
    parent_start: IntArray
    parents: IntArray
    """Those that each task waits for, in compressed rows."""
    part: FloatArray
    """Shape (edges,), as `parents`: seconds for which a unit reads what one of the parent's units has left on another node."""
    child_start: IntArray
    children: IntArray
    """Those that wait for each task, in compressed rows."""
    order: IntArray
    """Shape (units,): of those that could start, the first goes first."""
    reading: FloatArray
    """Shape (units,): seconds for which each reads, wherever it runs; NaN: as follows from where the results of others lie."""
    demand: FloatArray
    """Shape (tasks, resources): what a unit holds while it runs."""
    room: FloatArray
    """Shape (nodes, resources): what is free beside the units that run."""
    node_class: IntArray
    """Shape (nodes,)."""
    site: IntArray
    """Shape (nodes,): nothing is read between units of one site; below 0: the node belongs to no site."""
    admits: BoolArray
    """Shape (tasks, nodes)."""
    kind: IntArray
    """Shape (tasks,): tasks of one kind fit on the same nodes. All numbers from 0 on."""
    expected: FloatArray
    """Shape (tasks, classes): seconds of a unit; what is decided goes by these, not by what is drawn."""
    turn: IntArray
    """Shape (nodes, levels): of the nodes with room, a unit takes the one with the lowest turn, by how many units are there;
    above the last level that of the last. Without levels it takes the node where it is expected to end first, or waits for
    it."""
    place: IntArray
    """Shape (units,): the node of a unit that runs or is done; -1: none, or not known."""
    left: FloatArray
    """Shape (units,): seconds that a running unit is expected to need."""
    running: BoolArray
    """Shape (units,)."""
    done: BoolArray
    """Shape (units,)."""
    late: Lateness
    """Which units are not waited for."""


@compiled
def play_on_nodes(stage: Stage, seconds: FloatArray) -> FloatArray:
    """Per sample, seconds from now until the last unit has ended; infinite where a unit never finds a place.

    `seconds`: shape (samples, classes, units), how long each runs, or runs on, without what it reads. List scheduling, decided
    again whenever a unit ends: with turns without idling (Graham 1969), else by the earliest expected finish.
    O(samples * units * units that wait * nodes * units on a node), and as a rule far less: most find no room at once.
    """
    ends = np.empty(len(seconds))
    for sample in range(len(seconds)):
        ends[sample] = _play(stage, seconds[sample])
    return ends


@compiled
def _play(stage: Stage, seconds: FloatArray) -> float:
    units, nodes = len(stage.unit_task), len(stage.node_class)
    room, place = stage.room.copy(), stage.place.copy()
    missing = stage.parent_start[1:] - stage.parent_start[:-1]
    left = stage.unit_start[1:] - stage.unit_start[:-1]
    ready, stuck = np.zeros(len(left), np.bool_), np.zeros(stage.kind.max() + 1, np.bool_)
    common = np.full(len(left), _UNKNOWN)
    level, claims = np.zeros(nodes, np.int64), np.zeros(nodes, np.int64)
    # Of each node the units that run there, one leading to the next; when each began, and is expected to have ended.
    first, behind = np.full(nodes, -1), np.full(units, -1)
    began, expected, begun = np.zeros(units), np.zeros(units), stage.done | stage.running
    needed, first_began, over = stage.late.needed.copy(), stage.late.began.copy(), stage.done.copy()
    events = [(0.0, units)]  # the last stands for no unit, at the begin; after it, a task is late
    open_units, first_open = units, 0
    for unit in range(units):
        if stage.done[unit]:
            open_units -= 1
            left[stage.unit_task[unit]] -= 1
        elif stage.running[unit]:
            node = place[unit]
            expected[unit], behind[unit] = stage.left[unit], first[node]
            first[node] = unit
            level[node] += 1
            heappush(events, (float(seconds[stage.node_class[node], unit]), unit))
    for task in range(len(left)):
        ready[task] = missing[task] == 0
        if left[task] == 0:
            _follow(stage, task, place, common, missing, ready)
        elif needed[task] <= 0 and first_began[task] + stage.late.time_out[task] < np.inf:
            heappush(events, (max(first_began[task] + stage.late.time_out[task], 0.0), units + 1 + task))
    now = 0.0
    while open_units > 0 and len(events) > 0:
        now = events[0][0]
        while len(events) > 0 and events[0][0] <= now:
            _, unit = heappop(events)
            if unit > units:
                task = unit - units - 1
                open_units -= left[task]
                if left[task] > 0:
                    left[task] = 0
                    for late in range(stage.unit_start[task], stage.unit_start[task + 1]):
                        if not over[late]:
                            over[late] = True
                            if begun[late]:
                                _end(stage, late, place[late], room, level, first, behind)
                            begun[late] = True
                    _follow(stage, task, place, common, missing, ready)
                continue
            if unit == units or over[unit]:
                continue
            open_units -= 1
            task, over[unit] = stage.unit_task[unit], True
            _end(stage, unit, place[unit], room, level, first, behind)
            left[task] -= 1
            needed[task] -= 1
            if left[task] == 0:
                _follow(stage, task, place, common, missing, ready)
            elif needed[task] == 0 and stage.late.time_out[task] < np.inf:
                heappush(events, (max(first_began[task] + stage.late.time_out[task], now), units + 1 + task))
        # Only once everything of this instant has happened, so that the first in order is among those that wait.
        claims[:] = 0
        stuck[:] = False
        open_kinds = len(stuck)
        while first_open < units and begun[stage.order[first_open]]:
            first_open += 1
        for at in range(first_open, units):
            unit = stage.order[at]
            task = stage.unit_task[unit]
            if begun[unit] or not ready[task] or stuck[stage.kind[task]]:
                continue
            chosen, read = _choose(stage, unit, now, room, level, claims, common, first, behind, began, expected)
            if chosen == _NOWHERE:
                stuck[stage.kind[task]] = True
                open_kinds -= 1
                if open_kinds == 0:
                    break
                continue
            if chosen < 0:
                claims[-chosen - 2] += 1
                continue
            kind = stage.node_class[chosen]
            begun[unit] = True
            first_began[task] = min(first_began[task], now)
            place[unit], began[unit], expected[unit] = chosen, now, now + stage.expected[task, kind] + read
            behind[unit] = first[chosen]
            first[chosen] = unit
            level[chosen] += 1
            for column in range(room.shape[1]):
                room[chosen, column] -= stage.demand[task, column]
            heappush(events, (now + float(seconds[kind, unit]) + read, unit))
    return now if open_units == 0 else np.inf


@compiled
def _choose(
    stage: Stage, unit: int, now: float, room: FloatArray, level: IntArray, claims: IntArray, common: IntArray,
    first: IntArray, behind: IntArray, began: FloatArray, expected: FloatArray,
) -> tuple[int, float]:  # fmt: skip
    """The node on which a unit starts, and the seconds for which it reads there; -1: none has room; -2 - node: it waits."""
    task, levels = stage.unit_task[unit], stage.turn.shape[1]
    best, best_end = _NOWHERE, np.inf
    for node in range(len(stage.node_class)):
        if stage.admits[task, node] and _fits(stage, task, room[node]):
            if levels > 0:
                end = float(stage.turn[node, min(level[node], levels - 1)])
            else:
                end = now + _needs(stage, unit, node, common)
            if end < best_end or best < 0:
                best, best_end = node, end
    if best < 0:
        return _NOWHERE, 0.0
    if levels == 0:
        bearable = best_end - TOLERANCE * (best_end - now)
        awaited = _NOWHERE
        for node in range(len(stage.node_class)):
            # Units that wait for a node already have the room that one of its units leaves.
            if not (stage.admits[task, node] and claims[node] < level[node]):
                continue
            needs = _needs(stage, unit, node, common)
            if now + needs >= bearable or _next_end(node, now, first, behind, began, expected) + needs >= bearable:
                continue
            if not _fits(stage, task, room[node]):
                end = needs + _room_from(stage, task, node, now, room, claims[node], first, behind, began, expected)
                if end < bearable:
                    awaited, bearable = node, end
        if awaited >= 0:
            return -2 - awaited, 0.0
    return best, _reading(stage, unit, stage.site[best], common)


@compiled
def _needs(stage: Stage, unit: int, node: int, common: IntArray) -> float:
    seconds = stage.expected[stage.unit_task[unit], stage.node_class[node]]
    return float(seconds + _reading(stage, unit, stage.site[node], common))


@compiled
def _fits(stage: Stage, task: int, room: FloatArray) -> bool:
    for column in range(len(room)):  # noqa: SIM110  # the compiler knows no generators
        if room[column] < stage.demand[task, column]:
            return False
    return True


@compiled
def _reading(stage: Stage, unit: int, site: int, common: IntArray) -> float:
    """Seconds: all parts at once, over a link each."""
    if not np.isnan(stage.reading[unit]):
        return float(stage.reading[unit])
    task, longest = stage.unit_task[unit], 0.0
    for edge in range(stage.parent_start[task], stage.parent_start[task + 1]):
        if stage.part[edge] > longest:
            left_on = common[stage.parents[edge]]
            if left_on == _MIXED or (left_on >= 0 and left_on != site):
                longest = stage.part[edge]
    return float(longest)


@compiled
def _next_end(node: int, now: float, first: IntArray, behind: IntArray, began: FloatArray, expected: FloatArray) -> float:
    """When the first of the units on a node is expected to end; before that it has no more room than now."""
    soonest, each = np.inf, first[node]
    while each >= 0:
        soonest = min(soonest, max(expected[each], now + OVERDUE * (now - began[each])))
        each = behind[each]
    return float(soonest)


@compiled
def _room_from(
    stage: Stage, task: int, node: int, now: float, room: FloatArray, claims: int,
    first: IntArray, behind: IntArray, began: FloatArray, expected: FloatArray,
) -> float:  # fmt: skip
    """When the node is expected to have room for a unit, others that wait for it first; infinite: never."""
    there = room[node].copy()
    free_from, before = now, -1
    before_end = -np.inf
    while True:
        # The next to end, those of one instant by their number.
        unit, unit_end = -1, np.inf
        each = first[node]
        while each >= 0:
            end = max(expected[each], now + OVERDUE * (now - began[each]))
            if (end > before_end or (end == before_end and each > before)) and (
                end < unit_end or (end == unit_end and (unit < 0 or each < unit))
            ):
                unit, unit_end = each, end
            each = behind[each]
        if unit < 0:
            return np.inf
        free_from, before, before_end = unit_end, unit, unit_end
        for column in range(len(there)):
            there[column] += stage.demand[stage.unit_task[unit], column]
        if _fits(stage, task, there):
            if claims == 0:
                return free_from
            claims -= 1
            for column in range(len(there)):
                there[column] -= stage.demand[task, column]


@compiled
def _follow(stage: Stage, task: int, place: IntArray, common: IntArray, missing: IntArray, ready: BoolArray) -> None:
    """A task is over: it is known where its results lie, and those that waited for nothing else can start."""
    site = _UNKNOWN
    for unit in range(stage.unit_start[task], stage.unit_start[task + 1]):
        if place[unit] >= 0:
            own = stage.site[place[unit]]
            site = own if own >= 0 and site in (_UNKNOWN, own) else _MIXED
    common[task] = site
    for edge in range(stage.child_start[task], stage.child_start[task + 1]):
        child = stage.children[edge]
        missing[child] -= 1
        ready[child] = missing[child] == 0


@compiled
def _end(stage: Stage, unit: int, node: int, room: FloatArray, level: IntArray, first: IntArray, behind: IntArray) -> None:
    """A unit leaves its node."""
    level[node] -= 1
    for column in range(room.shape[1]):
        room[node, column] += stage.demand[stage.unit_task[unit], column]
    _leave(unit, node, first, behind)


@compiled
def _leave(unit: int, node: int, first: IntArray, behind: IntArray) -> None:
    if first[node] == unit:
        first[node] = behind[unit]
        return
    each = first[node]
    while behind[each] != unit:
        each = behind[each]
    behind[each] = behind[unit]
