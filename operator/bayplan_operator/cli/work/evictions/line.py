"""The places that graphs of files would take in the line of a cluster."""

from collections.abc import Hashable, Iterator
from dataclasses import replace

import numpy as np

from bayplan.admission.starts.expected import foretold
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan_operator.cli.work.evictions.copy import Copy
from bayplan_operator.conductor.placing.line_places import line_places
from bayplan_operator.conductor.placing.wishes import Wishes
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.line_place import LinePlace
from bayplan_operator.translate.share_record import read_shares

_SEED = 0


def places_of_mine(copy: Copy, now: float) -> dict[str, LinePlace]:
    """By namespace and name, such as `team/train`, if something of the graph could start and nothing stops it. As the operator
    says it of what waits, before anything is placed. `now`: seconds since the epoch."""
    decider = Decider(copy.cluster)
    for graph in copy.graphs.values():
        _expect(copy, graph)
        _date_back(graph, now)
    decider.update(Changes(queues=copy.queues.tree, shares=read_shares(copy.queues.statuses, now)))
    decider.update(Wishes(copy.laws.of).changes(copy.graphs.values()))
    # A decider makes its promises as it places; nothing is placed here, so that those on record hold.
    line = replace(decider.snapshot(now), promised=dict(_promised(copy)))
    found = dict(line_places(foretold(line, _SEED), copy.graphs))
    refs = {uid: copy.graphs[uid].ref for uid in copy.mine if uid in found}
    return {f"{ref.namespace}/{ref.name}": found[uid] for uid, ref in refs.items()}


def _promised(copy: Copy) -> Iterator[tuple[Hashable, float]]:
    """By the first request of a unit, the instant."""
    for uid, graph in copy.graphs.items():
        for unit, record in graph.running.asking.promised.items() if graph.running is not None else ():
            yield (uid, unit), record.at


def _expect(copy: Copy, graph: GraphRun) -> None:
    """Its pods run as long as was learned."""
    running = graph.running
    if running is not None:
        index = running.prepared.graph.index
        copy.pods.expect(graph.ref.uid, lambda task: copy.laws.of(running, index[task]) if task in index else None)


def _date_back(graph: GraphRun, now: float) -> None:
    """No status records since when a shard waits: since its graph was accepted, or the last shard before it ended."""
    running = graph.running
    if running is None or graph.decided.accepted_at is None:
        return
    library, run = running.prepared.graph, running.run
    since: dict[int, float] = {}
    """By task."""
    for unit in running.wants.start:
        if run.ready_at[unit] < now:
            continue  # of what was evicted it is recorded
        task = int(library.unit_task[unit])
        if task not in since:
            before = (library.index[name] for name in library.tasks[task].depends_on)
            ends = [run.finished[library.unit_start[each] : library.unit_start[each + 1]] for each in before]
            since[task] = max([graph.decided.accepted_at, *(float(np.nanmax(each, initial=0.0)) for each in ends)])
        run.ready_at[unit] = min(since[task], now)
