"""Submissions whose tasks may be divided: how many shards each has, as the operator decides when it accepts a graph."""

from collections.abc import Sequence
from dataclasses import replace

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.shards import Advice, Places, Splitting, decide, places_for
from bayplan.model.graph import Graph
from bayplan.model.workload import RequestClass
from bayplan.simulation.following import moved, on_graph
from bayplan.simulation.setup import Setup
from bayplan.simulation.submission import Submission


class Divider:
    """Decides on the nodes of a setup, each taken as empty."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._cluster = Cluster()
        for node in setup.nodes:
            self._cluster.set_node(node)
        self._places: dict[tuple[str, RequestClass], Places] = {}

    def advice(self, submission: Submission, splittings: Sequence[Splitting | None]) -> list[Advice | None]:
        """Per task what is advised. Its policy must be one of the setup's."""
        places = [self._places_of(submission.policy, each) for each in submission.classes]
        return decide(submission.graph, splittings, places)

    def divided(self, submission: Submission) -> Submission:
        """With a number of shards for every task; the same where there is nothing to decide."""
        if not any(submission.splittings):
            return submission
        advice = self.advice(submission, submission.splittings)
        tasks, expected = list(submission.graph.tasks), submission.expected
        expected = None if expected is None else expected.copy()
        for number, each in enumerate(advice):
            if each is not None:
                seconds = each.splitting.shard(each.shards)
                tasks[number] = replace(tasks[number], shards=each.shards, duration=seconds)
                if expected is not None:
                    expected[number] = seconds
        graph = Graph.build(tasks)
        flow = None if submission.flow is None else on_graph(submission.flow, submission.graph, graph)
        own = {moved(submission.graph, graph, unit): asked for unit, asked in submission.own_classes.items()}
        near = {moved(submission.graph, graph, unit): each for unit, each in submission.own_neighbours.items()}
        # What was decided is given from now on.
        return replace(
            submission, graph=graph, expected=expected, splittings=(), flow=flow, own_classes=own, own_neighbours=near
        )

    def _places_of(self, policy: str, request_class: RequestClass) -> Places:
        key = policy, request_class
        if key not in self._places:
            selector = self._setup.policies[policy].strategy.node_selector
            self._places[key] = places_for(self._cluster, request_class, selector, self._setup.run_times.speeds)
        return self._places[key]
