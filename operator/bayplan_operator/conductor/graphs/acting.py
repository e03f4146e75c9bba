"""Handing what a run wants of its existing pods to the writer."""

from collections.abc import Hashable

from bayplan.lifecycle import Attempt, Wants
from bayplan_operator import metrics
from bayplan_operator.conductor.placing.near_data import asked_by
from bayplan_operator.conductor.placing.rejections import Rejections
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.translate.own_pod import OwnPod, asked_about
from bayplan_operator.view import PodStore
from bayplan_operator.writer import PodWriter


class Actor:
    """Takes back, stops, releases and forgets."""

    def __init__(self, pods: PodStore, writer: PodWriter, rejections: Rejections) -> None:
        self._pods, self._writer, self._rejections = pods, writer, rejections

    def act(self, running: Running, wants: Wants, now: float) -> int:
        """As wanted; strays are ended. What is already under way is not begun again. Answers how many writes were begun."""
        begun = sum(self._take_back(running, attempt, now) for attempt in wants.take_back)
        for attempt in wants.stop:
            own = _own(self._pods, attempt.key)
            begun += own is not None and self._writer.delete(own)
        for attempt in wants.release:
            own = _own(self._pods, attempt.key)
            begun += own is not None and self._writer.release(own)
        for key in running.seen.strays:
            own = self._pods.own_pod(key)
            if own is not None:
                self._writer.end(own)
        for attempt in wants.forget:
            own = _own(self._pods, attempt.key)
            if own is not None:
                self._pods.retire(own.key)
        return begun

    def _take_back(self, running: Running, attempt: Attempt, now: float) -> bool:
        own = _own(self._pods, attempt.key)
        if own is None or not self._writer.take_back(own):
            return False
        for node in asked_about(own):
            self._rejections.refused(asked_by(running, attempt.unit), node, now)
        metrics.TAKE_BACKS.inc()
        return True


def _own(pods: PodStore, key: Hashable) -> OwnPod | None:
    # A pod that is being created has no state yet; what is wanted of it is wanted again once it has.
    return pods.own_pod(key) if isinstance(key, tuple) else None
