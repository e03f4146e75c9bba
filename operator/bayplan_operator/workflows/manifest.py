"""TaskGraphs made from other things."""

from dataclasses import dataclass
from typing import Any

from bayplan_operator import names

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    """A TaskGraph made of something else."""

    manifest: Manifest
    left_out: tuple[str, ...] = ()
    """What was not read, one sentence each."""


def task_graph(name: str, tasks: list[Manifest], **spec: Any) -> Manifest:
    """A manifest; its containers have an image, since every pod needs one."""
    template = {"spec": {"containers": [{"image": "none"}]}}
    return {
        "apiVersion": names.API_VERSION,
        "kind": names.TASK_GRAPH,
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"template": template, "tasks": tasks, **spec},
    }
