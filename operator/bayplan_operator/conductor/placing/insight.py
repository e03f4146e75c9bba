"""What strategies are told of the world beside the cluster."""

from bayplan.cluster.cluster import Cluster
from bayplan.core.changes import KnowledgeSnapshot
from bayplan_operator.conductor.knowledge.arrivals import Learner
from bayplan_operator.conductor.knowledge.knowledge import Knowledge
from bayplan_operator.conductor.knowledge.load import Load
from bayplan_operator.conductor.outlook.graph_plans import GraphPlans


class Insight:
    """What was learned, measured and planned, as it stands."""

    def __init__(self, cluster: Cluster, knowledge: Knowledge, arrivals: Learner, load: Load, plans: GraphPlans) -> None:
        self._cluster, self._knowledge, self._arrivals, self._load = cluster, knowledge, arrivals, load
        self.plans, self.laws = plans, knowledge.laws

    def snapshot(self, now: float) -> KnowledgeSnapshot:
        """For one decision."""
        return KnowledgeSnapshot(
            mix=self._arrivals.model,
            load=self._load.estimate(self._cluster, now),
            plans=self.plans.made,
            run_times=self._knowledge.forecast,
            efficiency=self._knowledge.efficiency,
            survival=self._knowledge.survival,
        )

    @property
    def situation(self) -> tuple[int, int]:
        """Another one: every graph has to be looked at, since nodes, or what is expected of tasks, are others."""
        return self._cluster.static_version, self._knowledge.renewals
