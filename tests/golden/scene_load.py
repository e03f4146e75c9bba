"""Readings of load, as plain data."""

from __future__ import annotations

from typing import Any

from tests.golden.lots import Lots

Plain = dict[str, Any]
_RESOURCES = ("cpu", "memory", "nvidia.com/gpu", "disk")


def readings(lots: Lots, nodes: list[Plain], now: float, stale: bool) -> Plain:
    """Of most nodes, with gaps; the last of a scene is old."""
    measured = [node["name"] for node in nodes if lots.chance(0.8)]
    shares = {
        name: {resource: [lots.real(0, 0.95), lots.real(0, 0.02)] for resource in _RESOURCES if lots.chance(0.8)}
        for name in measured
    }
    return {"at": now - (100.0 if stale else 10.0), "shares": shares}
