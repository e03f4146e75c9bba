"""What usually arrives, for strategies that keep room for it."""

from collections.abc import Sequence
from functools import partial

from bayplan.cluster.cluster import Cluster
from bayplan.core.background import Background, Done
from bayplan.knowledge.arrivals import Arrivals, MixModel, mix_model
from bayplan.model.workload import RequestClass
from bayplan.strategy.protocols import Strategy


class Learning:
    """Counts arrivals, and has the model made again whenever the operator would."""

    def __init__(self, strategies: Sequence[Strategy], seed: int, beside: Background) -> None:
        self._wanted = any(each.uses_mix for each in strategies)
        """Otherwise the work is spared."""
        self._arrivals = Arrivals()
        self._seed, self._beside = seed, beside
        self.model: MixModel | None = None
        """None: nothing is known yet."""

    def count(self, request_class: RequestClass) -> None:
        """A shard wants a place for the first time."""
        if self._wanted:
            self._arrivals.count(request_class)

    def step(self, cluster: Cluster) -> None:
        """At the end of a tick, for the next."""
        if self._wanted and self._arrivals.due:
            self._beside.begin(partial(mix_model, self._arrivals.take(), cluster, self._seed), self._built)

    def _built(self, done: Done[MixModel]) -> None:
        self.model = done.answer()
