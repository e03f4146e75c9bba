"""The rounds of simulated graphs: who takes part in the next one."""

from bayplan.collaboration.rounds import clients_of, drawn, free_for
from bayplan.lifecycle import Round
from bayplan.simulation.graph_state import GraphState
from bayplan.simulation.lots import identity
from bayplan.simulation.machines import Machines
from bayplan.simulation.setup import Setup


class Drawing:
    """Draws lots for rounds as the operator does, by what is free at that time."""

    def __init__(self, setup: Setup, machines: Machines) -> None:
        self._setup, self._machines = setup, machines

    def next_round(self, graph: GraphState) -> Round:
        """Of a graph of which something repeats. O(shards x nodes) where lots are drawn."""
        submission, flow = graph.submission, graph.flow
        number = 1 if graph.run is None else graph.run.round + 1
        lots = None if submission.rounds is None else submission.rounds.lots
        if lots is None or flow is None:
            return Round(number)
        selector = self._setup.policies[submission.policy].strategy.node_selector
        asked = (submission.request_class(unit) for unit in clients_of(submission.graph, flow))
        free = free_for(self._machines.cluster, asked, selector)
        return drawn(submission.graph, flow, lots, free, (identity(self._setup.seed, graph.number), number))
