"""Whether a foreign pod can be placed, as far as it alone decides that, and why not."""

from collections.abc import Mapping
from typing import Any

from bayplan.cluster.cluster import Cluster
from bayplan.model.neighbour import Neighbour
from bayplan.model.reasons import Reason
from bayplan.model.workload import RequestClass
from bayplan_operator import names
from bayplan_operator.conductor.foreign.foreign_pod import Demand, ForeignPod, WhyWaiting
from bayplan_operator.conductor.placing.known_policies import KnownPolicies
from bayplan_operator.conductor.queueing.queues import Queues
from bayplan_operator.translate.foreign.asked import AskedByLabels, BadLabel, asked_by_labels
from bayplan_operator.translate.foreign.spec import MalformedSpec, class_of_pod, neighbour_of_pod, run_of_pod
from bayplan_operator.translate.policy import CompiledPolicy, objections_to_pod

BAD_LABEL = "InvalidLabel"
BAD_POD = "InvalidPod"
_NO_POLICY = "PolicyRefuses"


class Judging:
    """Goes by the pod, and by the policies, queues and namespaces as they are now."""

    def __init__(self, policies: KnownPolicies, queues: Queues, cluster: Cluster) -> None:
        self._policies, self._queues, self._cluster = policies, queues, cluster
        self._revision, self._tree, self._namespaces = policies.revision, queues.tree, cluster.neighbours.namespaces

    def changed(self) -> bool:
        """Whether all pods have to be judged once more, since this was last asked. What a queue holds is no such news."""
        before = self._revision, self._tree, self._namespaces
        self._revision, self._tree = self._policies.revision, self._queues.tree
        self._namespaces = self._cluster.neighbours.namespaces
        return before[0] != self._revision or before[1] is not self._tree or before[2] is not self._namespaces

    def judge(self, of: ForeignPod) -> None:
        """Set what its labels ask, its demand, and its obstacle. O(size of the pod) where the pod has changed."""
        of.asked = of.demand = of.obstacle = None
        try:
            of.asked = asked_by_labels(of.pod.metadata.labels)
        except BadLabel as error:
            of.obstacle = WhyWaiting(BAD_LABEL, str(error))
        if not of.waits or of.spec is None or of.asked is None:
            return
        found = self._demand(of, of.spec, of.asked)
        if isinstance(found, Demand):
            of.demand = found
        else:
            of.obstacle = found

    def _demand(self, of: ForeignPod, spec: Mapping[str, Any], asked: AskedByLabels) -> Demand | WhyWaiting:
        namespace = of.key[0]
        others = [each.name for each in of.pod.spec.scheduling_gates if each.name != names.GATE]
        if others:
            return WhyWaiting(
                Reason.SCHEDULING_GATED.value,
                f"another gate holds the pod back too: {', '.join(others)}; Bayplan places it once its own is the last",
            )
        policy = self._policy(asked.policy, namespace, spec)
        if isinstance(policy, WhyWaiting):
            return policy
        stop = self._queues.stop_of(asked.queue, namespace, self._cluster.neighbours.namespaces, names.LABEL_QUEUE)
        if stop is not None:
            return WhyWaiting(stop.reason.value, stop.message)
        try:
            return Demand(asked, *self._shape(of, spec), policy, run_of_pod(of.pod))
        except MalformedSpec as error:
            return WhyWaiting(BAD_POD, str(error))

    def _shape(self, of: ForeignPod, spec: Mapping[str, Any]) -> tuple[RequestClass, Neighbour]:
        """Raises ``MalformedSpec``."""
        labels = of.pod.metadata.labels
        if of.shape is None or of.shape_of[0] is not spec or of.shape_of[1] != labels:
            of.shape_of = spec, labels
            of.shape = class_of_pod(of.pod, spec), neighbour_of_pod(of.key[0], labels, spec)
        return of.shape

    def _policy(self, name: str, namespace: str, spec: Mapping[str, Any]) -> CompiledPolicy | WhyWaiting:
        policy = self._policies.get(name)
        if policy is None:
            problem = self._policies.missing(name, names.LABEL_POLICY)
            return WhyWaiting(problem.reason, problem.message)
        words = next(objections_to_pod(policy, namespace, spec), None)
        return policy if words is None else WhyWaiting(_NO_POLICY, words)
