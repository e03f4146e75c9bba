"""Four units c1 to c4, each able to do e = 1, and two tasks that do well on different ones.

f(t1, c1) = 2, f(t1, c2) = 1.5, f(t2, c3) = 1.2, f(t2, c4) = 1.8. The largest sum of f/e has t1 on c1 and t2 on c4: 3.8.
"""

from dataclasses import dataclass

from bayplan.cluster.cluster import Cluster
from bayplan.core.engine import place
from bayplan.knowledge.efficiency import Efficiency
from bayplan.model.constraints import Requirement, Term
from bayplan.model.workload import NodeInfo, Request, RequestClass
from bayplan.strategy.compile import Named, compile_strategy
from bayplan.strategy.context import Context

VALUES = {("t1", "c1"): 2.0, ("t1", "c2"): 1.5, ("t2", "c3"): 1.2, ("t2", "c4"): 1.8}
EFFICIENCY = Efficiency(VALUES, {unit: 1.0 for _, unit in VALUES})


@dataclass(frozen=True, slots=True)
class Answer:
    """Which task is on which unit, and the sum of f/e."""

    places: dict[str, str]
    value: float


def solve(planner: str = "Assignment") -> Answer:
    """Every unit is a node of a class of its own, for one pod; a task may go where its f is known."""
    cluster = Cluster()
    for _, unit in VALUES:
        cluster.set_node(NodeInfo(unit, {"pods": 1}, {"unit": unit}, node_class=unit))
    requests = [Request(task, _on([unit for each, unit in VALUES if each == task]), task=task) for task in ("t1", "t2")]
    strategy = compile_strategy(["Age"], [Named("BestFit")], Named(planner, parameters={"objective": "Efficiency"}))
    decisions = place(requests, cluster, strategy, Context(efficiency=EFFICIENCY))
    places = {str(each.request_id): each.node or "" for each in decisions}
    return Answer(places, sum(EFFICIENCY.of(task, unit) or 0.0 for task, unit in places.items()))


def _on(units: list[str]) -> RequestClass:
    return RequestClass((("pods", 1),), required=(Term((Requirement("unit", "In", tuple(units)),)),))


def report() -> str:
    """The answer."""
    answer = solve()
    places = ", ".join(f"{task} on {unit} ({VALUES[task, unit]:g})" for task, unit in answer.places.items())
    return f"{places}; value {answer.value:g}"


if __name__ == "__main__":
    print(report())
