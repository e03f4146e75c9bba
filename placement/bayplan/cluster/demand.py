"""What a class of requests asks for, in the columns of a cluster."""

from dataclasses import dataclass

from bayplan.model.arrays import IntArray
from bayplan.model.gpu import GpuAsk


@dataclass(frozen=True, slots=True)
class Demand:
    """What a class asks for, in columns; what it asks nothing of is left out, as Kubernetes does."""

    columns: IntArray
    amounts: IntArray
    impossible: bool = False
    """Something is asked for that no node has ever had, so that there is no column for it."""
    gpus: GpuAsk | None = None
    pairs: tuple[tuple[int, int], ...] = ()
    """Column and amount, once more."""
