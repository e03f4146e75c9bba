"""The workspace: a volume of the template, in which each attempt has a folder of its own.

A folder is MOUNT/GRAPH-UID/TASK/ROUND/SHARD/ATTEMPT. The tasks after are told the folders of the attempts whose success counts,
so nothing is renamed, and no task ever sees what an attempt left half done.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from bayplan.model.graph import Graph
from bayplan_operator.translate.flow.errors import FlowError

VOLUME = "workspace"
_LONGEST = 100_000
"""Bytes of an environment variable: Linux allows 131,072."""
_PER_TASK, _PER_SHARD = 100, 6


def mounted(container: Mapping[str, Any]) -> str:
    """Where a container has the workspace; empty: it has none."""
    for mount in container.get("volumeMounts") or ():
        if isinstance(mount, Mapping) and mount.get("name") == VOLUME and isinstance(mount.get("mountPath"), str):
            return str(mount["mountPath"])
    return ""


def folder(mount: str, graph_uid: str, *parts: object) -> str:
    """Below the graph's own."""
    return str(PurePosixPath(mount, graph_uid, *map(str, parts)))


def check_inputs(where: str, graph: Graph, task: int) -> None:
    """That what a task is told of those before it fits into an environment variable. Raises `FlowError`."""
    before = graph.parents.of(task).tolist()
    size = sum(_PER_TASK + _PER_SHARD * graph.tasks[parent].shards for parent in before)
    if size > _LONGEST:
        shards = sum(graph.tasks[parent].shards for parent in before)
        raise FlowError(
            f"{where} has the workspace and {shards} shards of {len(before)} tasks before it: their folders do not fit into an "
            "environment variable; put a task between that gathers some of them"
        )
