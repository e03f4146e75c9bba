"""Which policy a graph has, and what has to be decided before its first pod."""

from bayplan.cluster.cluster import Cluster
from bayplan_operator.conductor.graphs.intake import begin
from bayplan_operator.conductor.graphs.splitting import decide_shards
from bayplan_operator.conductor.knowledge.adapting import Adapting
from bayplan_operator.conductor.placing.policies import Policies
from bayplan_operator.conductor.queueing.steps import Assigning
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.conductor.templates.checker import Checker
from bayplan_operator.view import PodStore
from bayplan_operator.view.inbox import Inbox


class Serving:
    """Gives each graph its policy and its queue, and decides what is to be decided once."""

    def __init__(
        self, checker: Checker, policies: Policies, adapting: Adapting, assigning: Assigning, cluster: Cluster, pods: PodStore
    ) -> None:
        self._checker, self._policies, self._adapting, self._assigning = checker, policies, adapting, assigning
        self._cluster, self._pods = cluster, pods

    def serve(self, graph: GraphRun, now: float) -> None:
        """After any news of the graph, of policies, or of what the API server makes of its pods."""
        self._checker.look(graph, now)
        if graph.known.prepared is None:
            return
        self._assigning.assign(graph)
        self._policies.assign(graph, graph.known.prepared.spec.policy_name)
        decide_shards(graph, self._cluster, self._pods)
        if not graph.known.checking.awaited:
            self._adapting.admit(graph, now)
        begin(graph, now)


class TakePolicies(Step):
    """Policies that are new, have changed or are gone, and what that means to the graphs."""

    def __init__(self, inbox: Inbox, policies: Policies, adapting: Adapting, serving: Serving) -> None:
        self._inbox, self._policies, self._adapting, self._serving = inbox, policies, adapting, serving

    def step(self, tick: Tick) -> None:
        """O(open graphs) where there are any such."""
        news = self._inbox.take()
        for key, raw in news:
            self._policies.take(key, raw, tick.now)
            self._adapting.take(key, raw, self._policies.get(key[1]), tick.now)
        if not news:
            return
        tick.graphs.attention.call_all(tick.graphs.open)
        for graph in list(tick.graphs.open.values()):
            tick.graphs.reopen(graph)
            tick.graphs.guarded(graph, tick.now, self._serving.serve)
