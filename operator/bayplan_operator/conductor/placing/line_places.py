"""From units of the line to the places of graphs."""

from collections.abc import Iterable, Iterator, Mapping

from bayplan.admission.starts.expected import Foretold
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.line_place import LinePlace, LinePoints, Start
from bayplan_operator.translate.line_places import places


def line_places(found: Iterable[Foretold], graphs: Mapping[str, GraphRun]) -> Iterator[tuple[str, LinePlace]]:
    """By UID, in line order: each graph by the first of its shards. `graphs`: by UID; units of others are passed over."""
    told = [(uid, each) for each in found if _runs(graphs.get(uid := str(each.unit.first.graph)))]
    of_units = places((uid, graphs[uid].ref.namespace) for uid, _ in told)
    for (uid, each), place in zip(told, of_units, strict=True):
        if place is None:
            continue
        points = LinePoints(each.unit.first.priority, each.unit.age, each.unit.share)
        start = Start(each.p50, each.p90, each.reserved, each.unknown)
        yield uid, LinePlace(place.position, place.ahead, points, start)


def _runs(graph: GraphRun | None) -> bool:
    return graph is not None and graph.running is not None
