"""Handing what a run wants of its existing pods to the writer."""

from collections.abc import Hashable

from bayplan.lifecycle import Wants
from bayplan_operator import metrics
from bayplan_operator.conductor.graph_run import Running
from bayplan_operator.conductor.placing.rejections import Rejections
from bayplan_operator.translate.own_pod import OwnPod
from bayplan_operator.view import PodStore
from bayplan_operator.writer import PodWriter


def act(running: Running, wants: Wants, pods: PodStore, writer: PodWriter, rejections: Rejections, now: float) -> int:
    """Take back, stop, release and forget, as wanted, and end strays. What is already under way is not begun again.

    Answers how many writes were begun.
    """
    begun = 0
    for attempt in wants.take_back:
        own = _own(pods, attempt.key)
        if own is not None and writer.take_back(own):
            begun += 1
            task = int(running.prepared.graph.unit_task[attempt.unit])
            rejections.refused(running.prepared.templates[task].request_class, attempt.node, now)
            metrics.TAKE_BACKS.inc()
    for attempt in wants.stop:
        own = _own(pods, attempt.key)
        begun += own is not None and writer.delete(own)
    for attempt in wants.release:
        own = _own(pods, attempt.key)
        begun += own is not None and writer.release(own)
    for key in running.strays:
        own = pods.own_pod(key)
        if own is not None:
            writer.end(own)
    for attempt in wants.forget:
        own = _own(pods, attempt.key)
        if own is not None:
            pods.retire(own.key)
    return begun


def _own(pods: PodStore, key: Hashable) -> OwnPod | None:
    # A pod that is being created has no state yet; what is wanted of it is wanted again once it has.
    return pods.own_pod(key) if isinstance(key, tuple) else None
