"""Whether a pod can be on the nodes that a quota row counts, as far as its own labels say."""

from collections.abc import Iterator
from enum import Enum
from functools import lru_cache

from bayplan.cluster.quotas.limits import QuotaKey
from bayplan.model.workload import RequestClass

Labels = tuple[tuple[str, str], ...]


class Reach(Enum):
    """Of a class of pods and a quota row."""

    NEVER = "its pods cannot be there"
    MAY = "they can be there, and elsewhere"
    ALWAYS = "they can be nowhere else"


@lru_cache(4_096)
def reach(asked: RequestClass, key: QuotaKey) -> Reach:
    """Read from the pod's nodeSelector and from `In` of its required node affinity. O(labels x terms)."""
    ways = [{**named, **dict(asked.node_selector)} for named in _named(asked)]
    if all(_contradicts(way, key.node_selector) for way in ways):
        return Reach.NEVER
    if all(way.items() >= dict(key.node_selector).items() for way in ways):
        return Reach.ALWAYS
    return Reach.MAY


def _named(asked: RequestClass) -> Iterator[dict[str, str]]:
    """For each label of a required term that may have several values, one way per value; at least one way."""
    ways = 0
    for term in asked.required:
        found: list[dict[str, str]] = [{}]
        for each in term.expressions:
            if each.operator == "In" and 0 < len(each.values) * len(found) <= 64:
                found = [{**way, each.key: value} for way in found for value in each.values]
        ways += len(found)
        yield from found
    if not ways:
        yield {}


def _contradicts(way: dict[str, str], selector: Labels) -> bool:
    return any(way.get(label, value) != value for label, value in selector)
