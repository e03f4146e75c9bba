"""Clusters and batches of requests, drawn as plain data: what the presets are asked about.

Nothing here imports the library, and the draws are this package's own, so that the questions stay the same whatever moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.golden.lots import Lots
from tests.golden.scene_graphs import planned_batches
from tests.golden.scene_load import readings

Plain = dict[str, Any]
NOW = 1_700_000_000.0
NODES = 6
REQUESTS = (6, 1, 6)
"""In each batch of a scene."""
MODELS = ("T4", "A100")
NODE_CLASSES = ("slow", "fast")
_LABELS = {"pool": ("a", "b"), "zone": ("1", "2", "10")}
_TAINTS = (("team", "x", "NoSchedule"), ("spot", "", "NoExecute"), ("old", "", "PreferNoSchedule"))
_PARTS = (100, 300, 500, 600)


@dataclass(frozen=True)
class Features:
    """What there is in a scene beside plain nodes and requests."""

    constraints: bool = False
    gpus: bool = False
    gangs: bool = False
    deadlines: bool = False
    load: bool = False
    hot: bool = False
    learned: bool = False
    planned: bool = False
    alike: bool = False
    """All requests ask for the same."""
    level: bool = False
    """All have one priority and one critical path."""
    tight: bool = False
    """Not all get a place, so that it matters who does."""
    seed: int = 0
    patience: int = 40
    """The time box says that time is up after so many questions."""


SCENES = {
    "alike": Features(alike=True, level=True, tight=True),
    "level": Features(level=True, gpus=True, tight=True, seed=32),
    "shortage": Features(tight=True, patience=150, seed=8),
    "constraints": Features(constraints=True),
    "gpus-shortage": Features(gpus=True, tight=True, deadlines=True, patience=150, seed=6),
    "gangs": Features(gangs=True, gpus=True, seed=3),
    "deadlines": Features(deadlines=True, tight=True),
    "hot": Features(load=True, hot=True, seed=8),
    "learned": Features(learned=True, deadlines=True),
    "plans": Features(planned=True, seed=2),
    "plans-deadlines": Features(planned=True, deadlines=True, learned=True, seed=9),
    "everything": Features(constraints=True, gpus=True, gangs=True, deadlines=True, load=True, learned=True, seed=6),
}


def scene(name: str) -> Plain:
    """Everything about it, in JSON's terms."""
    features, lots = SCENES[name], Lots("scene", name, SCENES[name].seed)
    nodes = _nodes(lots, features)
    classes = [_class(lots, features) for _ in range(1 if features.alike else 4)]
    made: Plain = {"nodes": nodes, "classes": classes, "occupants": _occupants(lots, nodes), "patience": features.patience}
    if features.planned:
        made |= planned_batches(lots, features.deadlines, NOW)
    else:
        made["batches"] = [_batch(lots, features, number, len(classes)) for number in range(len(REQUESTS))]
    if features.constraints:
        for batch in made["batches"]:
            refusing = lots.some([node["name"] for node in nodes], 2)
            batch["rejected"] = {str(lots.whole(0, len(classes) - 1)): sorted(refusing)}
    if features.load:
        for number, batch in enumerate(made["batches"]):
            batch["reading"] = readings(lots, nodes, batch["now"], stale=number == 2)
    made["hot"] = {"cpu": 0.7, "nvidia.com/gpu": 0.9} if features.hot else {}
    made["learned"] = _learned(lots, nodes) if features.learned else None
    return made


def _nodes(lots: Lots, features: Features) -> list[Plain]:
    """Of three kinds, several alike, in an order that is not that of their names."""
    kinds = [_node(lots, features, place) for place in range(3)]
    nodes = []
    for place, name in enumerate(lots.some([f"n{number}" for number in range(NODES)], NODES)):
        node = dict(kinds[place] if place < 3 else lots.among(kinds), name=name)
        node["cost"] += place / 100  # no two alike: which of two cheapest answers is found is the solver's affair
        if features.constraints:
            node["labels"] = {key: lots.among(values) for key, values in _LABELS.items() if lots.chance(0.8)}
            node["taints"] = [list(each) for each in _TAINTS if lots.chance(0.25)]
            node["ready"], node["cordoned"] = lots.chance(0.9), lots.chance(0.1)
        nodes.append(node)
    return nodes


def _node(lots: Lots, features: Features, place: int) -> Plain:
    return {
        "cpu": lots.among((4, 5, 6, 8)),
        "memory": lots.among((8, 12, 16)),
        "pods": lots.among((4, 6, 110)),
        "gpus": (lots.among((2, 4)), lots.among((1, 2)), 0)[place] if features.gpus else 0,
        "model": MODELS[place % 2],
        "gpu_memory": lots.among((16, 40)),
        "class": lots.among(NODE_CLASSES),
        "cost": lots.among((0.0, 0.5, 1.0, 3.0)),
        "labels": {},
        "taints": [],
        "ready": True,
        "cordoned": False,
    }


def _occupants(lots: Lots, nodes: list[Plain]) -> list[Plain]:
    """What runs there before."""
    found = []
    for number in range(5):
        node = nodes[number]
        part = lots.among((0, *_PARTS, 1000)) if node["gpus"] else 0
        found.append({"key": f"o{number}", "node": node["name"], "cpu": lots.whole(1, 2), "memory": 1, "part": part})
    return found


def _class(lots: Lots, features: Features) -> Plain:
    made: Plain = {"cpu": lots.whole(2, 4) if features.tight else lots.whole(1, 3), "memory": lots.whole(0, 6), "gpus": None}
    if features.gpus and (features.alike or lots.chance(0.8)):
        count = lots.among((1, 1, 1, 2))
        part = lots.among((*_PARTS, 1000)) if count == 1 else 1000
        models = lots.among(((), (), ("T4",), MODELS))
        made["gpus"] = {"count": count, "part": part, "models": list(models), "memory": lots.among((0, 0, 20))}
    if features.constraints:
        made["selector"] = {"pool": lots.among(_LABELS["pool"])} if lots.chance(0.3) else {}
        made["required"] = [_term(lots)] if lots.chance(0.25) else []
        made["preferred"] = [[lots.whole(1, 100), _term(lots)] for _ in range(lots.whole(0, 2))]
        made["tolerations"] = [[key, "Exists", "", ""] for key, _, _ in _TAINTS if lots.chance(0.5)]
    return made


def _term(lots: Lots) -> list[list[Any]]:
    """One condition: key, operator, values."""
    key = lots.among(tuple(_LABELS))
    operator = lots.among(("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"))
    if operator in ("Gt", "Lt"):
        return [["zone", operator, ["2"]]]
    return [[key, operator, [lots.among(_LABELS[key])] if operator in ("In", "NotIn") else []]]


def _batch(lots: Lots, features: Features, number: int, classes: int) -> Plain:
    now = NOW + 40.0 * number
    requests = [_request(lots, features, f"b{number}r{place}", classes, now) for place in range(REQUESTS[number])]
    leaves = [f"o{number}"] + ([f"b0r{lots.whole(0, REQUESTS[0] - 1)}"] if number else [])
    return {"now": now, "seed": lots.whole(0, 9), "requests": requests, "leaves": leaves}


def _request(lots: Lots, features: Features, name: str, classes: int, now: float) -> Plain:
    made: Plain = {
        "id": name,
        "class": lots.whole(0, classes - 1),
        "priority": 0 if features.level else lots.among((-1, 0, 0, 5)),
        "chain": 30.0 if features.level else float(lots.among((10, 30, 30, 90))),
        "arrival": now - lots.among((0, 5, 60)),
        "task": f"g/t{lots.whole(0, 3)}",
        "duration": float(lots.among((0, 10, 600, 5000))),
        "gang": None,
        "deadline": None,
    }
    if features.gangs and lots.chance(0.6):
        made["gang"] = lots.among(("g", "h"))
    if features.deadlines and lots.chance(0.7):
        made["deadline"] = now + lots.among((-20.0, 15.0, 100.0, 700.0))
    return made


def _learned(lots: Lots, nodes: list[Plain]) -> Plain:
    """Runs of tasks, what they achieved, and what nodes did."""
    tasks = [f"g/t{number}" for number in range(3)]
    runs = [[lots.among(tasks), lots.among(NODE_CLASSES), lots.real(5, 300), NOW - 1000 + n] for n in range(12)]
    values = [[task, kind, lots.real(1, 9)] for task in tasks for kind in NODE_CLASSES if lots.chance(0.8)]
    seen = [[kind, lots.real(2000, 9000), lots.whole(0, 6)] for kind in NODE_CLASSES]
    doing = {node["name"]: lots.among(("busy", "hot", "idle")) for node in nodes}
    return {"runs": runs, "efficiency": values, "capability": {"fast": 1.5}, "failures": seen, "doing": doing}
