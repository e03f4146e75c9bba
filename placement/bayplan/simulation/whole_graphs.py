"""Submissions that are admitted as a whole: what the decider is told of them."""

from collections.abc import Hashable, Iterable, Mapping

import numpy as np

from bayplan.admission.whole_graphs.demand import GraphDemand, demand_of, tasks_over
from bayplan.admission.whole_graphs.whole_graph import Charged, WholeGraph
from bayplan.cluster.quotas import GraphCharge
from bayplan.model.workload import RequestClass
from bayplan.simulation.graph_state import GraphState
from bayplan.simulation.submission import Submission


class WholeSubmissions:
    """By number of a graph. Their charges stand at once: nothing is lost here, so nothing has to be recorded."""

    def __init__(self) -> None:
        self._demands: dict[int, GraphDemand] = {}
        self._charges: dict[int, GraphCharge] = {}
        self._told: dict[int, WholeGraph] = {}
        self._changed: dict[Hashable, WholeGraph | None] = {}

    def follow(self, graph: GraphState) -> None:
        """It has arrived, or gone on: what is left of it may be less. O(units) for those that are admitted as a whole."""
        submission, number = graph.submission, graph.number
        if not submission.admitted_whole or graph.ended_at is not None:
            return
        if number not in self._demands:
            self._demands[number] = demand_of_all(submission)
        over, before = tasks_over(submission.graph, graph.flow, graph.run), self._told.get(number)
        charge = self._charges.get(number)
        if before is not None and before.charge is charge and np.array_equal(before.over, over):
            return
        namespace, _, name = submission.name.rpartition("/")
        told = WholeGraph(number, name, submission.queue or "", namespace, self._demands[number], over, charge)
        self._told[number] = self._changed[number] = told

    def ended(self, graph: GraphState) -> None:
        """Nothing more of it starts."""
        if self._told.pop(graph.number, None) is not None:
            self._changed[graph.number] = None
            self._charges.pop(graph.number, None)

    def charged(self, graphs: Iterable[Charged]) -> None:
        """These were admitted by the decider."""
        for each in graphs:
            self._charges[int(str(each.graph))] = each.charge

    def changes(self) -> Mapping[Hashable, WholeGraph | None]:
        """What is new since it was asked last."""
        found, self._changed = self._changed, {}
        return found


def demand_of_all(submission: Submission) -> GraphDemand:
    """What it needs at once, whichever candidates are chosen."""
    return demand_of(submission.graph, submission.flow, _asks(submission))


def _asks(submission: Submission) -> list[list[RequestClass]]:
    """Per task, what its pods may ask."""
    found = [[each] for each in submission.classes]
    for unit, own in submission.own_classes.items():
        found[int(submission.graph.unit_task[unit])].append(own)
    for task, several in submission.candidates.items():
        for each in several.candidates:
            found[task] += [each.request_class, *each.own_classes.values()]
    return found
