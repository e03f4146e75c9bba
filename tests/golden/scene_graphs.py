"""Graphs that are planned, and the batches in which their units become ready, as plain data."""

from __future__ import annotations

from typing import Any

from tests.golden.lots import Lots

Plain = dict[str, Any]
SPEEDS = {"slow": 0.5, "fast": 2.0}
BANDWIDTH = 10.0


def planned_batches(lots: Lots, deadlines: bool, now: float) -> Plain:
    """Two graphs; in each batch the units of one more level ask for a place, and those that wait ask again."""
    graphs = {name: _graph(lots, deadlines, now) for name in ("g", "h")}
    batches = []
    for level in range(3):
        requests = [
            {"graph": name, "task": task["name"], "shard": shard}
            for name, graph in graphs.items()
            for task in graph["tasks"]
            if task["level"] == level
            for shard in range(task["shards"])
        ]
        batches.append({"now": now + 35.0 * level, "seed": level, "requests": requests, "leaves": [f"o{level}"]})
    batches.append({"now": now + 600.0, "seed": 3, "requests": [], "leaves": []})
    return {"graphs": graphs, "batches": batches}


def _graph(lots: Lots, deadlines: bool, now: float) -> Plain:
    tasks: list[Plain] = []
    for level in range(3):
        above = [task["name"] for task in tasks if task["level"] == level - 1]
        for number in range(lots.whole(1, 3)):
            parents = sorted(lots.some(above, lots.whole(1, 2))) if above else []
            tasks.append(
                {
                    "name": f"l{level}t{number}",
                    "level": level,
                    "parents": parents,
                    "data": [float(lots.among((0, 0, 50, 400))) for _ in parents],
                    "shards": lots.among((1, 1, 2, 3)),
                    "duration": float(lots.among((10, 30, 90))),
                    "class": lots.whole(0, 3),
                }
            )
    deadline = now + lots.among((100.0, 300.0)) if deadlines else None
    return {"tasks": tasks, "deadline": deadline, "priority": lots.among((0, 0, 5)), "arrival": now - lots.whole(0, 9)}
