"""The three small protocols that carry every allocation strategy, and the strategy that joins them."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import Selector
from bayplan.cluster.hot import Hot
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.decision import Decision
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.declared import dependence
from bayplan.strategy.needs import BY_PLANS, NOTHING, Need, needs_of


class Order(Protocol):
    """Which request goes first. A function, which declares what it goes by: `@needs(Need.PLANS)`, for example."""

    def __call__(self, requests: Sequence[Request], context: Context) -> FloatArray:
        """One key per request, shape (requests,); the lower goes first. Must depend on its arguments only."""
        ...


@dataclass(frozen=True, slots=True)
class FeasiblePlaces:
    """Where a request could go: nodes, and for a fraction of a GPU also the GPU."""

    rows: IntArray
    """Shape (places,): rows of the cluster; a row may appear several times, with different GPUs."""
    devices: IntArray
    """Shape (places,): the GPU that a fraction would come from; -1 where whole GPUs or none are asked for."""


class Scorer(Protocol):
    """Which place is better. Its parameters are its fields."""

    __slots__ = ()

    @property
    def needs(self) -> frozenset[Need]:
        """What it goes by beside the request's class, the row, and what is static of the cluster."""
        return NOTHING

    def depends_on(self, request: Request, context: Context) -> Hashable:
        """On what its scores depend beside the request's class, its task if that is needed, and the row.

        By default what its needs stand for, see `dependence`. A scorer has a method of its own where it looks at more, such as
        `context.now` or `request.duration`, or where its scores change less often than what it needs.
        """
        return dependence(self.needs, request, context)

    def __call__(self, request: Request, cluster: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        """One score per place, shape (places,), from 0 (bad) to 1 (good).

        There is room at all of them. Scores are kept, and made again only for rows whose usage changed, and for all
        once a node came, went or changed otherwise, or `depends_on` answers something else: a row's score may
        depend on its own usage and on what is static of the cluster, never on the usage of other rows.
        Load is of that kind: a row's score depends on its own usage and on `context.load`, which changes as a whole with
        each reading, so that a scorer of load declares `Need.LOAD`.
        """
        ...


class Planner(Protocol):
    """How a batch is assigned. Its parameters are its fields."""

    __slots__ = ()

    @property
    def needs(self) -> frozenset[Need]:
        """What it goes by itself. The order and the scorers declare their own needs."""
        return NOTHING

    @property
    def minds_neighbours(self) -> bool:
        """It places one request after the other, and minds what each means for the pods around the next, and that a gang with a
        topology is in one domain.

        Any other planner is not asked about requests for which pods nearby matter, or such a gang: they are placed greedily
        before.
        """
        return False

    def __call__(self, requests: Sequence[Request], cluster: Cluster, strategy: "Strategy", context: Context) -> list[Decision]:
        """One decision per request, in their order; the cluster is left as it was."""
        ...


@dataclass(frozen=True, slots=True)
class WeightedScorer:
    """A scorer, under its name, and how much it counts beside others."""

    name: str
    scorer: Scorer
    weight: float


@dataclass(frozen=True)
class Scoring:
    """Scorers that count together. Not slotted: its hash is kept, since it is part of a key for every decision."""

    scorers: tuple[WeightedScorer, ...] = ()
    """None: all places are equally good."""
    needs: frozenset[Need] = field(init=False, repr=False, compare=False)
    """Those of all of them."""
    per_task: bool = field(init=False, repr=False, compare=False)
    """One of them needs `Need.PER_TASK`; kept, since it is asked for every decision."""
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keep what all of them need, and the hash."""
        object.__setattr__(self, "needs", NOTHING.union(*(each.scorer.needs for each in self.scorers)))
        object.__setattr__(self, "per_task", Need.PER_TASK in self.needs)
        object.__setattr__(self, "_hash", hash(self.scorers))

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True)
class Strategy:
    """A compiled policy."""

    order: tuple[Order, ...]
    """The first decides which request goes first; each further one decides among those that the ones before hold equal."""
    scoring: Scoring
    planner: Planner
    node_selector: Selector = ()
    """Labels of the nodes that may be used at all."""
    hot: Hot = ()
    """From which estimated load on a node gets nothing more; see `strategy.with_hot`."""

    @property
    def needs(self) -> frozenset[Need]:
        """What its order, scorers and planner go by, and load where it leaves out hot nodes."""
        hot = (Need.LOAD,) if self.hot else ()
        return self.scoring.needs.union(self.planner.needs, hot, *(needs_of(each) for each in self.order))

    @property
    def uses_load(self) -> bool:
        """It goes by how busy nodes are."""
        return Need.LOAD in self.needs

    @property
    def uses_mix(self) -> bool:
        """It goes by what usually arrives, which is learned only for such strategies."""
        return Need.MIX in self.needs

    @property
    def uses_plans(self) -> bool:
        """It goes by plans of whole graphs, always or only where these matter."""
        return not self.needs.isdisjoint(BY_PLANS)

    @property
    def only_if_plans_matter(self) -> bool:
        """It goes by plans, and all of it leaves those alone that could gain nothing."""
        return self.needs & BY_PLANS == {Need.PLANS_IF_THEY_MATTER}
