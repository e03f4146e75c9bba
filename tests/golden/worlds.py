"""Graphs that are submitted to a virtual cluster, drawn as plain data."""

from __future__ import annotations

from typing import Any

from tests.golden.lots import Lots

Plain = dict[str, Any]
NODE_CLASSES = ("slow", "fast")


def world(name: str, graphs: int, nodes: int = 4, **more: Any) -> Plain:
    """Nodes of two classes, every second one with GPUs, and graphs that come within some minutes.

    `more`: `data` bytes between tasks, `deadlines`, `again` the first graph comes back, `auto` tasks that may be divided.
    """
    lots = Lots("world", name, more.get("seed", 0))
    first = _graph(lots, more)
    made = [first if more.get("again") else _graph(lots, more) for _ in range(graphs)]
    submissions = [
        {
            "name": f"g{number}",
            "tasks": tasks,
            "at": number * more["every"] if "every" in more else float(lots.among((0, 0, 1, 20, 45))),
            "priority": lots.among((0, 0, 0, 5)),
            "deadline": lots.among((None, 40.0, 90.0, 200.0)) if more.get("deadlines") else None,
        }
        for number, tasks in enumerate(made)
    ]
    return {"nodes": [_node(lots, number) for number in range(nodes)], "graphs": submissions}


def _node(lots: Lots, number: int) -> Plain:
    gpus = 2 * (number % 2)
    return {
        "name": f"n{number}",
        "cpu": 4 + 2 * (number // 2 % 2),
        "memory": 8,
        "pods": 20,
        "gpus": gpus,
        "model": "T4",
        "gpu_memory": 16,
        "class": NODE_CLASSES[number % 2],
        "cost": 1.0 + gpus + number / 100,  # no two alike: which of two cheapest answers is found is the solver's affair
        "labels": {},
        "taints": [],
        "ready": True,
        "cordoned": False,
    }


def _graph(lots: Lots, more: Plain) -> list[Plain]:
    tasks: list[Plain] = []
    for number in range(lots.among((1, 2, 3, 4))):
        above = lots.some([task["name"] for task in tasks], lots.among((0, 1, 1, 2)))
        duration = float(lots.among((2, 7, 20, 60)))
        tasks.append(
            {
                "name": f"t{number}",
                "parents": sorted(above),
                "data": [float(lots.among((0, 40, 200))) for _ in above] if more.get("data") else None,
                "shards": lots.among((1, 1, 2, 3)),
                "duration": duration,
                "class": lots.among(("small", "small", "large", "gpu", "half")),
                "retries": lots.among((0, 1, 3)),
                "splitting": [8 * duration, 2.0, 0.05] if more.get("auto") and lots.chance(0.6) else None,
            }
        )
    return tasks
