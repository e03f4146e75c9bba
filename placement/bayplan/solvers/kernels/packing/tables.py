"""All that the potential of a node's free room depends on beside the node."""

from typing import NamedTuple

from bayplan.model.arrays import IntArray


class Tables(NamedTuple):
    """All that the potential of a state depends on. Worths and weights in billionths of a GPU; K kinds of GPUs."""

    cpu_price: IntArray
    """Shape (pairs,): of a millicore."""
    memory_price: IntArray
    """Shape (pairs,): of a MiB."""
    unit: int
    """Thousandths of a step of `single`."""
    single: IntArray
    """Shape (K, steps, pairs): worth of so many thousandths on one GPU."""
    whole: IntArray
    """Shape (K, n + 1, pairs): worth of so many GPUs wholly free."""
    streams: IntArray
    """Shape (K, streams, length, 4): requests that are tried one after the other: millicores, MiB, GPUs, thousandths."""
    stranded: int
    """Weight of a thousandth left over, the mean over the streams."""
    several: IntArray
    """Shape (n, 3): millicores, MiB, GPUs of requests for several GPUs."""
    unusable: IntArray
    """Shape (K, n, 2): weight of a thousandth that such a request cannot use: if the kind serves it, if not (then all)."""
    scarce: IntArray
    """Shape (K,): worth of a thousandth for being of a scarce kind."""
