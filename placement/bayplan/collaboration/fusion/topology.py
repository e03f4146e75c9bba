"""Which models are neighbours, and how long a step towards neighbours may be."""

import re

import numpy as np
import numpy.typing as npt

from bayplan.collaboration.fusion.errors import FusionError
from bayplan.model.spelling import unknown

_NAMED = ("Full", "Ring", "Line")
_NEAR_BOUND = 1e-9
"""Eigenvalues are rounded: a step as close to the bound as this is at it."""


def neighbours_named(topology: str, count: int) -> npt.NDArray[np.bool_]:
    """The adjacency (count, count) of a name, or of pairs such as 0-1,1-2. Raises `FusionError`."""
    edges = np.zeros((count, count), dtype=bool)
    if topology == "Full":
        edges[:] = True
        np.fill_diagonal(edges, False)
    elif topology in ("Ring", "Line"):
        for one in range(count - 1):
            _join(edges, one, one + 1)
        if topology == "Ring" and count > 1:
            _join(edges, count - 1, 0)
    elif re.fullmatch(r"[\w\s]*[A-Za-z][\w\s]*", topology):
        raise FusionError(unknown("topology", topology, _NAMED))
    else:
        for part in topology.split(","):
            _read_pair(edges, part.strip())
    return edges


def default_step(edges: npt.NDArray[np.bool_]) -> float:
    """1 / (largest number of neighbours + 1): always below the bound, since lambda_max is at most twice that number."""
    return 1.0 / (int(edges.sum(axis=1).max(initial=0)) + 1)


def check_step(edges: npt.NDArray[np.bool_], alpha: float, count: int) -> None:
    """Raises `FusionError` for a topology that is directed or not connected, and for a step that does not lead to agreement.

    The differences between models shrink in every direction if |1 - alpha lambda| < 1 for all eigenvalues
    lambda > 0 of the Laplacian.
    """
    if edges.shape != (count, count):
        raise FusionError(f"the topology has the shape {list(edges.shape)}: it must be [{count}, {count}] for {count} models")
    if edges.diagonal().any():
        raise FusionError(f"model {int(np.flatnonzero(edges.diagonal())[0])} is its own neighbour: pairs join two models")
    if (edges != edges.T).any():
        one, other = (int(each) for each in np.argwhere(edges & ~edges.T)[0])
        raise FusionError(f"the topology is directed: {one} has {other} as neighbour, but {other} does not have {one}")
    apart = _not_reached(edges)
    if apart:
        raise FusionError(f"the topology is not connected: no way leads from model 0 to model {apart[0]}")
    if count == 1:
        return
    laplacian = np.diag(edges.sum(axis=1).astype(float)) - edges
    bound = 2.0 / float(np.linalg.eigvalsh(laplacian)[-1])
    if alpha >= bound * (1 - _NEAR_BOUND):
        raise FusionError(
            f"Consensus: alpha is {alpha:g}: for this topology it must be below 2 / lambda_max = {bound:.6g}, "
            "or the models do not come together"
        )


def _read_pair(edges: npt.NDArray[np.bool_], pair: str) -> None:
    if re.fullmatch(r"\d+\s*(->|>|<|<-)\s*\d+", pair):
        raise FusionError(f'topology has the pair "{pair}", which is directed: write pairs such as 0-1')
    found = re.fullmatch(r"(\d+)\s*-\s*(\d+)", pair)
    if found is None:
        raise FusionError(f'topology has "{pair}", which is no pair: write Full, Ring, Line, or pairs such as 0-1,1-2')
    one, other = int(found[1]), int(found[2])
    if max(one, other) >= len(edges):
        raise FusionError(f'topology has the pair "{pair}": the {len(edges)} models are numbered from 0 to {len(edges) - 1}')
    _join(edges, one, other)


def _join(edges: npt.NDArray[np.bool_], one: int, other: int) -> None:
    if one != other or len(edges) == 1:
        edges[one, other] = edges[other, one] = True
    else:
        raise FusionError(f'topology has the pair "{one}-{other}": a pair joins two models')


def _not_reached(edges: npt.NDArray[np.bool_]) -> list[int]:
    reached = np.zeros(len(edges), dtype=bool)
    reached[:1] = True
    for _ in range(len(edges)):
        wider = reached | edges[reached].any(axis=0)
        if (wider == reached).all():
            break
        reached = wider
    return [int(each) for each in np.flatnonzero(~reached)]
