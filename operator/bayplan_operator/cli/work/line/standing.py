"""The places that graphs of files would take in the line of a cluster."""

from collections.abc import Hashable, Iterator
from dataclasses import replace

from bayplan.admission.starts.expected import foretold
from bayplan.core.decider import Decider
from bayplan_operator.cli.work.cluster_copy.copy import Copy
from bayplan_operator.conductor.placing.line_places import line_places
from bayplan_operator.conductor.placing.wishes import Wishes
from bayplan_operator.conductor.record.line_place import LinePlace

_SEED = 0


def places_of_mine(copy: Copy, now: float) -> dict[str, LinePlace]:
    """By namespace and name, such as `team/train`, if something of the graph could start and nothing stops it. As the operator
    says it of what waits, before anything is placed. `now`: seconds since the epoch."""
    decider = Decider(copy.cluster)
    copy.expect_runs()
    decider.update(copy.queueing())
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
