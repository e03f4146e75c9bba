"""What one adaptive policy knows, and which outcomes of graphs are in it.

An outcome is counted once: it gets the next number of its policy, stands with it in the final status of its graph, and is
learned once that is written. The policy's status says up to which number outcomes are in it, and which below that are not, so
that a restarted operator learns exactly those that are missing.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from bayplan.strategy.adaptive import Choice
from bayplan_operator.translate import adaptive_record
from bayplan_operator.translate.policy import CompiledPolicy
from bayplan_operator.view.inbox import Key


class AdaptivePolicy:
    """Of one policy object: of another of the same name nothing is known."""

    def __init__(self, key: Key, uid: str, policy: CompiledPolicy, status: object) -> None:
        """Raises ``ValueError`` where the status was not written by ``adaptive_record``."""
        self.key, self.uid, self.policy = key, uid, policy
        self.bandit, self.counted, self._missing = adaptive_record.read(policy, status)
        self.generation = 0
        self.version = 0
        """The newest resource version that is known of it."""
        self.conditions: list[dict[str, Any]] = []
        """Of the policy, as they were last seen."""
        self.changes = self.written = 0
        """How often something was learned, and how much of that is in the policy's status."""
        self.next_write_at = 0.0
        self._counted_before = self.counted
        self._open: set[int] = set()
        """Numbers given to outcomes that are not in their graphs' status yet."""
        self._under_way: dict[str, str] = {}

    def change(self, policy: CompiledPolicy) -> None:
        """The policy was changed: what was learned of candidates that are the same as before is kept."""
        if (policy.adaptive, adaptive_record.definitions(policy)) != (
            self.policy.adaptive,
            adaptive_record.definitions(self.policy),
        ):
            self.bandit, *_ = adaptive_record.read(policy, self.status())
            self.changes += 1
        self.policy = policy

    def status(self) -> dict[str, Any]:
        """What is to stand in the policy's status."""
        return adaptive_record.write(self.policy, self.bandit, self.counted, self._open)

    def choose(self, generator: np.random.Generator) -> Choice:
        """The candidate of one more graph."""
        return self.bandit.choose(Counter(self._under_way.values()), generator)

    def begin(self, graph: str, candidate: str) -> None:
        """A graph, by UID, is placed by a candidate."""
        self._under_way[graph] = candidate

    def end(self, graph: str) -> None:
        """It is not any more."""
        self._under_way.pop(graph, None)

    def number(self, objective: str, value: float) -> dict[str, Any]:
        """An outcome as it goes into the status of its graph."""
        self.counted += 1
        self._open.add(self.counted)
        return {"policy": self.policy.name, "number": self.counted, "objective": objective, "value": repr(value)}

    def drop(self, outcome: Mapping[str, Any]) -> None:
        """The graph is gone before its outcome could be written."""
        self._open.discard(outcome["number"])

    def learn(self, candidate: str, outcome: Mapping[str, Any]) -> bool:
        """An outcome stands in its graph's status; answers whether another candidate is preferred now.

        To be called once for each graph in the life of this process: what an operator before had counted is left out.
        """
        number, value = outcome.get("number"), _figure(outcome.get("value"))
        if not isinstance(number, int) or isinstance(number, bool) or value is None:
            return False  # edited by hand
        if number not in self._open and number <= self._counted_before and number not in self._missing:
            return False
        self._open.discard(number)
        self.counted = max(self.counted, number)
        self.changes += 1
        same = self.policy.adaptive is not None and outcome.get("objective") == self.policy.adaptive.objective
        return same and candidate in self.bandit.graphs() and self.bandit.observe(candidate, value)


def _figure(text: object) -> float | None:
    try:
        value = float(str(text))
    except ValueError:
        return None
    return value if np.isfinite(value) else None
