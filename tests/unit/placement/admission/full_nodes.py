"""Full nodes, what waits for them, and when that is said to start."""

from __future__ import annotations

import numpy as np

from bayplan.admission.starts.expected import Foretold, foretold
from bayplan.admission.tree import QueueTree
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.occupant import Tenant
from bayplan.model.run_law import RunLaw
from bayplan.model.workload import Gang, Request
from bayplan.strategy.wish import Wish
from tests.unit.placement.building import BEST_FIT, asking, cluster, node

LAW = RunLaw(100.0, 0.5)


class Cluster:
    """Nodes of eight cores that are full of pods, and what waits."""

    def __init__(self, nodes: int, tree: QueueTree, seed: int = 0, queue: str = "q", law: RunLaw | None = LAW) -> None:
        self.cluster = cluster(*(node(f"n{n}", 8, 0) for n in range(nodes)))
        self.decider = Decider(self.cluster, seed=1)
        self.decider.update(Changes(queues=tree))
        self.ends: dict[object, float] = {}
        self.draws = np.random.default_rng(seed)
        for number in range(nodes * 8):
            self.occupy(("old", number), f"n{number // 8}", queue, law, -float(self.draws.uniform(0, 50)))

    def drawn(self, elapsed: float = 0.0) -> float:
        """A run that has lasted so long."""
        while True:
            found = float(LAW.median * np.exp(LAW.sigma * self.draws.standard_normal()))
            if found > elapsed:
                return found

    def occupy(self, key: object, where: str, queue: str | None, law: RunLaw | None, since: float) -> None:
        self.cluster.occupy(key, where, {"cpu": 1000}, tenant=Tenant(queue=queue, since=since, run=law))
        self.ends[key] = since + self.drawn(-since if since < 0 else 0.0)

    def want(self, *requests: Request) -> None:
        self.decider.update(Changes(tuple(Wish(each, BEST_FIT) for each in requests)))

    def told(self, now: float = 0.0) -> list[Foretold]:
        self.decider.decide(now)
        return foretold(self.decider.snapshot(now), seed=5)

    def starts(self) -> dict[object, float]:
        """What really happens."""
        found: dict[object, float] = {}
        while len(self.decider):
            key = min(self.ends, key=lambda each: self.ends[each])
            now = self.ends.pop(key)
            self.cluster.vacate(key)
            asked = {id_: wish.request for id_, wish in self.decider.wishes.items()}
            for each in self.decider.decide(now).placements:
                found[each.request_id] = now
                self.occupy(each.request_id, each.node or "", asked[each.request_id].queue, asked[each.request_id].run, now)
        return found


def request(id_: object, queue: str = "q", **fields: object) -> Request:
    law = fields.pop("run", LAW)
    return Request(id_, asking(1), queue=queue, run=law, arrival=(fields.pop("at", 0.0), str(id_)), **fields)  # type: ignore[arg-type]


def gang(name: str, members: int) -> list[Request]:
    return [request((name, n), gang=Gang(name), at=-1.0) for n in range(members)]
