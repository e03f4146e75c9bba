"""Places in the line, counted in graphs: which each has, and who is ahead in words."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GraphPlace:
    """Of the first request of a graph."""

    position: int
    """From 1."""
    ahead: str
    """How many graphs are ahead; those of other namespaces are counted, not named."""


def age_in_figures(points: float) -> str:
    """To two decimals, such as `3.5`."""
    return f"{round(points, 2):.6g}"


def share_in_figures(share: float | None) -> str | None:
    """To three digits; `None`: shares are not compared."""
    return None if share is None else f"{share:.3g}"


def places(line: Iterable[tuple[Hashable, str]]) -> Iterator[GraphPlace | None]:
    """Of each unit, the place of its graph; `None`: a unit of the same graph is ahead. O(units).

    `line`: per unit, in line order, its graph and the namespace of that.
    """
    seen: set[Hashable] = set()
    ahead: Counter[str] = Counter()
    """By namespace."""
    for graph, namespace in line:
        if graph in seen:
            yield None
            continue
        own = ahead[namespace]
        yield GraphPlace(len(seen) + 1, _in_words(own, len(seen) - own, len(ahead) - (1 if own else 0)))
        seen.add(graph)
        ahead[namespace] += 1


def _in_words(own: int, others: int, namespaces: int) -> str:
    """`others`: graphs of so many other namespaces."""
    parts = []
    if own:
        parts.append(f"{_counted(own, 'graph')} of this namespace")
    if others:
        parts.append(f"{_counted(others, 'graph')} of {_counted(namespaces, 'other namespace')}")
    if not parts:
        return "no graph is ahead"
    return f"{' and '.join(parts)} {'is' if own + others == 1 else 'are'} ahead"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
