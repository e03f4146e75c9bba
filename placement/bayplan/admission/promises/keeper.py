"""How much has to stay free for places that are kept."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from bayplan.model.gpu import GpuAsk


class Keeper(Protocol):
    """What keeps room."""

    @property
    def queue(self) -> int:
        """The number of the queue that it is for."""
        ...

    @property
    def asks(self) -> Mapping[int, tuple[tuple[int, int], ...]]:
        """By row of the cluster, what is to be there: column and amount."""
        ...

    @property
    def gpus(self) -> Sequence[tuple[int, GpuAsk, tuple[int, ...]]]:
        """Row and GPUs, where it is known which."""
        ...

    @property
    def quotas(self) -> Mapping[int, int]:
        """By number of a quota row, what is asked of it."""
        ...

    @property
    def blockers(self) -> Collection[Hashable]:
        """Keys of the occupants that have to leave."""
        ...

    @property
    def quota_blockers(self) -> Collection[Hashable]:
        """Those of them whose part of quotas stands for what is asked there as long as they are there."""
        ...

    @property
    def at(self) -> float:
        """When it has its places, in seconds since the epoch."""
        ...

    @property
    def after(self) -> Sequence[object]:
        """What else keeps room and will have given it back before."""
        ...


K = TypeVar("K", bound=Keeper)
Where = TypeVar("Where", bound=Hashable)


class Kept(NamedTuple, Generic[K, Where]):
    """Amounts by where they are: on nodes, or in quotas."""

    asks: Callable[[K], Mapping[Where, int]]
    blockers: Callable[[K], Collection[Hashable]]
    left: Callable[[Collection[Hashable]], Mapping[Where, int]]
    """What becomes free when these have left."""
    kept: Callable[[object], Mapping[Where, int]]
    """What is kept for one by now, be it of these or what it waits for."""


def still_to_keep(promise: K, others: Sequence[K], of: Kept[K, Where]) -> dict[Where, int]:
    """What has to stay free for one, beside what is kept for others already.

    `others`: they wait for some of the same, and will run beside it. What leaves can be had only once: by the instant of each,
    what is kept and what has left must do for all that have their places by then.
    """
    asked, most = of.asks(promise), dict[Where, int]()
    for at in {promise.at, *(each.at for each in others if each.at > promise.at)}:
        there = [promise, *(each for each in others if each.at <= at)]
        left = of.left(set[Hashable]().union(*map(of.blockers, there)))
        asks = list(map(of.asks, there))
        for where in asked:
            need = sum(each.get(where, 0) for each in asks) - left.get(where, 0)
            most[where] = max(most.get(where, 0), need)
    for each in (*others, *promise.after):
        for where, amount in of.kept(each).items():
            if where in most:
                most[where] -= amount
    return {where: amount for where, amount in most.items() if amount > 0}
