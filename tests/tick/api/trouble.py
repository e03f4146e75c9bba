"""What goes wrong between the API server and a client, ordered by a test."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from tests.tick.api.refusal import Refusal


class Loss(Enum):
    """What becomes of a request whose connection breaks."""

    REQUEST = "it never arrives"
    ANSWER = "it is done, but the answer is lost"
    TIME = "it never arrives, and the connection stays open without a word"


@dataclass(slots=True)
class _Order:
    method: str
    path: re.Pattern[str]
    what: Refusal | Loss
    times: int


class Trouble:
    """Orders in the order in which they were given; the first that matches a request is carried out."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []
        self.met = 0
        """Requests that met with some."""

    def order(self, method: str, path: str, what: Refusal | Loss, times: int = 1) -> None:
        """So many requests of the method, whose path holds a match of this expression, are answered so.

        A dry run's ends with `?dryRun`.
        """
        self._orders.append(_Order(method, re.compile(path), what, times))

    def forget(self) -> None:
        """From now on all goes well."""
        self._orders.clear()

    def of(self, method: str, path: str) -> Refusal | Loss | None:
        """What this request meets with."""
        for order in self._orders:
            if order.times and order.method == method and order.path.search(path):
                order.times -= 1
                self.met += 1
                return order.what
        return None
