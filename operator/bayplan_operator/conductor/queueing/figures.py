"""What waits in each queue, added up from the graphs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bayplan.model.reasons import Reason
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running

_NO_AMOUNTS: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class WaitingFigures:
    """Of one graph that is not over, or of one foreign pod that waits."""

    queue: str
    pending: int = 0
    """Shards that wait and could start."""
    smallest: Mapping[str, int] = field(default_factory=dict)
    """Per resource, the least that a shard or a gang that waits asks of it, where it asks any."""
    elsewhere: frozenset[str] = frozenset()
    """Resources of which a shard that waits asks, and waits for another reason than a quota."""
    graphs: int = 1
    pods: int = 0
    """Pods that are no graph's, and wait."""


def figures_of(graph: GraphRun) -> WaitingFigures | None:
    """`None`: it has no queue yet, or it is over. O(shards that wait)."""
    prepared, running = graph.known.prepared, graph.running
    if prepared is None or graph.decided.ended or graph.known.deleting:
        return None
    name = prepared.spec.queue_name
    if running is None or not graph.startable:
        return WaitingFigures(name)
    least: dict[str, int] = {}
    elsewhere: set[str] = set()
    for task, members, quota in _waiting(running):
        resources = running.prepared.templates[task].request_class.resources
        asked = {resource: members * amount for resource, amount in resources if amount}
        for resource, amount in asked.items():
            least[resource] = min(amount, least.get(resource, amount))
        if not quota:
            elsewhere.update(asked)
    return WaitingFigures(name, len(running.wants.start), least, frozenset(elsewhere))


def _waiting(running: Running) -> set[tuple[int, int, bool]]:
    """The tasks of which a shard waits, how many have to start together, and whether it waits for a quota."""
    tasks, said, flow = running.prepared.graph.unit_task, running.asking.waiting, running.prepared.relations.flow
    wanted = set(running.wants.start)
    found = set()
    for unit in running.wants.start:
        gang = None if flow is None or not flow.together(unit) else flow.gangs[flow.gang_of[unit]]
        # Of stages, each is looked at for itself: what the smallest of them asks is asked at least.
        alike = 0 if gang is None else sum(each in wanted and tasks[each] == tasks[unit] for each in gang.units)
        members = 1 if gang is None else max(1, alike - (len(gang.units) - gang.minimum))
        quota = unit in said and said[unit].reason is Reason.QUOTA_EXCEEDED
        found.add((int(tasks[unit]), members, quota))
    return found


@dataclass(slots=True)
class QueueSums:
    """Of one queue."""

    graphs: int = 0
    """Graphs that name it and are not over."""
    pods: int = 0
    """Pods that are no graph's, name it, and wait."""
    pending: int = 0
    smallest: dict[str, int] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)


def added_up(all_figures: Iterable[WaitingFigures]) -> dict[str, QueueSums]:
    """By queue. O(graphs)."""
    found: dict[str, QueueSums] = {}
    for each in all_figures:
        sums = found.setdefault(each.queue, QueueSums())
        sums.graphs += each.graphs
        sums.pods += each.pods
        sums.pending += each.pending
        for resource, amount in each.smallest.items():
            sums.smallest[resource] = min(amount, sums.smallest.get(resource, amount))
        sums.elsewhere |= each.elsewhere
    return found
