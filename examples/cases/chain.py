"""A chain T1 -> T2 -> T3 of 5, 10 and 15 seconds, due at 6, 14 and 30.

It ends at 5, 15 and 30: T2 is one second late, whatever is done, so the sum of max(end - due, 0) is 1.
"""

from dataclasses import dataclass

from bayplan.cluster.cluster import Cluster
from bayplan.core.engine import place
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, Request, RequestClass
from bayplan.strategy.context import Context
from bayplan.strategy.presets import compile_preset

GRAPH = Graph.build([Task("T1", duration=5), Task("T2", ("T1",), duration=10), Task("T3", ("T2",), duration=15)])
DUE = {"T1": 6.0, "T2": 14.0, "T3": 30.0}
ONE = RequestClass((("pods", 1),))


@dataclass(frozen=True, slots=True)
class Run:
    """When a task started and ended, and how late that was."""

    task: str
    start: float
    end: float

    @property
    def tardiness(self) -> float:
        """Seconds after it was due."""
        return max(self.end - DUE[self.task], 0.0)


def solve() -> list[Run]:
    """Whenever a task has ended, what waits for it only is placed; the node takes one at a time."""
    cluster, strategy = Cluster(), compile_preset("LeastSlack")
    cluster.set_node(NodeInfo("n", {"pods": 1}))
    runs: list[Run] = []
    rank, now = GRAPH.upward_rank(), 0.0
    while len(runs) < len(GRAPH.tasks):
        ended = {run.task for run in runs}
        ready = [each for each in GRAPH.tasks if each.name not in ended and ended.issuperset(each.depends_on)]
        requests = [
            Request(each.name, ONE, critical_path=float(rank[GRAPH.index[each.name]]), deadline=DUE[each.name])
            for each in ready
        ]
        for each, decision in zip(ready, place(requests, cluster, strategy, Context(now=now)), strict=True):
            if decision.node is not None:
                runs.append(Run(each.name, now, now + each.duration))
                now = runs[-1].end
    return runs


def report() -> str:
    """A line for each task, and the sum."""
    runs = solve()
    lines = [f"{run.task}: {run.start:g} to {run.end:g}, due {DUE[run.task]:g}, late {run.tardiness:g}" for run in runs]
    bound = GRAPH.lower_bound(1)
    lines.append(
        f"ends at {runs[-1].end:g}, no earlier is possible than {bound:g}; tardiness {sum(r.tardiness for r in runs):g}"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
