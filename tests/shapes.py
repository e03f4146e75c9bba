"""Graphs on which the simulator and the operator are compared, in memory and on a real control plane."""

from __future__ import annotations

Shape = tuple[tuple[str, tuple[str, ...], int, int, int], ...]

# Name, tasks before it, shards, cores, seconds. Two nodes of 8 cores are too few for all that could run, so that the order
# matters; and the durations are such that nothing changes if each pod is a little late, as pods are on a real control plane.
TASKS: Shape = (
    ("load", (), 1, 3, 6),
    ("fetch", (), 2, 2, 15),
    ("clean", ("load",), 2, 3, 5),
    ("label", ("load",), 1, 6, 7),
    ("index", ("load",), 1, 5, 15),
    ("train", ("clean", "label"), 1, 7, 13),
    ("probe", ("index",), 1, 2, 6),
    ("merge", ("index", "clean"), 1, 4, 3),
    ("tune", ("train", "fetch"), 1, 5, 15),
    ("check", ("merge", "probe"), 1, 6, 11),
    ("report", ("tune", "check"), 1, 1, 6),
)
# Two chains that stay on their nodes for the data that they hand on; what hangs on one of them waits for its node though the
# other one's is free in between.
CHAINS: Shape = (
    ("a0", (), 1, 5, 5), ("a1", ("a0",), 1, 5, 4), ("a2", ("a1",), 1, 5, 6),
    ("b0", (), 1, 6, 9), ("b1", ("b0",), 1, 6, 8), ("b2", ("b1",), 1, 6, 9),
    ("ax", ("a0",), 1, 7, 3),
)  # fmt: skip
