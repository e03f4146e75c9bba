"""The foreign pods that there are, and which of them want a place."""

from collections import defaultdict
from collections.abc import Iterable
from heapq import heappop, heappush

from bayplan.model.reasons import Reason
from bayplan.model.workload import Gang, Request
from bayplan.strategy.wish import Wish
from bayplan_operator import metrics
from bayplan_operator.conductor.foreign.foreign_pod import Demand, ForeignId, ForeignPod, WhyWaiting
from bayplan_operator.conductor.foreign.gangs import arranged
from bayplan_operator.conductor.foreign.judging import Judging
from bayplan_operator.conductor.queueing.figures import WaitingFigures
from bayplan_operator.translate.foreign.spec import owner_of
from bayplan_operator.translate.own_pod import PodKey
from bayplan_operator.view import PodStore

_FIRST_RETRY, _LONGEST_RETRY = 5.0, 300.0
"""Seconds until a pod that could not be let go is tried again: twice as long each time, up to the second."""


class ForeignRegister:
    """By key. A tick costs what has changed."""

    def __init__(self, pods: PodStore, judging: Judging) -> None:
        self.by_key: dict[PodKey, ForeignPod] = {}
        self.by_uid: dict[str, ForeignPod] = {}
        self.touched: dict[PodKey, None] = {}
        """Those that this tick has to look at, gone ones included."""
        self.revision = 0
        """Changes whenever one that waits is another, or has other words."""
        self._pods, self._judging = pods, judging
        self._gangs: defaultdict[tuple[str, str], dict[PodKey, ForeignPod]] = defaultdict(dict)
        self._gang_of: dict[PodKey, tuple[str, str]] = {}
        self._retries: list[tuple[float, PodKey]] = []

    def take(self, now: float) -> None:
        """See what has changed. O(changed pods, and the pods of their gangs); O(all) where queues or policies are others."""
        self.touched = dict.fromkeys(self._pods.foreign.take_changed())
        while self._retries and self._retries[0][0] <= now:
            self.touched[heappop(self._retries)[1]] = None
        if self._judging.changed():
            self.touched.update(dict.fromkeys(self.by_key))
        gangs: dict[tuple[str, str], None] = {}
        for key in list(self.touched):
            before = self._in_gang(key)
            self._look(key, now)
            after = self._in_gang(key)
            if before != after:
                gangs.update((each[0], None) for each in (before, after) if each is not None)
            if key in self.by_key and after is None:
                self._settle(self.by_key[key])
        for name in gangs:
            self._arrange(name)
        if self.touched:
            self.revision += 1

    def said(self, of: ForeignPod, words: WhyWaiting) -> None:
        """The decider has said why it has no place."""
        if of.words != words:
            of.words = words
            self.touched[of.key] = None
            self.revision += 1

    @property
    def next_retry(self) -> float | None:
        """When one that could not be let go is tried again."""
        return self._retries[0][0] if self._retries else None

    def figures(self) -> Iterable[WaitingFigures]:
        """What waits, by queue. O(foreign pods)."""
        for each in self.by_key.values():
            if not each.waits or each.asked is None:
                continue
            asked = dict(each.demand.request_class.resources) if each.wish is not None and each.demand is not None else {}
            least = {resource: amount for resource, amount in asked.items() if amount}
            quota = each.words is not None and each.words.reason == Reason.QUOTA_EXCEEDED.value
            elsewhere = frozenset() if quota else frozenset(least)
            yield WaitingFigures(each.asked.queue, int(each.wish is not None), least, elsewhere, graphs=0, pods=1)

    def _look(self, key: PodKey, now: float) -> None:
        seen = self._pods.foreign
        pod = seen.pods.get(key)
        known = self.by_key.get(key)
        if known is not None and (pod is None or pod.metadata.uid != known.pod.metadata.uid):
            del self.by_key[key]
            self.by_uid.pop(known.pod.metadata.uid, None)
            self._leave_gang(key)
            known = None
        if pod is None:
            return
        if known is None:
            known = self.by_key[key] = self.by_uid[pod.metadata.uid] = ForeignPod(key)
        known.pod, known.spec, known.flying = pod, seen.specs.get(key), seen.flying(key)
        claim = seen.claim(key, pod)
        known.node = pod.spec.node_name or ("" if claim is None else claim.node)
        self._judging.judge(known)
        self._mind_refusal(known, now)
        self._join_gang(known)

    def _in_gang(self, key: PodKey) -> tuple[tuple[str, str], tuple[object, ...]] | None:
        """Its gang, and what counts there; ``None``: it is in none."""
        name = self._gang_of.get(key)
        return None if name is None else (name, self.by_key[key].in_its_gang)

    def _mind_refusal(self, of: ForeignPod, now: float) -> None:
        """One that the API server would not let go waits before it is tried again."""
        refusal = self._pods.foreign.refusals.pop(of.key, None)
        if refusal is not None:
            of.failures += 1
            of.retry_at = now + min(_LONGEST_RETRY, _FIRST_RETRY * 2.0 ** (of.failures - 1))
            of.refusal = WhyWaiting(*refusal)
            heappush(self._retries, (of.retry_at, of.key))
            metrics.RETRIES.labels("let pod go").inc()
        if of.refusal is not None and now < of.retry_at and of.waits:
            of.demand, of.obstacle = None, of.refusal

    def _join_gang(self, of: ForeignPod) -> None:
        if self._gang_of.get(of.key) != of.gang:
            self._leave_gang(of.key)
        if of.gang is not None:
            self._gang_of[of.key] = of.gang
            self._gangs[of.gang][of.key] = of

    def _leave_gang(self, key: PodKey) -> None:
        name = self._gang_of.pop(key, None)
        if name is not None:
            del self._gangs[name][key]
            if not self._gangs[name]:
                del self._gangs[name]

    def _settle(self, of: ForeignPod) -> None:
        """One without a gang."""
        self._want(of, None, of.created)
        if of.waits and of.obstacle is not None:
            of.words = of.obstacle

    def _arrange(self, name: tuple[str, str]) -> None:
        if name not in self._gangs:
            return
        members = self._gangs[name]
        found = arranged(name, members.values())
        chosen = {each.key for each in found.chosen}
        resumed = {each.key for each in found.resumed}
        for each in members.values():
            self.touched[each.key] = None
            each.resumes = each.key in resumed
            if each.key in chosen:
                self._want(each, found.gang, found.since)
            else:
                each.wish = None
                if each.waits:
                    each.words = each.obstacle or found.why_not

    def _want(self, of: ForeignPod, gang: Gang | None, since: float) -> None:
        if of.demand is None:
            of.wish = None
            return
        request, policy = _request(of, of.demand, gang, since), of.demand.policy
        if of.wish is not None and of.wish.request == request and of.wish.strategy is policy.strategy:
            return
        candidate = "" if policy.adaptive is None else next(iter(policy.adaptive.candidates))
        of.wish = Wish(request, policy.strategy, policy.name, candidate)


def _request(of: ForeignPod, demand: Demand, gang: Gang | None, since: float) -> Request:
    namespace = of.key[0]
    whose = owner_of(of.pod)
    return Request(
        id=ForeignId(of.pod.metadata.uid),
        request_class=demand.request_class,
        priority=demand.asked.priority,
        arrival=(since, namespace, whose if gang is None else gang.name),
        name=f"{whose}/{of.key[1]}",
        namespace=namespace,
        queue=demand.asked.queue,
        since=since,
        neighbour=demand.neighbour,
        run=demand.run,
        gang=gang,
        preemptible=False,
        evicts=False,
    )
