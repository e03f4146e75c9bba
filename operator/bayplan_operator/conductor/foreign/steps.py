"""Taking in foreign pods, and telling them why they wait."""

from collections import Counter
from heapq import heappop, heappush

from bayplan.model.reasons import Reason
from bayplan_operator import metrics, names
from bayplan_operator.conductor.foreign.foreign_pod import ForeignPod, WhyWaiting
from bayplan_operator.conductor.foreign.register import ForeignRegister
from bayplan_operator.conductor.placing.rejections import Rejections
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.conductor.templates.bucket import TokenBucket
from bayplan_operator.translate.attempt import unschedulable
from bayplan_operator.translate.foreign.placed import condition_of, gated
from bayplan_operator.translate.foreign.spec import MalformedSpec, class_of_pod
from bayplan_operator.translate.own_pod import PodKey
from bayplan_operator.writer import EventWriter, ForeignPodWriter

_EVERY = 10.0
"""Seconds between two changes of what one pod is told: numbers in it may change all the time."""
_RATE, _AT_ONCE = 10.0, 50.0
"""Pods that are told something: per second in the long run, and at once."""
_COUNTED_EVERY = 1.0
"""Seconds between two counts of what waits, for the metric."""
_AGAIN = 1.0
"""Seconds until it is seen again whether a pod may be told something."""
_NOT_BOUND = "NotBound"


class TakeForeignPods(Step):
    """Sees which there are and what they ask, and learns where kube-scheduler does not bind those that were let go."""

    def __init__(self, register: ForeignRegister, rejections: Rejections, events: EventWriter) -> None:
        self._register, self._rejections, self._events = register, rejections, events

    def step(self, tick: Tick) -> None:
        """O(changed pods)."""
        self._register.take(tick.now)
        for key in self._register.touched:
            of = self._register.by_key.get(key)
            if of is not None and of.node and not of.flying and not gated(of.pod):
                self._follow(of, tick.now)

    def next_time(self, now: float) -> float | None:
        """When one that could not be let go is tried again."""
        return self._register.next_retry

    def _follow(self, of: ForeignPod, now: float) -> None:
        """One that was let go: whether kube-scheduler has bound it."""
        if of.pod.spec.node_name:
            if of.request_class is not None:
                self._rejections.accepted(of.request_class, of.node)
                of.request_class = None
            return
        said = unschedulable(of.pod)
        if not said or of.unbound_told or of.leaving:
            return
        of.unbound_told = True
        if of.request_class is None and of.spec is not None:
            try:
                of.request_class = class_of_pod(of.pod, of.spec, (of.node,))
            except MalformedSpec:
                return  # it was edited since
        if of.request_class is not None:
            for node in (of.node, *of.others):
                self._rejections.refused(of.request_class, node, now)
        message = (
            f"kube-scheduler does not bind the pod to node {of.node}, and its affinity cannot be changed any more: {said} "
            "If that does not pass, delete the pod, so that its controller makes another."
        )
        self._events.write((*of.key, of.pod.metadata.uid), "Warning", _NOT_BOUND, message, now, names.POD)


class TellForeignPods(Step):
    """Writes into the condition of each pod why it waits, where that is news; and an event where the reason is another one."""

    def __init__(self, register: ForeignRegister, writer: ForeignPodWriter, events: EventWriter) -> None:
        self._register, self._writer, self._events = register, writer, events
        self._bucket = TokenBucket(_RATE, _AT_ONCE)
        self._untold: dict[PodKey, None] = {}
        """In the order in which they have had news."""
        self._later: list[tuple[float, PodKey]] = []
        """A heap: those that have been told something a moment ago, and when they may be told more."""
        self._not_before: dict[PodKey, float] = {}
        self._counted, self._count_at = -1, 0.0

    def step(self, tick: Tick) -> None:
        """O(touched pods, and those that may be told something)."""
        while self._later and self._later[0][0] <= tick.now:
            self._untold[heappop(self._later)[1]] = None
        self._untold.update(self._register.touched)
        for key in list(self._untold):
            of = self._register.by_key.get(key)
            if of is None:
                self._not_before.pop(key, None)
            elif of.waits and of.words is not None and not _knows(of, of.words):
                earliest = self._not_before.get(key, 0.0)
                if self._writer.telling(key) or earliest > tick.now:
                    heappush(self._later, (max(earliest, tick.now + _AGAIN), key))
                elif self._bucket.take(tick.now):
                    self._tell(of, of.words, tick.now)
                else:
                    break
            del self._untold[key]
        self._count(tick.now)

    def next_time(self, now: float) -> float | None:
        """When one of those may be told that have not been told yet."""
        times = [at for at, _ in self._later[:1]]
        if self._untold:
            times.append(now + self._bucket.wait(now))
        if self._register.revision != self._counted:
            times.append(self._count_at)
        return min(times, default=None)

    def _tell(self, of: ForeignPod, words: WhyWaiting, now: float) -> None:
        self._not_before[of.key] = now + _EVERY
        before = condition_of(of.pod)
        self._writer.tell(of.pod, words.reason, words.message, now)
        if before is None or before.reason != words.reason:
            kind = "Normal" if words.reason in _USUAL else "Warning"
            self._events.write((*of.key, of.pod.metadata.uid), kind, words.reason, words.message, now, names.POD)

    def _count(self, now: float) -> None:
        if self._register.revision == self._counted or now < self._count_at:
            return
        self._counted, self._count_at = self._register.revision, now + _COUNTED_EVERY
        reasons = Counter(each.words.reason for each in self._register.by_key.values() if each.waits and each.words is not None)
        metrics.GATED_PODS.clear()
        for reason, count in reasons.items():
            metrics.GATED_PODS.labels(reason).set(count)


_USUAL = frozenset(
    each.value
    for each in (Reason.NO_CAPACITY, Reason.QUOTA_EXCEEDED, Reason.GANG_INCOMPLETE, Reason.RESERVED, Reason.SCHEDULING_GATED)
)


def _knows(of: ForeignPod, words: WhyWaiting) -> bool:
    said = condition_of(of.pod)
    return said is not None and said.status == "False" and (said.reason, said.message) == tuple(words)
