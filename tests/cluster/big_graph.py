"""A graph as large as the API allows, for measurements."""

from __future__ import annotations

from typing import Any

LAYERS, WIDTH = 200, 25


def big_graph(name: str, tasks: int = LAYERS * WIDTH) -> dict[str, Any]:
    """`tasks` tasks in layers of 25; each waits for three of the layer before and uses one named template."""
    return {
        "apiVersion": "bayplan.dev/v1alpha1",
        "kind": "TaskGraph",
        "metadata": {"name": name},
        "spec": {
            "templates": [
                {
                    "name": "worker",
                    "template": {
                        "metadata": {"labels": {"team": "vision"}},
                        "spec": {
                            "containers": [
                                {
                                    "image": "busybox:1.36",
                                    "resources": {"requests": {"cpu": "1", "memory": "1Gi"}},
                                }
                            ]
                        },
                    },
                }
            ],
            "tasks": [_task(position) for position in range(tasks)],
        },
    }


def _task(position: int) -> dict[str, Any]:
    layer, place = divmod(position, WIDTH)
    task: dict[str, Any] = {"name": _name(position), "templateName": "worker"}
    if layer:
        task["dependsOn"] = [{"task": _name((layer - 1) * WIDTH + (place + step) % WIDTH)} for step in range(3)]
    return task


def status_lines(tasks: int = LAYERS * WIDTH) -> list[str]:
    """Lines of the length that the operator writes: 45 characters."""
    return [f"{_name(position)} Running 1/1 0 node-0000 1700000000".ljust(45) for position in range(tasks)]


def _name(position: int) -> str:
    layer, place = divmod(position, WIDTH)
    return f"l{layer:03d}-t{place:02d}"
