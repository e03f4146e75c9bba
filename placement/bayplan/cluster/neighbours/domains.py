"""The domains of a topology: the nodes with the same value of a label."""

from dataclasses import dataclass

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import BoolArray, IntArray


@dataclass(frozen=True, slots=True)
class Domains:
    """Those of one label."""

    of: IntArray
    """Per row, the number of its domain; -1 where there is no node, or it has no such label."""
    size: int
    """More than the largest number."""
    single: bool
    """No two rows are in one domain, as with the host's name."""

    def near(self, rows: IntArray) -> BoolArray:
        """Per row: it is in the domain of one of the rows given."""
        if self.single:
            found = np.zeros(len(self.of), bool)
            found[rows[self.of[rows] >= 0]] = True
            return found
        inside = np.zeros(self.size + 1, bool)
        inside[self.of[rows]] = True
        inside[-1] = False  # where there is no domain, a number of -1 points here
        return inside[self.of]

    def sums(self, counts: IntArray) -> IntArray:
        """Per row, the sum of the counts in its domain; 0 where it has none."""
        found = np.bincount(self.of + 1, weights=counts, minlength=self.size + 1).astype(np.int64)
        found[0] = 0
        return found[self.of + 1]


def domains(cluster: Cluster, key: str) -> Domains:
    """Those of a label of the nodes, made once for nodes as they are."""
    return cluster.static_memo(("domains", key), lambda: _made(cluster, key))


def domain_names(cluster: Cluster, key: str) -> tuple[str, ...]:
    """By number, the value of a label that makes each of its domains; empty where no node is in it. Kept as `domains` is."""
    return cluster.static_memo(("domain names", key), lambda: _names(cluster, key))


def _names(cluster: Cluster, key: str) -> tuple[str, ...]:
    found = domains(cluster, key)
    rows = np.full(found.size + 1, -1)
    rows[found.of] = np.arange(len(found.of))
    return tuple("" if row < 0 else cluster.labels.value(key, row) or "" for row in rows[:-1].tolist())


def _made(cluster: Cluster, key: str) -> Domains:
    of = cluster.labels.numbers(key, cluster.rows)
    size = int(of.max(initial=-1)) + 1
    return Domains(of, size, bool(np.bincount(of + 1, minlength=2)[1:].max(initial=0) <= 1))
