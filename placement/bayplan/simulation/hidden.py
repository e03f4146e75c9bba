"""The course of hidden load, and how much longer tasks take by it."""

import math
from bisect import bisect_right
from collections.abc import Iterable

import numpy as np

from bayplan.model.resources import is_device
from bayplan.model.workload import RequestClass
from bayplan.simulation.load import Course, Drawn, HiddenLoad, Steps

_HIDDEN = 4
"""Keeps the draws apart from those for run times and failures."""
_BLOCK = 256


class _Steps:
    def __init__(self, steps: Steps) -> None:
        self._at, self._share = steps.at, steps.share

    def share(self, now: float) -> float:
        number = bisect_right(self._at, now)
        return self._share[number - 1] if number else 0.0

    def until(self, now: float) -> float:
        number = bisect_right(self._at, now)
        return self._at[number] if number < len(self._at) else math.inf

    def least(self, now: float) -> float:
        return min((self.share(now), *self._share[bisect_right(self._at, now) :]))


class _Drawn:
    def __init__(self, drawn: Drawn, key: tuple[int, ...]) -> None:
        self._drawn, self._key = drawn, key
        self._shares: dict[int, list[float]] = {}

    def share(self, now: float) -> float:
        block, place = divmod(self._period(now), _BLOCK)
        shares = self._shares.get(block)
        if shares is None:
            generator = np.random.default_rng([*self._key, block])
            shares = self._shares[block] = generator.uniform(self._drawn.least, self._drawn.most, _BLOCK).tolist()
        return shares[place]

    def until(self, now: float) -> float:
        return (self._period(now) + 1) * self._drawn.every

    def least(self, now: float) -> float:
        return self._drawn.least

    def _period(self, now: float) -> int:
        period = int(now // self._drawn.every)
        # Rounding must not put an instant at which a period begins into the one before.
        return period + 1 if (period + 1) * self._drawn.every <= now else period


class Hidden:
    """Looks courses up, by number of node. What is drawn depends on the seed, the node and the resource alone."""

    def __init__(self, load: HiddenLoad, names: list[str], seed: int) -> None:
        self.resources = sorted({resource for courses in load.nodes.values() for resource in courses})
        self._courses: list[dict[str, _Steps | _Drawn]] = [
            {
                resource: _made(course, (seed, _HIDDEN, number, self.resources.index(resource)))
                for resource, course in load.nodes.get(name, {}).items()
            }
            for number, name in enumerate(names)
        ]
        self._slowing: dict[RequestClass, list[str]] = {}

    def shares(self, now: float) -> Iterable[tuple[int, str, float]]:
        """Node, resource and share of all that there is."""
        for number, courses in enumerate(self._courses):
            for resource, course in courses.items():
                yield number, resource, course.share(now)

    def least(self, now: float) -> Iterable[tuple[int, str, float]]:
        """The same, of the least that each will ever be from now on."""
        for number, courses in enumerate(self._courses):
            for resource, course in courses.items():
                yield number, resource, course.least(now)

    def ends(self, node: int, asked: RequestClass, now: float, seconds: float) -> float:
        """When a task ends that begins now and would take so many seconds by itself. O(changes of load until then)."""
        names = self._slowing.get(asked)
        if names is None:
            names = self._slowing[asked] = [name for name, amount in asked.resources if amount > 0 and _slows(name)]
        courses = [course for name in names if (course := self._courses[node].get(name)) is not None]
        if not courses:
            return now + seconds
        while True:
            speed = 1.0 - max(course.share(now) for course in courses)
            until = min(course.until(now) for course in courses)
            if seconds <= speed * (until - now):
                return now + seconds / speed
            seconds -= speed * (until - now)
            now = until


def _made(course: Course, key: tuple[int, ...]) -> _Steps | _Drawn:
    return _Steps(course) if isinstance(course, Steps) else _Drawn(course, key)


def _slows(resource: str) -> bool:
    return resource == "cpu" or is_device(resource)
