"""Five tasks of cost 10, 20, 30, 40, 50 on five resources of capacity 2, 4, 6, 8, 10, one to each.

Task i on resource j costs cost x capacity. Task i on resource i costs 20 + 80 + 180 + 320 + 500 = 1,100. The cheapest is
the other way round, dear tasks on small resources: 700, by the rearrangement inequality.
"""

from dataclasses import dataclass

from bayplan.cluster.cluster import Cluster
from bayplan.core.engine import place
from bayplan.model.workload import NodeInfo, Request, RequestClass
from bayplan.strategy.compile import Named, Strategy, compile_strategy
from bayplan.strategy.context import Context
from bayplan.strategy.presets import compile_preset

COSTS, CAPACITIES = (10, 20, 30, 40, 50), (2, 4, 6, 8, 10)
ONE = RequestClass((("pods", 1),))


@dataclass(frozen=True, slots=True)
class Answer:
    """Which task is on which resource, and what that costs."""

    places: dict[str, str]
    cost: int


def solve(strategy: Strategy) -> Answer:
    """A resource is a node for one pod, its capacity the price of an hour; a task's cost is its hours."""
    cluster = Cluster()
    for capacity in CAPACITIES:
        cluster.set_node(NodeInfo(f"r{capacity}", {"pods": 1}, cost=capacity))
    tasks = [Request(f"t{cost}", ONE, task=f"t{cost}", duration=cost * 3600.0) for cost in COSTS]
    places = {str(each.request_id): each.node or "" for each in place(tasks, cluster, strategy, Context())}
    return Answer(places, sum(int(task[1:]) * int(node[1:]) for task, node in places.items()))


def identity() -> Strategy:
    """Each task on the resource of its own number."""
    same = {f"t{cost}": f"r{capacity}" for cost, capacity in zip(COSTS, CAPACITIES, strict=True)}
    return compile_strategy(["Age"], [Named("BestFit")], Named("Static", parameters=same))


def report() -> str:
    """Both ways."""
    lines = [_line("task i on resource i", solve(identity())), _line("the least cost", solve(compile_preset("LeastCost")))]
    return "\n".join(lines)


def _line(name: str, answer: Answer) -> str:
    return f"{name}: {answer.cost} ({', '.join(f'{task} on {node}' for task, node in answer.places.items())})"


if __name__ == "__main__":
    print(report())
