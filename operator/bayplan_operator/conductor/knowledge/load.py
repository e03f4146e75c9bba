"""What is known of the nodes' load: the newest measurements, what was placed since, and words about both."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.load import LoadEstimate, LoadModel, LoadTracker, Reading
from bayplan_operator import metrics
from bayplan_operator.kube import wire
from bayplan_operator.settings import PrometheusSettings
from bayplan_operator.translate.pod_requests import pod_requests
from bayplan_operator.view import PodStore
from bayplan_operator.view.prometheus import LoadError, PollResult, Queries, built_in, read

log = logging.getLogger(__name__)

_LEFT = "pods are placed by what was measured before while that counts, then by what they request"


@dataclass(frozen=True, slots=True)
class LoadState:
    """What policies that go by load say of it."""

    available: bool
    reason: str
    message: str = field(compare=False)
    kind: tuple[str, ...] = ()
    """What is wrong, and of how many nodes there are figures. It is told again only when that changes."""
    resources: tuple[str, ...] = ()
    """What is measured."""

    def of(self, needed: Iterable[str]) -> "LoadState":
        """The same for a policy whose thresholds are about these resources."""
        missing = [name for name in needed if name not in self.resources]
        if not self.available or not missing:
            return self
        words = f"spec.load.hot names {', '.join(missing)}, which nothing measures: no node is hot by that"
        return replace(self, reason="Partial", message=f"{self.message}; {words}")


NOT_CONFIGURED = LoadState(
    False, "NotConfigured", "no Prometheus is configured (--prometheus-url): pods are placed by what they request"
)


def load_model(interval: float, window: float) -> LoadModel:
    """How load follows placements in figures that are means over ``window`` seconds and come every ``interval``."""
    fresh = max(60.0, 4 * interval)
    return LoadModel(rate=2.0 / window, fresh=fresh, stale=5 * fresh)


class Load:
    """Takes in what polls bring, and follows what is placed. With no Prometheus it does nothing."""

    def __init__(self, settings: PrometheusSettings | None = None) -> None:
        """Raises ``QueriesError`` for a file of queries that cannot be used."""
        self.queries: Queries | None = None
        self.state: LoadState | None = NOT_CONFIGURED
        """None: no poll has ended yet."""
        self._tracker: LoadTracker | None = None
        self._news: list[PollResult] = []
        self._begun = False
        self._at = float("nan")
        if settings is not None:
            self.state, self.queries = None, read(settings.queries) if settings.queries else built_in()
            self._tracker = LoadTracker(load_model(settings.interval, self.queries.window))

    def put(self, outcome: PollResult) -> None:
        """A poll has ended; the next tick takes it in."""
        self._news.append(outcome)

    def step(self, cluster: Cluster, pods: PodStore, now: float) -> None:
        """Follow the cluster, and take in what polls have brought. O(changed rows); O(nodes x resources) after a poll."""
        if self._tracker is None:
            return
        try:
            self._step(self._tracker, cluster, pods, now)
        except Exception as error:
            self._begin_anew(self._tracker, error)
        metrics.LOAD_AGE.set(now - self._at)

    def estimate(self, cluster: Cluster, now: float) -> LoadEstimate | None:
        """How busy nodes are; None: not known."""
        if self._tracker is None:
            return None
        try:
            return self._tracker.estimate(cluster, now)
        except Exception as error:
            self._begin_anew(self._tracker, error)
            return None

    def _step(self, tracker: LoadTracker, cluster: Cluster, pods: PodStore, now: float) -> None:
        if not self._begun:
            self._begun = True
            for pod, at in _recent(pods, now - tracker.model.stale):
                tracker.remember(cluster, pod.spec.node_name, pod_requests(pod.spec, pod.status), at)
        tracker.follow(cluster, now)
        news, self._news = self._news, []
        for outcome in news:
            self._say(self._state(tracker, outcome, cluster, now))

    def _begin_anew(self, tracker: LoadTracker, error: Exception) -> None:
        """Whatever is wrong with the figures must not keep a tick from placing: forget them, and go on with the next."""
        log.exception("the load of the nodes could not be worked out; beginning again")
        metrics.LOAD_FAILURES.labels("Internal").inc()
        self._tracker, self._begun, self._at = LoadTracker(tracker.model), False, float("nan")
        self._say(_failed(LoadError("Internal", f"the operator could not work out the load: {error!r}")))

    def _state(self, tracker: LoadTracker, outcome: PollResult, cluster: Cluster, now: float) -> LoadState:
        if outcome.measured is None:
            return _failed(outcome.failure or LoadError("Internal", "the poll brought nothing"))
        reading, problems = outcome.measured.reading, outcome.measured.problems
        intake = tracker.take(reading, cluster, now)
        for fault, count in intake.faults.items():
            metrics.LOAD_FAILURES.labels(fault.value).inc(count)
        words = "; ".join((*map(str, problems), *intake.words))
        kind = (*(each.reason for each in problems), *(fault.value for fault in intake.faults))
        if not intake.used:
            metrics.LOAD_NODES.set(0)
            return LoadState(False, kind[0] if kind else "NoData", f"{words or 'no node has a figure'}; {_LEFT}", kind)
        self._at = reading.at
        metrics.LOAD_NODES.set(len(reading.nodes))
        covered = _covered(reading, len(cluster))
        message = f"{covered}; {words}" if words else covered
        return LoadState(True, "Partial" if kind else "Measured", message, (covered, *kind), reading.resources)

    def _say(self, state: LoadState) -> None:
        if state != self.state:  # words alone may differ with each poll, and would be written each time
            self.state = state
            log.log(logging.INFO if state.available else logging.WARNING, "load: %s: %s", state.reason, state.message)


def _failed(failure: LoadError) -> LoadState:
    return LoadState(False, failure.reason, f"{failure}; {_LEFT}")


def _covered(reading: Reading, nodes: int) -> str:
    counts = (reading.values == reading.values).sum(axis=0).tolist()  # NaN differs from itself
    parts = ", ".join(f"{name} of {count}" for name, count in zip(reading.resources, counts, strict=True))
    return f"measured of {nodes} nodes: {parts}"


def _recent(pods: PodStore, since: float) -> Iterator[tuple[wire.Pod, float]]:
    """Our own pods that run and began after an instant, and when: a restarted operator must know of them too."""
    for uid in pods.graphs_with_pods():
        for each in pods.own(uid):
            began = each.pod.status.start_time or each.pod.metadata.creation_timestamp
            if began is not None and began.timestamp() > since and each.pod.spec.node_name and not each.terminal:
                yield each.pod, began.timestamp()
