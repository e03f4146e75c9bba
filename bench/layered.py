"""The graph of the end-to-end benchmark: layers of tasks, each with random parents in the layer before."""

import random
from dataclasses import dataclass
from typing import Any

SECONDS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Shape:
    """`layers` x `width` tasks; each has `parents` parents in the layer before and runs 1 to 5 s."""

    layers: int = 20
    width: int = 50
    parents: int = 3
    seed: int = 42


@dataclass(frozen=True)
class Layered:
    """Per task, its seconds and the names of its parents."""

    seconds: dict[str, int]
    parents: dict[str, list[str]]

    @classmethod
    def draw(cls, shape: Shape) -> "Layered":
        """The graph of a seed."""
        rng = random.Random(shape.seed)
        seconds, parents = {}, {}
        for layer in range(shape.layers):
            for place in range(shape.width):
                name = f"l{layer:03d}-t{place:02d}"
                seconds[name] = rng.choice(SECONDS)
                above = rng.sample(range(shape.width), min(shape.parents, shape.width)) if layer else []
                parents[name] = [f"l{layer - 1:03d}-t{number:02d}" for number in sorted(above)]
        return cls(seconds, parents)

    def critical_path(self) -> float:
        """Seconds of the longest chain."""
        ends: dict[str, float] = {}
        for name, seconds in self.seconds.items():
            ends[name] = seconds + max((ends[parent] for parent in self.parents[name]), default=0.0)
        return max(ends.values())

    def manifest(self, name: str) -> dict[str, Any]:
        """The TaskGraph, with one template per duration."""
        container = {"image": "none", "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}
        return {
            "apiVersion": "bayplan.dev/v1alpha1",
            "kind": "TaskGraph",
            "metadata": {"name": name},
            "spec": {
                "template": {"spec": {"containers": [container]}},
                "templates": [
                    {"name": f"s{s}", "template": {"metadata": {"annotations": {"sim.bayplan.dev/seconds": str(s)}}}}
                    for s in SECONDS
                ],
                "tasks": [
                    {
                        "name": task,
                        "templateName": f"s{seconds}",
                        **({"dependsOn": [{"task": p} for p in self.parents[task]]} if self.parents[task] else {}),
                    }
                    for task, seconds in self.seconds.items()
                ],
            },
        }
