"""Pods of graphs that are over or gone: nothing is decided about them any more, but their finalizers must end."""

from collections.abc import Callable, Iterable

from bayplan_operator import names
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.translate.own_pod import OwnPod
from bayplan_operator.view import PodStore
from bayplan_operator.view.inbox import Key
from bayplan_operator.writer import GraphWriter, PodWriter


class Leftovers(Step):
    """Releases pods whose graph is gone, being deleted, or has its end recorded."""

    def __init__(self, pods: PodStore, pod_writer: PodWriter, graph_writer: GraphWriter, wake: Callable[[], None]) -> None:
        self._pods = pods
        self._pod_writer = pod_writer
        self._graph_writer = graph_writer
        self._wake = wake
        self._gone: set[str] = set()
        self._alive: set[str] = set()
        self._suspects: dict[str, None] = {}
        """UIDs of graphs that may be over or gone, and have pods as far as is known."""

    def suspect(self, uids: Iterable[str]) -> None:
        """Something has changed of these graphs, or of their pods."""
        self._suspects.update(dict.fromkeys(uids))

    def step(self, tick: Tick) -> None:
        """One pass over the graphs that may be over: O(their pods)."""
        for uid in list(self._suspects):
            graph = tick.graphs.by_uid.get(uid)
            if not self._pods.has_own(uid):
                self._gone.discard(uid)
                del self._suspects[uid]
            elif graph is None or graph.known.deleting:
                self._of_missing(uid)
            else:
                del self._suspects[uid]
                if graph.decided.ended and graph.known.stale_pods:
                    graph.known.stale_pods = False
                    self._of_ended(uid)

    def _of_missing(self, uid: str) -> None:
        if uid not in self._gone:
            self._ask(uid)
            return
        for own in list(self._pods.own(uid)):
            if own.held:
                self._pod_writer.release(own)
            else:
                self._pods.retire(own.key)  # the garbage collector's from here on

    def _ask(self, uid: str) -> None:
        """Nothing is released on hearsay: the API server itself must say that the graph is gone."""
        if uid in self._alive:
            return
        own = next(self._pods.own(uid))
        key = _graph_key(own)
        if key is None:
            self._gone.add(uid)  # a pod that carries our finalizer and names no graph belongs to none
            self._wake()
            return

        def answered(alive: bool) -> None:
            if alive:
                self._alive.add(uid)  # the watch is behind; it will bring the graph
            else:
                self._gone.add(uid)
            self._wake()

        self._graph_writer.ask(key, uid, answered)

    def forget_answers(self) -> None:
        """Ask again: called when the kinds have been listed."""
        self._alive.clear()
        self.suspect(self._pods.graphs_with_pods())

    def _of_ended(self, uid: str) -> None:
        for own in list(self._pods.own(uid)):
            if own.terminal and not own.held:
                self._pods.retire(own.key)
            else:
                self._pod_writer.end(own)


def _graph_key(own: OwnPod) -> Key | None:
    for owner in own.pod.metadata.owner_references:
        if owner.uid == own.graph_uid:
            return own.pod.metadata.namespace, owner.name
    name = own.pod.metadata.labels.get(names.LABEL_GRAPH)
    return (own.pod.metadata.namespace, name) if name else None
