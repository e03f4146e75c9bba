"""What has changed in the cluster since a decider looked last."""

from collections.abc import Iterable
from dataclasses import dataclass

from bayplan.cluster.cluster import Cluster


@dataclass(frozen=True, slots=True)
class ClusterNews:
    """Since the last look."""

    anything: bool = False
    """Any answer may be another: nodes have changed, or too much has become free to be listed."""
    freed: Iterable[int] | None = None
    """The rows on which something has become free; `None`: on none."""
    near: bool = False
    """Pods came or went that matter for others nearby."""
    terms: bool = False
    """Some of them have terms that did not matter before."""


class Noticing:
    """Follows a cluster. O(rows on which something has become free)."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._static_version, self._freed = cluster.static_version, cluster.freed.position
        self._neighbours, self._terms = cluster.neighbours.version, cluster.neighbours.terms_version

    def look(self) -> ClusterNews:
        """What is new."""
        neighbours = self._cluster.neighbours
        near, terms = neighbours.version != self._neighbours, neighbours.terms_version != self._terms
        if near:
            self._neighbours, self._terms = neighbours.version, neighbours.terms_version
        before, self._freed = self._freed, self._cluster.freed.position
        if self._cluster.static_version != self._static_version:
            self._static_version = self._cluster.static_version
            return ClusterNews(True, None, near, terms)
        if self._freed == before:
            return ClusterNews(False, None, near, terms)
        freed = self._cluster.freed.since(before)
        return ClusterNews(freed is None, freed, near, terms)
