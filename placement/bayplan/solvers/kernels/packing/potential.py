"""The potential of what is free on a node."""

import numpy as np

from bayplan.model.arrays import IntArray
from bayplan.model.gpu import WHOLE
from bayplan.solvers.kernels.compiled import HAVE_NUMBA, compiled
from bayplan.solvers.kernels.packing.tables import Tables


def potentials(states: IntArray, kinds: IntArray, tables: Tables) -> IntArray:
    """The potential of each state, shape (states,), in billionths of a GPU; 0 where no GPU is free. Lower is better.

    `kinds`: the kind of each state's GPUs.
    """
    kernel = _potentials if HAVE_NUMBA else potentials_numpy
    return kernel(states, kinds, tables)


def potentials_numpy(states: IntArray, kinds: IntArray, tables: Tables) -> IntArray:
    """`potentials` in numpy."""
    free = np.maximum(states[:, 2:], 0)
    total, wholly = free.sum(axis=1), (free >= WHOLE).sum(axis=1)
    found = -_room_value(states, free, kinds, tables) - tables.scarce[kinds] * total
    found += _left_over(states, kinds, tables) * tables.stranded // tables.streams.shape[1]
    for number, (cpu, memory, count) in enumerate(tables.several.tolist()):
        fits = (states[:, 0] >= cpu) & (states[:, 1] >= memory) & (wholly >= count)
        served, not_served = tables.unusable[kinds, number].T
        found += (served + not_served) * total - np.where(fits, served * (WHOLE * wholly), 0)
    return np.asarray(np.where(total > 0, found, 0))


def _room_value(states: IntArray, free: IntArray, kinds: IntArray, tables: Tables) -> IntArray:
    least = np.full(len(states), np.iinfo(np.int64).max)
    wholly = (free >= WHOLE).sum(axis=1)
    known = np.minimum(wholly, tables.whole.shape[1] - 1)
    steps = np.where(free >= WHOLE, 0, free) // tables.unit
    for pair in range(len(tables.cpu_price)):
        worth = tables.cpu_price[pair] * np.maximum(states[:, 0], 0) + tables.memory_price[pair] * np.maximum(states[:, 1], 0)
        worth += tables.whole[kinds, known, pair] + (wholly - known) * tables.single[kinds, -1, pair]
        worth += tables.single[kinds[:, None], steps, pair].sum(axis=1)
        least = np.minimum(least, worth)
    return least


def _left_over(states: IntArray, kinds: IntArray, tables: Tables) -> IntArray:
    """Thousandths that the streams leave over, summed over the streams."""
    _, streams, length, _ = tables.streams.shape
    cpu, memory = (np.repeat(states[:, [column]], streams, axis=1) for column in (0, 1))
    free = np.repeat(np.maximum(states[:, None, 2:], 0), streams, axis=1)
    at = np.ogrid[: len(states), :streams]
    for place in range(length):
        asked_cpu, asked_memory, count, thousandths = np.moveaxis(tables.streams[kinds, :, place], -1, 0)
        holding = (free >= thousandths[..., None]) & (count > 0)[..., None]
        takes = (cpu >= asked_cpu) & (memory >= asked_memory) & (holding.sum(axis=2) >= count)
        cpu -= np.where(takes, asked_cpu, 0)
        memory -= np.where(takes, asked_memory, 0)
        tightest = np.where(holding, free, WHOLE + 1).argmin(axis=2) if free.shape[2] else np.zeros(takes.shape, np.int64)
        part = takes & (count > 0) & (thousandths < WHOLE)
        if part.any():
            free[(*at, tightest)] -= np.where(part, thousandths, 0)
        entire = (takes & (count > 0) & (thousandths >= WHOLE))[..., None] & holding
        free[entire & (np.cumsum(entire, axis=2) <= count[..., None])] = 0
    return np.asarray(free.sum(axis=(1, 2)))


@compiled
def _potentials(states: IntArray, kinds: IntArray, tables: Tables) -> IntArray:
    found = np.zeros(len(states), np.int64)
    buffer = np.zeros(room_for(states.shape[1] - 2, tables), np.int64)
    for number in range(len(states)):
        found[number] = potential_of(states[number], kinds[number], tables, buffer)
    return found


@compiled
def room_for(slots: int, tables: Tables) -> int:
    """How long the buffer of `potential_of` must be."""
    return 2 * slots + len(tables.cpu_price)


@compiled
def potential_of(state: IntArray, kind: int, tables: Tables, buffer: IntArray) -> int:
    """One of `potentials`; compiled only. `buffer` is written to, see `room_for`."""
    slots = len(state) - 2
    # Only what is free counts: on a node in use these are few of its GPUs.
    gpus, total, wholly = 0, 0, 0
    for slot in range(slots):
        if state[slot + 2] > 0:
            buffer[gpus] = state[slot + 2]
            gpus += 1
            total += state[slot + 2]
            wholly += state[slot + 2] >= WHOLE
    if total == 0:
        return 0
    cpu, memory = state[0], state[1]
    amounts, work = buffer[:gpus], buffer[slots : slots + gpus]
    worth = _worth(max(cpu, 0), max(memory, 0), amounts, kind, tables, buffer[2 * slots :])
    left = 0
    for stream in range(tables.streams.shape[1]):
        work[:] = amounts
        left += _fill(cpu, memory, total, tables.streams[kind, stream], work)
    found: int = left * tables.stranded // tables.streams.shape[1] - worth - tables.scarce[kind] * total
    for number in range(len(tables.several)):
        served, not_served = tables.unusable[kind, number]
        found += (served + not_served) * total
        if cpu >= tables.several[number, 0] and memory >= tables.several[number, 1] and wholly >= tables.several[number, 2]:
            found -= served * WHOLE * wholly
    return found


@compiled
def _worth(cpu: int, memory: int, amounts: IntArray, kind: int, tables: Tables, bounds: IntArray) -> int:
    """The smallest bound over all pairs of prices."""
    wholly = 0
    pairs = len(tables.cpu_price)
    for pair in range(pairs):
        bounds[pair] = tables.cpu_price[pair] * cpu + tables.memory_price[pair] * memory
    for amount in amounts:
        if amount >= WHOLE:
            wholly += 1
        else:
            step = amount // tables.unit
            for pair in range(pairs):
                bounds[pair] += tables.single[kind, step, pair]
    known = min(wholly, tables.whole.shape[1] - 1)
    last = tables.single.shape[1] - 1
    for pair in range(pairs):
        bounds[pair] += tables.whole[kind, known, pair] + (wholly - known) * tables.single[kind, last, pair]
    least: int = bounds[:pairs].min()
    return least


@compiled
def _fill(cpu: int, memory: int, total: int, stream: IntArray, free: IntArray) -> int:
    """Thousandths left over after a stream: each request that fits is taken, a fraction from the tightest GPU."""
    gpus, left, largest = len(free), total, free.max()
    for place in range(len(stream)):
        thousandths = stream[place, 3]
        if thousandths > largest or stream[place, 0] > cpu or stream[place, 1] > memory:
            continue
        count = stream[place, 2]
        if count > 0:
            if thousandths < WHOLE:
                tightest = -1
                for gpu in range(gpus):
                    if free[gpu] >= thousandths and (tightest < 0 or free[gpu] < free[tightest]):
                        tightest = gpu
                free[tightest] -= thousandths
            else:
                holding = 0
                for gpu in range(gpus):
                    holding += free[gpu] >= WHOLE
                if holding < count:
                    continue
                taken = 0
                for gpu in range(gpus):
                    if taken < count and free[gpu] >= WHOLE:
                        free[gpu] = 0
                        taken += 1
            left -= count * thousandths
            if left == 0:
                return 0
            largest = 0
            for gpu in range(gpus):
                largest = max(largest, free[gpu])
        cpu -= stream[place, 0]
        memory -= stream[place, 1]
    return left
