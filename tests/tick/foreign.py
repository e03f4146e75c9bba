"""Pods that are no graph's and wait at Bayplan's gate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.tick.api.kinds import POD
from tests.tick.api.store import Object
from tests.tick.machinery.pods import node_of
from tests.tick.seen import NAMESPACE, find
from tests.tick.world import World

GATE = "bayplan.dev/placement"
PLACED = "bayplan.dev/Placed"


def gated(
    world: World,
    name: str,
    cpu: str = "1",
    labels: Object | None = None,
    gates: Sequence[str] = (GATE,),
    owner: Object | None = None,
    **spec: Any,
) -> Object:
    """A bare pod, which runs for ever; `labels`: of `bayplan.dev/`."""
    return world.store.create(
        POD,
        NAMESPACE,
        {
            "metadata": {
                "name": name,
                "labels": {f"bayplan.dev/{label}": value for label, value in (labels or {}).items()},
                "ownerReferences": [] if owner is None else [owner],
            },
            "spec": {
                "schedulingGates": [{"name": each} for each in gates],
                "containers": [{"name": "c", "image": "none", "resources": {"requests": {"cpu": cpu}}}],
                "restartPolicy": "Never",
                **spec,
            },
        },
    )


def pod(world: World, name: str) -> Object:
    """As it is now."""
    return world.store.get(POD, NAMESPACE, name)


def bound(world: World, name: str) -> str:
    """The node that a pod is bound to, once it is."""
    return world.until(lambda: node_of(pod(world, name)), f"pod {name} is bound")


def said(world: World, name: str) -> Object:
    """The condition of a pod; empty: it has none."""
    return find(pod(world, name)["status"], PLACED) or {}


def waits(world: World, name: str, reason: str) -> str:
    """What a pod is told, once it is told that for this reason."""
    found = world.until(lambda: said(world, name).get("reason") == reason and said(world, name), f"{name} waits for {reason}")
    assert found["status"] == "False"
    message: str = found["message"]
    return message


def end(world: World, name: str) -> None:
    """It has succeeded."""
    world.patch(POD, name, {"status": {"phase": "Succeeded"}}, "status")
