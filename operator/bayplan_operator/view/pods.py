"""The pods: what they use of the nodes, and which of them are ours."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence

from bayplan.cluster.cluster import Cluster
from bayplan.lifecycle import Refusal
from bayplan.model.gpu import GpuUse
from bayplan.model.occupant import Occupant, Tenant
from bayplan.model.resources import Resources
from bayplan_operator import names
from bayplan_operator.kube import wire
from bayplan_operator.translate.foreign.placed import Claim
from bayplan_operator.translate.foreign.spec import run_of_pod
from bayplan_operator.translate.gpus import gpu_use, read_devices
from bayplan_operator.translate.neighbours import neighbour_of
from bayplan_operator.translate.own_pod import (
    NOBODY,
    TERMINAL_PHASES,
    OwnPod,
    Pending,
    PodKey,
    borne_out,
    ended_at,
    graph_uid_of,
    identity_of,
    is_stuck,
    placed_at,
)
from bayplan_operator.translate.pod_requests import pod_requests
from bayplan_operator.view.foreign import ForeignPods
from bayplan_operator.view.gated import Gated
from bayplan_operator.view.holding import Holding
from bayplan_operator.view.run_laws import LawOf, ToldLaws
from bayplan_operator.view.stakes import Stakes, Worth

_TOMBSTONES = 10_000


class PodStore:
    """Takes in pods from a watch and from the answers to our own writes; the newer of the two wins.

    It charges every pod that is not finished to its node in the library's cluster: bound, pinned by us, or nominated. One that
    scheduling gates hold back counts only for a while.
    """

    def __init__(self, cluster: Cluster, clock: Callable[[], float], on_change: Callable[[], None]) -> None:
        self._cluster = cluster
        self._clock = clock
        self._on_change = on_change
        self.gated = Gated(clock)
        self.foreign = ForeignPods()
        self.holding = Holding()
        """Which queues the pods hold."""
        self.laws = ToldLaws()
        """How long they are expected to run."""
        self.stakes = Stakes()
        """What evicting them would cost."""
        self._versions: dict[PodKey, int] = {}
        self._own: dict[str, dict[PodKey, OwnPod]] = {}
        self._graph_of: dict[PodKey, str] = {}
        self._pending: dict[str, dict[PodKey, Pending]] = {}
        self._assumed: dict[PodKey, str] = {}
        self._refusals: dict[str, list[Refusal]] = {}
        """By graph, those that have not been taken."""
        self._tombstones: OrderedDict[PodKey, int] = OrderedDict()
        self._changed: dict[str, dict[PodKey, None]] = {}
        """By graph, the pods of which something is seen otherwise than when they were last taken."""
        self._bound: dict[PodKey, str] = {}
        """Where pods that have not ended are bound."""
        self.left: set[str] = set()
        """Names of nodes on which a bound pod ended, or which it left; the caller that handles them takes them out."""

    # The reflector's sink

    def replace(self, items: Sequence[wire.Pod], version: int) -> None:
        """All pods there were at ``version``. Newer ones that an own write brought stay."""
        listed = set()
        # Those that say which GPUs they have come first, so that the others are charged to what is left.
        for pod in sorted(items, key=lambda each: names.ANNOTATION_GPUS not in each.metadata.annotations):
            listed.add((pod.metadata.namespace, pod.metadata.name))
            self.apply(pod)
        for key in [key for key, known in self._versions.items() if known <= version and key not in listed]:
            self._drop(key, version)
        self.foreign.sweep()

    def apply(self, pod: wire.Pod) -> None:
        """A pod as it was at its resource version; an older one than is known is ignored."""
        key = (pod.metadata.namespace, pod.metadata.name)
        version = int(pod.metadata.resource_version)
        if version <= self._versions.get(key, 0) or version <= self._tombstones.get(key, 0):
            return
        if key not in self._versions and key not in self._assumed and pod.status.phase in TERMINAL_PHASES:
            self._pass_by(pod)
        self._versions[key] = version
        self._settle(key)
        self.foreign.see(key, pod)
        self._charge(key, pod)
        self._keep_if_own(key, pod, version)

    def remove(self, pod: wire.Pod) -> None:
        """A pod is gone; ``pod`` is its last state."""
        key = (pod.metadata.namespace, pod.metadata.name)
        version = int(pod.metadata.resource_version)
        if version > self._versions.get(key, 0):
            self._drop(key, version)

    def flush(self) -> None:
        """Tell that there may be news."""
        self._on_change()

    # Own writes under way

    def assume(self, key: PodKey, pending: Pending) -> None:
        """A pod is being created: count it at once."""
        self._pending.setdefault(pending.graph_uid, {})[key] = pending
        self._assumed[key] = pending.graph_uid
        queue = self.holding.queue_of(pending.graph_uid, pending.queue)
        self.laws.tell(pending.graph_uid, pending.identity.task, pending.run)
        tenant = Tenant(
            graph=pending.graph_uid,
            namespace=key[0],
            queue=queue,
            since=pending.since,
            run=pending.run,
            neighbour=pending.neighbour,
            bound=False,
        )
        self._occupy(key, pending.node, pending.resources, gpu_use(pending.resources, pending.gpus), tenant)
        self._note_changed(pending.graph_uid, key)

    def renounce(self, key: PodKey) -> None:
        """The creation came to nothing."""
        graph_uid = self._settle(key)
        if graph_uid is not None:
            if key not in self._versions:
                self._vacate(key)
                self.stakes.forget(key)
            self._note_changed(graph_uid, key)
            self._on_change()

    def claim(self, key: PodKey, claim: Claim) -> None:
        """A foreign pod is being let go to its node: count it there at once, and in its queue."""
        self.foreign.claimed(key, claim)
        self._charge(key, self.foreign.pods[key])

    def landed(self, key: PodKey, uid: str, *, kept: bool, refusal: tuple[str, str] | None = None) -> bool:
        """A foreign pod was let go (``kept``), or that came to nothing. Answers whether that is news."""
        if not self.foreign.landed(key, uid, kept, refusal):
            return False
        pod = self.foreign.pods.get(key)
        if pod is not None:
            self._charge(key, pod)
        self._on_change()
        return True

    def touch(self, key: PodKey) -> None:
        """A write about a pod is over, however it ended: what is wanted of the pod has to be looked at again."""
        graph_uid = self._graph_of.get(key)
        if graph_uid is not None:
            self._note_changed(graph_uid, key)

    def refuse(self, key: PodKey, graph_uid: str, refusal: Refusal) -> None:
        """The API server would not have the pod."""
        self._refusals.setdefault(graph_uid, []).append(refusal)
        self.renounce(key)

    # What is known

    def take_refusals(self, graph_uid: str) -> list[Refusal]:
        """The attempts of a graph that could not be created, since this was last called."""
        return self._refusals.pop(graph_uid, [])

    def take_changed(self) -> dict[str, dict[PodKey, None]]:
        """By UID of a graph, its pods that are new, gone, or of which something else is seen, since this was last called."""
        changed, self._changed = self._changed, {}
        return changed

    def keys(self, graph_uid: str) -> list[PodKey]:
        """All pods of a graph: those that have not been retired, and those whose creation is under way."""
        return [*self._own.get(graph_uid, ()), *self._pending.get(graph_uid, ())]

    def own(self, graph_uid: str) -> Iterator[OwnPod]:
        """The pods of a graph that have not been retired."""
        return iter(self._own.get(graph_uid, {}).values())

    def own_pod(self, key: PodKey) -> OwnPod | None:
        """One pod of ours."""
        return self._own.get(self._graph_of.get(key, ""), {}).get(key)

    def pending(self, graph_uid: str, key: PodKey) -> Pending | None:
        """A pod of a graph, if its creation is under way."""
        return self._pending.get(graph_uid, {}).get(key)

    def has_own(self, graph_uid: str) -> bool:
        """Whether the graph has pods that have not been retired."""
        return graph_uid in self._own

    def graphs_with_pods(self) -> Iterator[str]:
        """UIDs of the graphs of which there are pods that have not been retired."""
        return iter(self._own)

    def give_back_gated(self, now: float) -> None:
        """Pods that have been gated for a while do not count any more, until they are let go: others may have their room."""
        for key in self.gated.expired(now):
            self._vacate(key)

    def name_queue(self, graph_uid: str, queue: str) -> None:
        """The pods of a graph hold this queue, whatever their labels say. O(its pods) where that is news."""
        if self.holding.name(graph_uid, queue):
            for own in list(self.own(graph_uid)):
                if self.holding.holds(own.key):
                    self._charge(own.key, own.pod)

    def expect(self, graph_uid: str, law_of: LawOf) -> None:
        """The pods of a graph run so long, as it is expected by now. O(its pods)."""
        own = list(self.own(graph_uid))
        tasks = {each.identity.task for each in own if self.holding.holds(each.key) and each.identity != NOBODY}
        news = {task for task in sorted(tasks) if self.laws.tell(graph_uid, task, law_of(task))}
        for each in own if news else ():
            if each.identity.task in news and self.holding.holds(each.key):
                self._charge(each.key, each.pod)

    def value(self, key: PodKey, worth: Worth | None) -> None:
        """What evicting a pod of ours would cost, be it there yet or not; `None`: it must not be evicted."""
        own = self.own_pod(key)
        if self.stakes.tell(key, worth) and own is not None and self.holding.holds(key):
            self._charge(key, own.pod)

    def retire(self, key: PodKey) -> None:
        """A finished pod that is recorded and not held: it needs no attention any more."""
        self._forget_own(key)

    def _settle(self, key: PodKey) -> str | None:
        graph_uid = self._assumed.pop(key, None)
        if graph_uid is not None:
            pending = self._pending[graph_uid]
            del pending[key]
            if not pending:
                del self._pending[graph_uid]
        return graph_uid

    def _drop(self, key: PodKey, version: int) -> None:
        self._versions.pop(key, None)
        self._tombstones[key] = version
        self._tombstones.move_to_end(key)
        while len(self._tombstones) > _TOMBSTONES:
            self._tombstones.popitem(last=False)
        self._vacate(key)
        self.gated.drop(key)
        self.foreign.drop(key)
        self._note_bound(key, "")
        self.stakes.forget(key)
        self._forget_own(key)

    def _note_changed(self, graph_uid: str, key: PodKey) -> None:
        self._changed.setdefault(graph_uid, {})[key] = None

    def _note_bound(self, key: PodKey, node: str) -> None:
        before = self._bound.pop(key, node)
        if before != node:
            self.left.add(before)
        if node:
            self._bound[key] = node

    def _charge(self, key: PodKey, pod: wire.Pod) -> None:
        self._note_bound(key, pod.spec.node_name if pod.status.phase not in TERMINAL_PHASES else "")
        claim = self.foreign.claim(key, pod)
        meant_for = _said(pod, names.ANNOTATION_NODE) if claim is None else claim.node
        node = pod.spec.node_name or meant_for or pod.status.nominated_node_name
        if not node or pod.status.phase in TERMINAL_PHASES:
            self._vacate(key, ended_at(pod))
            return
        resources = pod_requests(pod.spec, pod.status)
        use = gpu_use(resources, read_devices(_said(pod, names.ANNOTATION_GPUS)) if claim is None else claim.gpus)
        # kube-scheduler lets a share of a GPU go to its node though another has the GPU that it was meant for.
        of_one_gpu = use is not None and use.ask.fraction
        if of_one_gpu or claim is not None or self.gated.holds_room(key, pod):
            self._occupy(key, node, resources, use, self._tenant(pod, claim))
        else:
            self._vacate(key)

    def _occupy(self, key: PodKey, node: str, resources: Resources, use: GpuUse | None, tenant: Tenant) -> None:
        self._cluster.occupy(key, node, resources, use, tenant)
        self.holding.note(key, tenant.queue)

    def _vacate(self, key: PodKey, at: float | None = None) -> None:
        self._cluster.vacate(key, at)
        self.holding.note(key, None)

    def _pass_by(self, pod: wire.Pod) -> None:
        """It had ended before this process saw anything of it, and counts for its queue until then."""
        ended, node = ended_at(pod), pod.spec.node_name
        if ended is not None and node and graph_uid_of(pod):
            self._cluster.passed(node, Occupant(pod_requests(pod.spec, pod.status), tenant=self._tenant(pod, None)), ended)

    def _tenant(self, pod: wire.Pod, claim: Claim | None) -> Tenant:
        graph_uid, since, began = graph_uid_of(pod), placed_at(pod), pod.status.start_time
        key = pod.metadata.namespace, pod.metadata.name
        said = pod.metadata.labels.get(names.LABEL_QUEUE, "")
        if graph_uid:
            run = self.laws.of(graph_uid, pod.metadata.labels.get(names.LABEL_TASK, ""))
        else:
            run = run_of_pod(pod) if began is not None else None
        if run is not None and began is not None and since is not None:
            run = run.later(max(0.0, began.timestamp() - since))
        return Tenant(
            graph=graph_uid or None,
            namespace=pod.metadata.namespace,
            queue=self.holding.queue_of(graph_uid, said) if graph_uid else None if claim is None else claim.queue,
            priority=self.stakes.priority_of(key, pod),
            since=since if graph_uid or began is not None else None,
            run=run,
            stake=self.stakes.of(key, pod),
            neighbour=neighbour_of(pod),
            bound=bool(pod.spec.node_name),
            leaving=pod.metadata.deletion_timestamp is not None,
        )

    def _keep_if_own(self, key: PodKey, pod: wire.Pod, version: int) -> None:
        before = self.own_pod(key)
        if before is not None and before.pod.metadata.uid != pod.metadata.uid:
            before = None
        if before is not None and before.identity != NOBODY:
            graph_uid, identity = before.graph_uid, before.identity  # edits of the labels change neither
        else:
            graph_uid = graph_uid_of(pod)
            found = identity_of(pod) if graph_uid else None
            self._forget_own(key)
            if found is None:
                return
            identity = found if borne_out(pod, graph_uid, found) else NOBODY
        stuck_since = None
        if is_stuck(pod):
            stuck_since = self._clock() if before is None or before.stuck_since is None else before.stuck_since
        self._own.setdefault(graph_uid, {})[key] = OwnPod(pod, graph_uid, identity, version, stuck_since)
        self._graph_of[key] = graph_uid
        self._note_changed(graph_uid, key)

    def _forget_own(self, key: PodKey) -> None:
        graph_uid = self._graph_of.pop(key, None)
        if graph_uid is not None:
            pods = self._own[graph_uid]
            pods.pop(key, None)
            if not pods:
                del self._own[graph_uid]
            self._note_changed(graph_uid, key)


def _said(pod: wire.Pod, annotation: str) -> str:
    """What we wrote into it: its node, its GPUs; what others write into such an annotation books nothing."""
    return pod.metadata.annotations.get(annotation, "") if graph_uid_of(pod) else ""
