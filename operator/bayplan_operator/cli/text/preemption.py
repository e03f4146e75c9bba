"""Who would be evicted, as text."""

from collections.abc import Iterator

from bayplan_operator.cli.text.table import Screen, table
from bayplan_operator.views import units
from bayplan_operator.views.model.preemption import EvictedUnit, PlannedStart, PreemptionPlan, Weighed

_MOST_SHARDS = 8


def plan(found: PreemptionPlan, screen: Screen) -> str:
    """A part for each that would start or wait; nothing is done by it."""
    if not found.starts:
        return "nothing of the graphs could start now"
    parts = ["\n".join(_start(each, screen)) for each in found.starts]
    return "\n\n".join(parts)


def _start(each: PlannedStart, screen: Screen) -> Iterator[str]:
    what = screen.paint(f"{each.graph}: task {each.task}{_shards(each)}", "bold")
    nodes = ", ".join(dict.fromkeys(each.nodes))
    if each.verdict == "Starts":
        yield f"{what} starts on {nodes}, and nothing is evicted"
        return
    if each.verdict == "Waits":
        yield f"{what} waits: {each.why}"
    else:
        pods = sum(len(unit.pods) for unit in each.evicts)
        yield f"{what} would start on {nodes}, once {units.count(pods, 'pod')} had been evicted for it:"
        yield from table(
            ["POD", "GRAPH", "TASK", "NODE", "QUEUE", "PRIORITY", "WORK", "RESTART", "LOSS", "EVICTED", "GRACE"],
            [row for unit in each.evicts for row in _rows(unit)],
            screen,
        )
        yield from dict.fromkeys(f"{unit.pods[0].graph}: {unit.why}" for unit in each.evicts)
    if each.weighed is not None:
        yield _weighed(each.weighed)


def _rows(unit: EvictedUnit) -> Iterator[list[str]]:
    work = "unknown" if unit.work is None else units.seconds(unit.work)
    for number, pod in enumerate(unit.pods):
        together = [work, units.seconds(unit.restart), f"{unit.loss:.2f}", str(unit.evictions)] if number == 0 else [""] * 4
        name, graph = f"{pod.namespace}/{pod.pod}", pod.graph
        task = f"{pod.task}/{pod.shard}"
        yield [name, graph, task, pod.node, pod.queue, str(unit.priority), *together, units.seconds(pod.grace)]


def _weighed(found: Weighed) -> str:
    lost = f"evicting loses {found.evicting:.2f} (seconds times the part of the cluster that they hold)"
    if found.ends is None or found.waiting is None:
        return f"Weighed: {lost}; when they would end by themselves is not known, so waiting has no bound"
    return f"Weighed: {lost}; waiting {units.seconds(found.ends)} until they end by themselves costs {found.waiting:.2f}"


def _shards(each: PlannedStart) -> str:
    if len(each.shards) == 1:
        return f" (shard {each.shards[0]})" if each.shards[0] else ""
    named = ", ".join(map(str, each.shards[:_MOST_SHARDS])) + (", ..." if len(each.shards) > _MOST_SHARDS else "")
    return f" (shards {named})"
