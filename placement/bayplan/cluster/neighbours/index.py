"""Which of many selectors select a pod, without trying each of them."""

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from bayplan.model.neighbour import Neighbour, PodSelector

Matcher = tuple[PodSelector, ...]
"""Pods that all of these select."""
T = TypeVar("T")
_Label = tuple[str, str]


class SelectorIndex(Generic[T]):
    """Things that are about the pods of a matcher. One that demands values of a label is looked up under them."""

    def __init__(self) -> None:
        self._by_label: dict[_Label, dict[T, Matcher]] = {}
        self._others: dict[T, Matcher] = {}

    def __bool__(self) -> bool:
        return bool(self._by_label or self._others)

    def add(self, matcher: Matcher, thing: T) -> None:
        """The thing is about these pods."""
        labels = _demanded(matcher)
        for place in [self._by_label.setdefault(each, {}) for each in labels] if labels else [self._others]:
            place[thing] = matcher

    def remove(self, matcher: Matcher, thing: T) -> None:
        """The thing counts no more."""
        self._others.pop(thing, None)
        for each in _demanded(matcher):
            things = self._by_label.get(each, {})
            things.pop(thing, None)
            if not things:
                self._by_label.pop(each, None)

    def about(self, pod: Neighbour, namespaces: Mapping[str, Mapping[str, str]]) -> list[T]:
        """The things about a pod. `namespaces`: the labels of each."""
        found = []
        for thing, matcher in self._candidates(pod):
            for each in matcher:
                if not each.matches(pod, namespaces):
                    break
            else:
                found.append(thing)
        return found

    def _candidates(self, pod: Neighbour) -> Iterator[tuple[T, Matcher]]:
        if self._by_label:
            for each in pod.labels:
                if each in self._by_label:
                    yield from self._by_label[each].items()
        yield from self._others.items()


def _demanded(matcher: Matcher) -> list[_Label]:
    """Of the pods of a matcher, each has one of these labels; none: nothing of the kind is known."""
    for pods in matcher:
        for each in pods.requirements or ():
            if each.operator == "In":
                return [(each.key, value) for value in dict.fromkeys(each.values)]
    return []
