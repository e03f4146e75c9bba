"""Worked cases: small problems whose right answers are known, solved with the library as anybody would use it."""

from collections.abc import Callable, Mapping

from bayplan.cases import chain, efficiency, least_cost, least_loaded, rooms

CASES: Mapping[str, tuple[str, Callable[[], str]]] = {
    "least-cost": ("five tasks on five resources, each cost of its own", least_cost.report),
    "least-loaded": ("tasks onto the least loaded of three resources", least_loaded.report),
    "chain": ("three tasks in a row, each with a due date", chain.report),
    "efficiency": ("tasks where they achieve most for what a node could do", efficiency.report),
    "rooms": ("more tasks than fit: the most priority placed", rooms.report),
}
"""Name to what it is about, and a function that solves it and says how."""

__all__ = ["CASES"]
