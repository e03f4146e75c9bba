"""How long our pods run, as the conductor expects it."""

import math
from collections.abc import Callable

from bayplan.model.run_law import RunLaw

LawOf = Callable[[str], RunLaw | None]
"""By task, how long an attempt of it runs; ``None``: nothing is known."""

_LIKE = 0.05
"""Medians that differ by no more than this part, and deviations by no more than this, are told as the same."""


class ToldLaws:
    """By graph and task, what was told last."""

    def __init__(self) -> None:
        self._told: dict[str, dict[str, RunLaw | None]] = {}

    def of(self, graph_uid: str, task: str) -> RunLaw | None:
        """``None``: nothing is known."""
        return self._told.get(graph_uid, {}).get(task)

    def tell(self, graph_uid: str, task: str, law: RunLaw | None) -> bool:
        """It is expected so from now on; answers whether that is notably otherwise than before."""
        told = self._told.setdefault(graph_uid, {})
        if task in told and _alike(told[task], law):
            return False
        told[task] = law
        return True

    def forget(self, graph_uid: str) -> None:
        """The graph is over or gone."""
        self._told.pop(graph_uid, None)


def _alike(one: RunLaw | None, other: RunLaw | None) -> bool:
    if one is None or other is None:
        return one is other
    near = math.isclose(one.median, other.median, rel_tol=_LIKE) and abs(one.sigma - other.sigma) <= _LIKE
    return near and one.most == other.most
