"""One example on a cluster, from `kubectl apply` to its last word."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from ..cluster import Cluster
from ..errors import TestbedError
from . import rounds, watching
from .manifests import Object
from .rounds import SeenRound

_LONGEST = 1200.0
"""Seconds after which a graph that is not over counts as stuck."""


@dataclass(frozen=True)
class Ran:
    """A graph that has succeeded, and where the files of its tasks are."""

    manifest: Object
    graph: Object
    files: Path
    rounds: list[SeenRound] = field(default_factory=list)

    @property
    def status(self) -> Object:
        """What is recorded of it."""
        status: Object = self.graph["status"]
        return status


def ran(cluster: Cluster, namespace: str, made: Object, workspace: Path) -> Ran:
    """Apply a manifest and wait for its end. Raises TestbedError if it does not succeed."""
    name = made["metadata"]["name"]
    cluster.kubectl("apply", "--namespace", namespace, "--filename", "-", input=yaml.safe_dump(made))
    seen: list[SeenRound] = []
    repeated = made["spec"].get("rounds", {}).get("tasks", [""])
    graph = watched(watching.states(cluster, namespace, name, _LONGEST), repeated[0], seen.append)
    if why := watching.problem(graph):
        raise TestbedError(f"The graph {name} has not succeeded: {why}")
    return Ran(made, graph, workspace / graph["metadata"]["uid"], seen)


def watched(states: Iterable[Object], task: str, tell: Callable[[SeenRound], None]) -> Object:
    """The last state of a graph; `tell` hears of each of its rounds, and of this task's shards in it."""
    last: Object = {}
    for state, over in rounds.seen(states, task):
        last = state
        if over is not None:
            tell(over)
    return last
