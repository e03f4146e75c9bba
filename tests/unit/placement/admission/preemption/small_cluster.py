"""A cluster of nodes with GPUs, two queues, and what runs and waits there."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from bayplan.admission.preemption.rules import Preemption, Reclaim, WithinQueue
from bayplan.admission.queue import Queue, QuotaRow
from bayplan.admission.tree import QueueTree, tree_of
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.quotas import QuotaKey
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.decision import Outcome
from bayplan.model.occupant import Tenant
from bayplan.model.stake import Stake
from bayplan.model.workload import Gang, NodeInfo, Request, RequestClass
from bayplan.strategy.presets import compile_preset
from bayplan.strategy.wish import Wish

GPU = QuotaKey("gpu")
BOTH = Preemption(WithinQueue.LOWER_PRIORITY, Reclaim.ANY)


def two_queues(a: Preemption = BOTH, b: Preemption = BOTH, nominal: tuple[int, int] = (4, 4)) -> QueueTree:
    """Of one parent, each with its nominal quota."""
    rows = [(QuotaRow(GPU, each),) for each in nominal]
    return tree_of([Queue("all"), Queue("a", "all", rows[0], preemption=a), Queue("b", "all", rows[1], preemption=b)])


class SmallCluster:
    """What is placed occupies its node; what is evicted stays until it is told to go."""

    def __init__(self, tree: QueueTree, sizes: tuple[int, ...] = (8,), policy: str = "BestFit") -> None:
        self.cluster, self.now = Cluster(), 1_000.0
        for number, size in enumerate(sizes):
            self.cluster.set_node(NodeInfo(f"n{number}", {"gpu": size}))
        self.tree, self.policy = tree, compile_preset(policy)
        self.decider = Decider(self.cluster)
        self.decider.update(Changes(queues=tree))
        self.wishes: dict[Hashable, Wish] = {}

    def runs(self, name: str, queue: str, gpus: int, node: str = "n0", **known: Any) -> None:
        """A pod runs. `known`: of its stake, and priority, since and expected_end of its tenant."""
        since = known.pop("since", self.now - 100.0)
        tenant = Tenant(
            graph=name,
            queue=queue,
            priority=known.pop("priority", 0),
            since=since,
            expected_end=known.pop("expected_end", None),
            stake=Stake(known.pop("unit", name), started=known.pop("started", since), **known),
        )
        self.cluster.occupy(name, node, {"gpu": gpus}, None, tenant)

    def wants(self, name: str, queue: str, gpus: int, *, members: int = 1, **known: Any) -> None:
        """A pod, or a gang, wants a place."""
        gang = Gang(name) if members > 1 else None
        wishes = []
        for number in range(members):
            id_ = name if members == 1 else (name, number)
            request = Request(id_, RequestClass((("gpu", gpus),)), arrival=(self.now,), gang=gang, queue=queue, **known)
            wishes.append(Wish(request, self.policy, "p"))
            self.wishes[id_] = wishes[-1]
        self.decider.update(Changes(tuple(wishes)))

    def decide(self, seconds: float = 1.0) -> Outcome:
        """After some time; placements are acted on."""
        self.now += seconds
        found = self.decider.decide(self.now)
        for each in found.placements:
            request = self.wishes[each.request_id].request
            tenant = Tenant("g", queue=request.queue, priority=request.priority, since=self.now, stake=Stake(each.request_id))
            self.cluster.occupy(each.request_id, each.node or "", dict(request.request_class.resources), None, tenant)
        return found

    def evicted(self, outcome: Outcome) -> set[Hashable]:
        """What is to leave."""
        return {each.occupant for each in outcome.evictions}

    def placed(self, outcome: Outcome) -> set[Hashable]:
        """What got its place."""
        return {each.request_id for each in outcome.placements}
