"""What the driver reads of a manifest: tasks in their order, the program and the variables of each, the settings of fusions."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_OUTPUT = re.compile(r"\$\(tasks\.([a-z0-9-]+)\.outputs\.(\w+)\)")
_PROGRAM = re.compile(r"examples\.collaboration\.\w+")


@dataclass(frozen=True, slots=True)
class GraphTask:
    """One task of a graph, as its manifest has it."""

    spec: Mapping[str, Any]
    common: Mapping[str, Any]
    """`spec.template`, which lies below the task's own."""

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.spec["name"])

    @property
    def shards(self) -> int:
        """How many."""
        return int(self.spec.get("shards", 1))

    @property
    def needs(self) -> list[str]:
        """The tasks that it depends on."""
        return [each["task"] for each in self.spec.get("dependsOn", ())]

    @property
    def is_gang(self) -> bool:
        """Its shards start together, and succeed as one."""
        return "gang" in self.spec

    def container(self, candidate: str | None) -> dict[str, Any]:
        """The only container: the task's fields on top of the common ones, and a candidate's on top of these."""
        chosen: Mapping[str, Any] = next((each for each in self.spec.get("candidates", ()) if each["name"] == candidate), {})
        layers = [
            *_containers(self.common),
            *_containers(self.spec.get("template", {})),
            *_containers(chosen.get("template", {})),
        ]
        variables = {each["name"]: each["value"] for layer in layers for each in layer.get("env", ())}
        found = {key: value for layer in layers for key, value in layer.items()}
        for own in (self.spec, chosen):
            found |= {key: own[key] for key in ("command", "args") if key in own}
        return found | {"env": variables}

    def program(self, candidate: str | None) -> str:
        """The module that its pods run."""
        container = self.container(candidate)
        words = " ".join([*container.get("command", ()), *container.get("args", ())])
        found = _PROGRAM.search(words)
        if found is None:
            raise SystemExit(f'{self.name}: "{words}" is no program of these examples')
        return found[0]

    def fusion(self) -> dict[str, Any] | None:
        """The settings of a `fuse` task, without weights, as `BAYPLAN_FUSE` has them."""
        fuse = self.spec.get("fuse")
        if fuse is None:
            return None
        source = fuse.get("from", "weights.npz")
        parameters = {each["name"]: each["value"] for each in fuse.get("parameters", ())}
        return {"method": fuse["method"], "from": source, "to": fuse.get("to", source), "parameters": parameters, "seed": None}


@dataclass(frozen=True, slots=True)
class Graph:
    """A manifest's tasks, and the rounds."""

    name: str
    tasks: Mapping[str, GraphTask]
    rounds: Mapping[str, Any]

    @property
    def repeated(self) -> list[GraphTask]:
        """The tasks of the rounds, each after those that it needs."""
        return list(ordered([self.tasks[name] for name in self.rounds.get("tasks", ())]))

    def in_order(self) -> Iterator[GraphTask | None]:
        """All tasks, each after those that it needs; None stands for all rounds together."""
        inside = {each.name for each in self.repeated}
        done: set[str] = set()
        waiting = [name for name in self.tasks if name not in inside]
        rounds_wait = bool(inside)
        while waiting or rounds_wait:
            for name in list(waiting):
                if done.issuperset(self.tasks[name].needs):
                    waiting.remove(name)
                    done.add(name)
                    yield self.tasks[name]
            if rounds_wait and all(done.issuperset(set(each.needs) - inside) for each in self.repeated):
                rounds_wait = False
                done |= inside
                yield None


def read(path: Path) -> Graph:
    """The only graph of a file."""
    manifest = yaml.safe_load(path.read_text(encoding="utf-8"))
    spec = manifest["spec"]
    tasks = {each["name"]: GraphTask(each, spec.get("template", {})) for each in spec["tasks"]}
    return Graph(manifest["metadata"]["name"], tasks, spec.get("rounds", {}))


def ordered(tasks: Sequence[GraphTask]) -> Iterator[GraphTask]:
    """Each after those that it needs, of these."""
    names = {each.name for each in tasks}
    done: set[str] = set()
    while len(done) < len(tasks):
        for task in tasks:
            if task.name not in done and done.issuperset(names.intersection(task.needs)):
                done.add(task.name)
                yield task


def filled(text: str, outputs: Mapping[str, Mapping[str, Any]]) -> str:
    """With the results of tasks in the place of `$(tasks.NAME.outputs.KEY)`."""
    return _OUTPUT.sub(lambda found: str(outputs[found[1]][found[2]]), text)


def _containers(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(template.get("spec", {}).get("containers", ()))
