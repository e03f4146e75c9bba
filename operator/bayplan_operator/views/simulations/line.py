"""Where graphs that are planned together stand in the line when they are submitted."""

from collections.abc import Mapping, Sequence

import msgspec

from bayplan.admission.line.whole import LineUnit
from bayplan_operator.translate.line_places import age_in_figures, places, share_in_figures
from bayplan_operator.views.model.line import LineView
from bayplan_operator.views.model.simulation import Simulation


def among_themselves(simulation: Simulation, line: Sequence[LineUnit]) -> dict[str, LineView]:
    """By name of a graph. `line`: at the submission. When they start is not part of it: the plan has that."""
    names = [simulation.graphs[int(str(each.first.graph))].name for each in line]
    of_units = places((name, name.rpartition("/")[0]) for name in names)
    return {
        name: LineView(
            position=place.position,
            ahead=place.ahead,
            priority=each.first.priority,
            age=age_in_figures(each.age),
            share=share_in_figures(each.share),
            p50=None,
            p90=None,
            reserved=False,
            unknown="",
        )
        for name, each, place in zip(names, line, of_units, strict=True)
        if place is not None
    }


def with_places(simulation: Simulation, found: Mapping[str, LineView]) -> Simulation:
    """The same with the places of graphs, by their names."""
    graphs = (msgspec.structs.replace(each, line=found.get(each.name, msgspec.UNSET)) for each in simulation.graphs)
    return msgspec.structs.replace(simulation, graphs=tuple(graphs))
