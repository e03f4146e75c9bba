"""Quantities of resources: whole numbers in smallest units (millicores, bytes, devices, pods)."""

import re
from collections.abc import Mapping

Resources = Mapping[str, int]
"""Name to amount, such as `{"cpu": 1500, "memory": 2**30, "nvidia.com/gpu": 1, "pods": 1}`."""

PODS = "pods"
LARGEST = 2**53
"""Amounts are cut here (8 PiB, nine thousand billion cores), so that no sum over a node leaves an int64."""

_BINARY = re.compile(r"memory$|ephemeral-storage$|hugepages-")
_SUFFIXES = ((2**50, "Pi"), (2**40, "Ti"), (2**30, "Gi"), (2**20, "Mi"), (2**10, "Ki"))


def bounded(amount: int) -> int:
    """The amount as it is counted, from 0 to `LARGEST`."""
    return min(max(amount, 0), LARGEST)


def is_device(resource: str) -> bool:
    """Whether this is an extended resource (GPUs and the like), by Kubernetes' rule: a domain not its own."""
    return "/" in resource and "kubernetes.io/" not in resource


def amount_in_words(resource: str, amount: int, *, up: bool) -> str:
    """The amount as users write it (`1.5`, `7.25Gi`), to two digits after the point, rounded up or down."""
    if resource == "cpu":
        return f"{amount / 1000:.3f}".rstrip("0").rstrip(".")
    if _BINARY.match(resource):
        for size, suffix in _SUFFIXES:
            if amount >= size:
                hundredths = -(-amount * 100 // size) if up else amount * 100 // size
                return f"{hundredths / 100:.2f}".rstrip("0").rstrip(".") + suffix
    return str(amount)
