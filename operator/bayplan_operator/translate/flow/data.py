"""Where the data of a task may be."""

from bayplan.model.graph import Graph
from bayplan_operator.api.v1alpha1 import Task
from bayplan_operator.translate.flow.errors import FlowError


def check_data(number: int, task: Task, graph: Graph) -> None:
    """Raises `FlowError` where the rules are not one for each shard."""
    if task.data is None:
        return
    rules, shards = len(task.data.node_selector_per_shard), graph.tasks[number].shards
    if rules != shards:
        raise FlowError(
            f'spec.tasks[{number}] ("{task.name}") has {rules} items in data.nodeSelectorPerShard and {shards} '
            f"shard{'s' if shards > 1 else ''}: write one item for each shard"
        )


def selector_of(task: Task, shard: int) -> dict[str, str]:
    """The labels that the node of a shard must have, beside what its template says."""
    return {} if task.data is None else task.data.node_selector_per_shard[shard]
