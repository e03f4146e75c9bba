"""How much placing a request raises the potential of a node."""

from typing import NamedTuple

import numpy as np

from bayplan.model.arrays import IntArray
from bayplan.solvers.kernels.compiled import HAVE_NUMBA, compiled
from bayplan.solvers.kernels.packing.potential import potential_of, potentials_numpy, room_for
from bayplan.solvers.kernels.packing.states import NOTHING, Asked, NodeColumns, states_after_numpy, write_state_after
from bayplan.solvers.kernels.packing.tables import Tables

_SIZE = 1 << 15
_PROBES = 4
_MULTIPLIER = 0x9E3779B97F4A7C1


class Known(NamedTuple):
    """Potentials that have been computed, under the state with its GPUs in ascending order and its kind.

    Many nodes are alike, so that most states come up again and again. A bounded hash table: what finds its places taken
    takes the first of them.
    """

    keys: IntArray
    """Shape (size, 2 + slots + 1): the last is the kind + 1; 0: free."""
    values: IntArray
    """Shape (size,)."""


def nothing_known(slots: int) -> Known:
    """An empty table."""
    size = _SIZE if HAVE_NUMBA else 1
    return Known(np.zeros((size, slots + 3), np.int64), np.zeros(size, np.int64))


def rises(
    places: tuple[IntArray, IntArray],
    asked: Asked,
    nodes: NodeColumns,
    standing: tuple[IntArray, IntArray],
    tables: Tables,
    known: Known,
) -> IntArray:
    """Per place, by how much the request raises the potential of the node, shape (places,); in billionths of a GPU.

    `places`: rows and devices; `standing`: per row of the cluster, the kind of its GPUs and its potential as it stands.
    `known` is written to.
    """
    rows, devices = places
    kinds, before = standing
    kernel = _rises if HAVE_NUMBA else rises_numpy
    return kernel(rows, devices, asked, nodes, kinds, before, tables, known)


def rises_numpy(
    rows: IntArray,
    devices: IntArray,
    asked: Asked,
    nodes: NodeColumns,
    kinds: IntArray,
    before: IntArray,
    tables: Tables,
    known: Known,
) -> IntArray:
    """`rises` in numpy; needs no memory."""
    after = states_after_numpy(rows, devices, asked, nodes)
    return np.asarray(potentials_numpy(after, kinds[rows], tables) - before[rows])


@compiled
def _rises(
    rows: IntArray,
    devices: IntArray,
    asked: Asked,
    nodes: NodeColumns,
    kinds: IntArray,
    before: IntArray,
    tables: Tables,
    known: Known,
) -> IntArray:
    found = np.empty(len(rows), np.int64)
    key = np.empty(known.keys.shape[1], np.int64)
    state, buffer = key[:-1], np.empty(room_for(known.keys.shape[1] - 3, tables), np.int64)
    for place in range(len(rows)):
        row = rows[place]
        write_state_after(row, devices[place], asked, nodes, state)
        found[place] = _recall(key, kinds[row], tables, known, buffer) - before[row]
    return found


def potentials_of(rows: IntArray, nodes: NodeColumns, kinds: IntArray, tables: Tables, known: Known) -> IntArray:
    """The potential of each row as it stands, shape (rows,). `kinds`: per row of the cluster. `known` is written to."""
    kernel = _potentials_of if HAVE_NUMBA else potentials_of_numpy
    return kernel(rows, nodes, kinds, tables, known)


def potentials_of_numpy(rows: IntArray, nodes: NodeColumns, kinds: IntArray, tables: Tables, known: Known) -> IntArray:
    """`potentials_of` in numpy; needs no memory."""
    return potentials_numpy(states_after_numpy(rows, rows, NOTHING, nodes), kinds[rows], tables)


@compiled
def _potentials_of(rows: IntArray, nodes: NodeColumns, kinds: IntArray, tables: Tables, known: Known) -> IntArray:
    found = np.empty(len(rows), np.int64)
    key = np.empty(known.keys.shape[1], np.int64)
    state, buffer = key[:-1], np.empty(room_for(known.keys.shape[1] - 3, tables), np.int64)
    for place in range(len(rows)):
        write_state_after(rows[place], 0, NOTHING, nodes, state)
        found[place] = _recall(key, kinds[rows[place]], tables, known, buffer)
    return found


@compiled
def _recall(key: IntArray, kind: int, tables: Tables, known: Known, buffer: IntArray) -> int:
    """The potential of the state in `key`, whose GPUs are sorted on the way."""
    last = len(key) - 1
    if last == 2 or key[2:last].max() <= 0:
        return 0
    for slot in range(3, last):
        free, place = key[slot], slot
        while place > 2 and key[place - 1] > free:
            key[place] = key[place - 1]
            place -= 1
        key[place] = free
    key[last] = kind + 1
    number = np.int64(0)
    for part in key:
        number = (number ^ part) * _MULTIPLIER
        number ^= number >> 29
    size = len(known.values)
    for probe in range(_PROBES):
        at = (number + probe) & (size - 1)
        if known.keys[at, last] == 0:
            break
        same = True
        for part in range(last + 1):
            if known.keys[at, part] != key[part]:
                same = False
                break
        if same:
            return int(known.values[at])
    else:
        at = number & (size - 1)
    known.keys[at] = key
    known.values[at] = potential_of(key[:last], kind, tables, buffer)
    return int(known.values[at])
