"""A plugin's planner that answers what it was told to, whether that is right or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bayplan.cluster.cluster import Cluster
from bayplan.core.changes import Changes, KnowledgeSnapshot
from bayplan.core.decider import Decider
from bayplan.model.decision import Decision, Outcome
from bayplan.model.reasons import Reason
from bayplan.model.workload import Request, RequestClass
from bayplan.strategy.compile import Named, compile_strategy
from bayplan.strategy.context import Context
from bayplan.strategy.plugins import Plugin
from bayplan.strategy.protocols import Strategy
from bayplan.strategy.wish import Wish

SAID = "said the plugin"
Answer = tuple[str, tuple[int, ...]]
"""A node, and which of its GPUs."""


def saying(answers: Mapping[object, Answer], pool: str = "") -> Strategy:
    """A strategy that answers so, by request; the others wait. `pool`: its nodes."""

    @dataclass(frozen=True)
    class Nonsense:
        def __call__(
            self, requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context
        ) -> list[Decision]:
            return [_decision(each, answers.get(each.id)) for each in requests]

    plugin = Plugin(planners={"Nonsense": Nonsense})  # type: ignore[dict-item]
    selector = (("pool", pool),) if pool else ()
    return compile_strategy(["Priority"], [Named("BestFit")], Named("Nonsense"), selector, plugin)


def _decision(request: Request, answer: Answer | None) -> Decision:
    if answer is None:
        return Decision(request.id, None, Reason.NO_CAPACITY, SAID)
    return Decision(request.id, answer[0], None, SAID, answer[1])


def decided(
    on: Cluster,
    strategy: Strategy,
    requests: Sequence[Request],
    knowledge: KnowledgeSnapshot | None = None,
    refused: Mapping[RequestClass, frozenset[str]] | None = None,
) -> Outcome:
    """What a decider makes of it."""
    decider = Decider(on)
    wanted = tuple(Wish(each, strategy, "p") for each in requests)
    decider.update(Changes(wanted, knowledge=knowledge, refused=refused))
    return decider.decide(0.0)
