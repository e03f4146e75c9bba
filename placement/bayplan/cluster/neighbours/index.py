"""Which of many selectors select a pod, without trying each of them."""

from collections.abc import Mapping
from typing import Generic, TypeVar

from bayplan.model.neighbour import Neighbour, PodSelector

Matcher = tuple[PodSelector, ...]
"""Pods that all of these select."""
T = TypeVar("T")
_Label = tuple[str, str]
_KNOWN = 1_024
"""Pods of which an answer is kept, at most."""


class SelectorIndex(Generic[T]):
    """Things that are about the pods of a matcher. One that demands values of a label is looked up under them."""

    def __init__(self) -> None:
        self._by_label: dict[_Label, dict[T, Matcher]] = {}
        self._others: dict[T, Matcher] = {}
        self._known: dict[Neighbour, list[T]] = {}
        """What was answered since the things changed: pods of a task are asked about one after the other."""

    def __bool__(self) -> bool:
        return bool(self._by_label or self._others)

    def add(self, matcher: Matcher, thing: T) -> None:
        """The thing is about these pods."""
        self._known.clear()
        labels = demanded(matcher)
        for place in [self._by_label.setdefault(each, {}) for each in labels] if labels else [self._others]:
            place[thing] = matcher

    def remove(self, matcher: Matcher, thing: T) -> None:
        """The thing counts no more."""
        self._known.clear()
        self._others.pop(thing, None)
        for each in demanded(matcher):
            things = self._by_label.get(each, {})
            things.pop(thing, None)
            if not things:
                self._by_label.pop(each, None)

    def about(self, pod: Neighbour, namespaces: Mapping[str, Mapping[str, str]]) -> list[T]:
        """The things about a pod. `namespaces`: the labels of each; once they are others, `forget`."""
        known = self._known.get(pod)
        if known is None:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            known = self._known[pod] = self._about(pod, namespaces)
        return known

    def forget(self) -> None:
        """Any answer may be another now."""
        self._known.clear()

    def _about(self, pod: Neighbour, namespaces: Mapping[str, Mapping[str, str]]) -> list[T]:
        found: list[T] = []
        for label in pod.labels:
            things = self._by_label.get(label)
            if things is not None:
                found += [thing for thing, matcher in things.items() if _selects(matcher, pod, namespaces)]
        if self._others:
            found += [thing for thing, matcher in self._others.items() if _selects(matcher, pod, namespaces)]
        return found


def _selects(matcher: Matcher, pod: Neighbour, namespaces: Mapping[str, Mapping[str, str]]) -> bool:
    for each in matcher:  # noqa: SIM110 - a loop is quicker, and this is asked for each pod that comes or goes
        if not each.matches(pod, namespaces):
            return False
    return True


def demanded(matcher: Matcher) -> list[_Label]:
    """Of the pods of a matcher, each has one of these labels; none: nothing of the kind is demanded."""
    for pods in matcher:
        for each in pods.requirements or ():
            if each.operator == "In":
                return [(each.key, value) for value in dict.fromkeys(each.values)]
    return []
