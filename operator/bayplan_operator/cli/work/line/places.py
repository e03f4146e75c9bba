"""What `bayplan plan` says of the line of a cluster."""

import msgspec

from bayplan_operator.cli.cluster.situation import Situation
from bayplan_operator.cli.work.cluster_copy.copy import Copy
from bayplan_operator.cli.work.line.standing import places_of_mine
from bayplan_operator.views.graphs import line
from bayplan_operator.views.model.line import LineView

Places = dict[str, LineView]
"""By namespace and name of a graph, such as `team/train`."""


def places(there: Situation, copy: Copy, now: float) -> tuple[Places, list[str]]:
    """Of the TaskGraphs of the files; also what could not be looked at, one sentence each. `now`: seconds since the epoch."""
    if there.queues is None or there.graphs is None:
        return {}, ["you may not list the Queues or the TaskGraphs of the cluster: no place in the line is said"]
    found = {name: line.read(place.fields()) for name, place in places_of_mine(copy, now).items()}
    known = {name: each for name, each in found.items() if each is not None}
    if there.looked_in is not None:
        only = f"; of namespaces other than {there.looked_in} you may list no graphs"
        known = {name: msgspec.structs.replace(each, ahead=each.ahead + only) for name, each in known.items()}
    return known, [f"place in the line: {each}" for each in copy.left_out]
