"""The load of the nodes, at each tick."""

from bayplan.cluster.cluster import Cluster
from bayplan_operator.conductor.knowledge.load import Load
from bayplan_operator.conductor.placing.policies import Policies
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.view import PodStore


class FollowLoad(Step):
    """Takes in what was measured, and has the policies that go by load say whether it is known."""

    def __init__(self, load: Load, cluster: Cluster, pods: PodStore, policies: Policies) -> None:
        self._load, self._cluster, self._pods, self._policies = load, cluster, pods, policies

    def step(self, tick: Tick) -> None:
        """O(changed nodes); O(nodes x resources) after a measurement."""
        self._load.step(self._cluster, self._pods, tick.now)
        self._policies.note_load(self._load.state, tick.now)
