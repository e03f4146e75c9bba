"""A graph while it runs: no state of it that lasts is missed, as with looking at it now and then."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import IO

from ..cluster import Cluster
from ..errors import TestbedError
from .manifests import Object
from .status import condition

_AGAIN = 0.5
"""Seconds until a watch that has ended begins again."""


def ended(graph: Object) -> bool:
    """Whether nothing more will happen to a graph."""
    status = graph.get("status", {})
    return bool(condition(status, "Complete") or condition(status, "Failed")) or status.get("summary") == "Invalid"


def problem(graph: Object) -> str:
    """Why a graph that has ended did not succeed; empty: it did."""
    status = graph.get("status", {})
    if condition(status, "Complete"):
        return ""
    told = condition(status, "Failed") or next(iter(status.get("conditions", ())), {})
    return str(told.get("message", "its status does not say why"))


def states(cluster: Cluster, namespace: str, graph: str, seconds: float) -> Iterator[Object]:
    """The graph after each change, until it has ended. Raises TestbedError if it has not within `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        arguments = ("get", "taskgraph", graph, "--namespace", namespace, "--watch", "--output=json")
        with cluster.kubectl_stream(*arguments) as process:
            limit = threading.Timer(deadline - time.monotonic(), process.kill)
            limit.start()
            try:
                assert process.stdout is not None
                for found in _objects(process.stdout):
                    yield found
                    if ended(found):
                        return
            finally:
                limit.cancel()
        time.sleep(_AGAIN)
    raise TestbedError(f"The graph {graph} is not over after {seconds:.0f} s.")


def _objects(lines: IO[str]) -> Iterator[Object]:
    """Objects that are written one after the other, each over several lines."""
    text = ""
    for line in lines:
        text += line
        if line.rstrip() == "}":
            yield json.loads(text)
            text = ""
