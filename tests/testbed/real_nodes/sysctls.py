"""Kernel settings that a node changes, so that they can be set back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_CHANGED = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
    "net/ipv4/ip_forward",  # by the CNI plugin
)


def read() -> dict[str, str]:
    """The present values."""
    return {name: (Path("/proc/sys") / name).read_text().strip() for name in _CHANGED}


def restore(values: Mapping[str, str]) -> None:
    """Set what differs from `values` back to them."""
    for name, value in values.items():
        path = Path("/proc/sys") / name
        if path.read_text().strip() != value:
            path.write_text(value)
