"""What the API server says of pod templates, and what that means to the graphs that use them."""

from bayplan_operator.conductor.graphs.serving import Serving
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.conductor.templates.checker import Checker


class TakeAnswers(Step):
    """Takes in answers, goes on with the graphs that waited for them, and asks what is still to be asked."""

    def __init__(self, checker: Checker, serving: Serving) -> None:
        self._checker, self._serving = checker, serving

    def step(self, tick: Tick) -> None:
        """O(graphs that use the templates of which there are news, and the tasks of each)."""
        for graph in tick.graphs.opened([each.ref.uid for each in self._checker.concerned(tick.now)]):
            graph.call()
            tick.graphs.guarded(graph, tick.now, self._serving.serve)
            tick.graphs.due([graph.ref.uid])
        self._checker.ask(tick.now)

    def next_time(self, now: float) -> float | None:
        """When something may be asked, or a graph has waited for long enough."""
        return self._checker.next_time(now)

    def forget(self, uid: str) -> None:
        """The graph asks for nothing any more."""
        self._checker.forget(uid)
