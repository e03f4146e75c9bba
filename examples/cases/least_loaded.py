"""Tasks of 3, 2, 3, 1, 2 and 2 units come one by one, for resources of capacity 10, 8 and 6.

Greedy, least loaded: each goes where the share in use is smallest with it there. The loads end at 5/10, 5/8 and 3/6.
"""

from dataclasses import dataclass

from bayplan.cluster.cluster import Cluster
from bayplan.core.engine import place
from bayplan.model.workload import NodeInfo, Request, RequestClass
from bayplan.strategy.context import Context
from bayplan.strategy.presets import compile_preset

TASKS, CAPACITIES = (3, 2, 3, 1, 2, 2), (10, 8, 6)


@dataclass(frozen=True, slots=True)
class Step:
    """A task, its resource, and the units in use on all of them after it."""

    units: int
    node: str
    loads: tuple[int, ...]


def solve() -> list[Step]:
    """One request after the other; what is placed occupies its node."""
    cluster, strategy = Cluster(), compile_preset("LeastLoaded")
    loads = {f"c{capacity}": 0 for capacity in CAPACITIES}
    for capacity in CAPACITIES:
        cluster.set_node(NodeInfo(f"c{capacity}", {"cpu": capacity * 1000}))
    steps = []
    for number, units in enumerate(TASKS):
        request = Request(number, RequestClass((("cpu", units * 1000),)))
        (decision,) = place([request], cluster, strategy, Context())
        node = decision.node or ""
        cluster.occupy(number, node, dict(request.request_class.resources))
        loads[node] += units
        steps.append(Step(units, node, tuple(loads.values())))
    return steps


def report() -> str:
    """A line for each task."""
    return "\n".join(f"{step.units} to {step.node}: {_shares(step.loads)}" for step in solve())


def _shares(loads: tuple[int, ...]) -> str:
    return ", ".join(f"{load}/{capacity}" for load, capacity in zip(loads, CAPACITIES, strict=True))


if __name__ == "__main__":
    print(report())
