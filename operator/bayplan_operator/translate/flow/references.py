"""`$(tasks.NAME.outputs.KEY)` in arguments and environment variables: finding it, and putting the value in its place."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bayplan.model.graph import Graph
from bayplan.model.spelling import unknown
from bayplan_operator.translate.flow.ancestors import Ancestors
from bayplan_operator.translate.flow.errors import FlowError

_REFERENCE = re.compile(r"\$\(tasks\.([^)]*)\)")
_PARTS = re.compile(r"([a-z0-9][-a-z0-9]*)\.outputs\.([A-Za-z][-A-Za-z0-9_.]*)\Z", re.ASCII)
FORM = "$(tasks.NAME.outputs.KEY)"


@dataclass(frozen=True, slots=True)
class OutputRef:
    """A result of a task that is spoken of."""

    task: str
    key: str

    def __str__(self) -> str:
        return f"tasks.{self.task}.outputs.{self.key}"


def references(spec: Mapping[str, Any]) -> list[OutputRef]:
    """Of a pod spec, each once, in their order. Raises `FlowError` for what only looks like one."""
    found: dict[OutputRef, None] = {}
    for text in _texts(spec):
        for match in _REFERENCE.finditer(text):
            parts = _PARTS.match(match[1])
            if parts is None:
                raise FlowError(f"{match[0]} is no reference to a result: write {FORM}, such as $(tasks.evaluate.outputs.lr)")
            found[OutputRef(parts[1], parts[2])] = None
    return list(found)


def check(where: str, found: list[OutputRef], graph: Graph, ancestors: Ancestors, task: int) -> None:
    """That each speaks of a task that comes before. Raises `FlowError`."""
    for each in found:
        number = graph.index.get(each.task)
        if number is None:
            raise FlowError(unknown(f"{where}: the task of $({each})", each.task, graph.index))
        if not ancestors.is_before(number, task):
            raise FlowError(
                f"{where} speaks of $({each}), and {each.task} need not have run by then: put it, or a task that follows it, "
                "into dependsOn"
            )
        if graph.tasks[number].shards > 1:
            raise FlowError(
                f"{where} speaks of $({each}), and {each.task} has {graph.tasks[number].shards} shards: only a result of a "
                "task with one shard can stand there"
            )


def put_in(spec: Mapping[str, Any], value: Callable[[OutputRef], str]) -> dict[str, Any]:
    """The pod spec with each reference replaced by its value. Shares with the argument what has none."""

    def replaced(text: str) -> str:
        return _REFERENCE.sub(_one, text)

    def _one(match: re.Match[str]) -> str:
        parts = _PARTS.match(match[1])
        return match[0] if parts is None else value(OutputRef(parts[1], parts[2]))

    after = dict(spec)
    for field in ("initContainers", "containers"):
        if spec.get(field):
            after[field] = [_with_texts(container, replaced) for container in spec[field]]
    return after


def _texts(spec: Mapping[str, Any]) -> Iterator[str]:
    for field in ("initContainers", "containers"):
        for container in spec.get(field) or ():
            yield from (
                each for each in (*(container.get("command") or ()), *(container.get("args") or ())) if isinstance(each, str)
            )
            for variable in container.get("env") or ():
                if isinstance(variable.get("value"), str):
                    yield variable["value"]


def _with_texts(container: Mapping[str, Any], replaced: Callable[[str], str]) -> dict[str, Any]:
    after = dict(container)
    for field in ("command", "args"):
        if container.get(field):
            after[field] = [replaced(each) if isinstance(each, str) else each for each in container[field]]
    if container.get("env"):
        after["env"] = [
            {**each, "value": replaced(each["value"])} if isinstance(each.get("value"), str) else each
            for each in container["env"]
        ]
    return after
