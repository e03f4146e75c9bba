"""Graphs of which an estimate is due, the most urgent first."""

from heapq import heappop, heappush

from bayplan_operator.conductor.record.graph_run import GraphRun

_Urgency = tuple[bool, float]


class ByUrgency:
    """Graphs with a deadline first, then those whose estimate is oldest. With 10,000 of them, none is looked at in vain."""

    def __init__(self) -> None:
        self._graphs: dict[str, GraphRun] = {}
        """By UID."""
        self._heap: list[tuple[_Urgency, str]] = []
        self._pushed: dict[str, _Urgency] = {}
        """By UID, the newest entry of the heap; what it does not say is left over."""

    def __len__(self) -> int:
        return len(self._graphs)

    def add(self, graph: GraphRun) -> None:
        """An estimate of a graph is due. O(log graphs)."""
        uid, urgency = graph.ref.uid, _urgency(graph)
        self._graphs[uid] = graph
        if self._pushed.get(uid) != urgency:
            self._pushed[uid] = urgency
            heappush(self._heap, (urgency, uid))

    def discard(self, uid: str) -> None:
        """None is due of a graph, or it was begun."""
        self._graphs.pop(uid, None)

    @property
    def first(self) -> GraphRun | None:
        """The most urgent; ``None``: there is none. O(log graphs) for each that was discarded since."""
        while self._heap:
            urgency, uid = self._heap[0]
            if self._pushed.get(uid) == urgency and uid in self._graphs:
                return self._graphs[uid]
            heappop(self._heap)
            if self._pushed.get(uid) == urgency:
                del self._pushed[uid]
        return None


def _urgency(graph: GraphRun) -> _Urgency:
    outlook = graph.outlook
    made_at = outlook.forecast.made_at if outlook is not None and outlook.forecast is not None else None
    return graph.known.deadline is None, made_at or graph.decided.accepted_at or 0.0
