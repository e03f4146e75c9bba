"""What a simulation is told of the pods of a task that its template says."""

from collections.abc import Mapping
from typing import Any

from bayplan.knowledge.run_times.evidence import above_zero
from bayplan.model.neighbour import Neighbour
from bayplan_operator.translate.pod import GraphRef, Template, neighbour, one_for_all
from bayplan_operator.workflows.annotations import SECONDS
from bayplan_operator.workflows.documents import Document


def seconds(document: Document, where: str, metadata: Mapping[str, Any], expected: float) -> float:
    """That they really take: what simulated nodes go by; where that is not said, what is expected. Raises `InputError`.

    `where`: the task, or its candidate, such as `spec.tasks[2]`.
    """
    text = metadata.get("annotations", {}).get(SECONDS)
    if text is None:
        return expected
    try:
        return above_zero(SECONDS, float(text))
    except ValueError as error:
        place = f"{where}.template.metadata.annotations"
        raise document.fault(f'{place}.{SECONDS} is "{text}": it must be seconds above 0', place) from error


def own_neighbours(graph: GraphRef, template: Template, task: str, shards: int) -> dict[int, Neighbour]:
    """By shard, what its pod is for others and asks of them, where terms look at it; each attempt counts as the first."""
    if one_for_all(template):
        return {}
    return {shard: neighbour(graph, template, task, (shard, 1)) for shard in range(shards)}
