"""What a demo shows on a cluster, once Bayplan is at work there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from .cluster import Cluster
from .installation import ROOT

_LONGEST = 240.0
"""Seconds after which a graph that is not over counts as stuck."""


class Story(Protocol):
    """A graph, and how to show what becomes of it."""

    @property
    def graph(self) -> str:
        """Its name."""

    @property
    def file(self) -> str:
        """The manifest's, from the root of the repository."""

    @property
    def manifest(self) -> str:
        """What is applied, as YAML."""

    @property
    def operator(self) -> tuple[str, ...]:
        """Arguments that the operator needs for it."""

    def show(self, cluster: Cluster, namespace: str, say: Callable[[str], None]) -> int:
        """Until it is over. The exit code: 0 only if the graph has succeeded."""


@dataclass(frozen=True)
class FromFile:
    """A graph of examples/ as it is: live progress by `bayplan show`, then the report."""

    graph: str
    operator: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The manifest's, from the root of the repository."""
        return f"examples/{self.graph}.yaml"

    @property
    def manifest(self) -> str:
        """What is applied, as YAML."""
        return (ROOT / self.file).read_text(encoding="utf-8")

    def show(self, cluster: Cluster, namespace: str, say: Callable[[str], None]) -> int:
        """The exit code of `bayplan show`; 1 if the graph does not come to an end."""
        say(f"bayplan show {self.graph} -n {namespace} --watch")
        command = [sys.executable, "-m", "bayplan_operator", "show", self.graph, "-n", namespace]
        environment = cluster.environment()
        sys.stdout.flush()
        try:
            return subprocess.run([*command, "--watch"], env=environment, timeout=_LONGEST, check=False).returncode
        except subprocess.TimeoutExpired:
            subprocess.run(command, env=environment, check=False)
            print(f"demo: the graph is not over after {_LONGEST:.0f} s", file=sys.stderr)
            return 1
