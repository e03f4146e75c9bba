"""The policies there are, and what their statuses say."""

from collections.abc import Mapping
from typing import Any

from bayplan_operator.conductor.knowledge.load import LoadState
from bayplan_operator.conductor.placing.known_policies import KnownPolicies
from bayplan_operator.conductor.record import conditions
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.view.inbox import Key
from bayplan_operator.writer import GraphWriter

_LOAD = "LoadAvailable"


class Policies(KnownPolicies, Step):
    """Says in their status whether they can be used. Raises ``PluginError`` when it is made."""

    def __init__(self, writer: GraphWriter) -> None:
        super().__init__()
        self._writer = writer
        self._untold: dict[Key, tuple[str, int, dict[str, Any]]] = {}
        """Statuses to be written: UID and body."""
        self._load: LoadState | None = None
        self._go_by_load: dict[str, Mapping[str, Any]] = {}
        """The policies that do, as they were last seen."""

    def take(self, key: Key, raw: Mapping[str, Any] | None, now: float) -> None:
        """A policy is new, has changed, or is gone (``None``)."""
        _, name = key
        self.learn(name, raw)
        self._go_by_load.pop(name, None)
        if raw is None:
            return
        if name in self.compiled and self.compiled[name].uses_load:
            self._go_by_load[name] = raw
        self._note(key, raw, now)

    def note_load(self, state: LoadState | None, now: float) -> None:
        """Have the policies that go by load say whether it is known. Costs nothing unless that has changed."""
        if state != self._load:
            self._load = state
            for name, raw in self._go_by_load.items():
                self._note(("", name), raw, now)

    def _note(self, key: Key, raw: Mapping[str, Any], now: float) -> None:
        name, metadata = key[1], raw["metadata"]
        status = raw.get("status") or {}
        known = [dict(condition) for condition in status.get("conditions") or ()]
        updated = [dict(condition) for condition in known]
        message = self.broken.get(name, "every name and parameter in the spec is known")
        reason = "Invalid" if name in self.broken else "Accepted"
        generation = metadata.get("generation", 0)
        conditions.put(updated, "Accepted", name not in self.broken, reason, message, generation, now)
        if name not in self._go_by_load:
            updated = [condition for condition in updated if condition["type"] != _LOAD]
        elif self._load is not None:
            load = self._load.of(resource for resource, _ in self.compiled[name].strategy.hot)
            conditions.put(updated, _LOAD, load.available, load.reason, load.message, generation, now)
        if updated != known:
            body = {"observedGeneration": generation, "conditions": updated}
            self._untold[key] = (metadata["uid"], int(metadata["resourceVersion"]), body)
        else:
            self._untold.pop(key, None)

    def step(self, tick: Tick) -> None:
        """Write the statuses that are due, each as soon as no write of it is under way."""
        for key in [key for key in self._untold if not self._writer.busy(key)]:
            uid, version, body = self._untold.pop(key)
            self._writer.write_status(key, uid, body, lambda _: None, version)
