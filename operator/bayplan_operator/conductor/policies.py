"""The policies there are, compiled."""

from collections.abc import Mapping
from typing import Any

from bayplan.plugins import installed
from bayplan_operator.api.validation.words import nearest
from bayplan_operator.conductor import conditions
from bayplan_operator.conductor.graph_run import GraphRun, Problem
from bayplan_operator.inbox import Key
from bayplan_operator.translate.policy import InvalidPolicy, Policy, compile_policy, objections
from bayplan_operator.writer import GraphWriter


class Policies:
    """Keeps the policies, and says in their status whether they can be used. Raises ``PluginError`` when it is made."""

    def __init__(self, writer: GraphWriter) -> None:
        self._writer = writer
        self._plugin = installed()
        self._compiled: dict[str, Policy] = {}
        self._broken: dict[str, str] = {}
        self._untold: dict[Key, tuple[str, dict[str, Any]]] = {}
        """Statuses to be written: UID and body."""

    def take(self, key: Key, raw: Mapping[str, Any] | None, now: float) -> None:
        """A policy is new, has changed, or is gone (``None``)."""
        _, name = key
        self._compiled.pop(name, None)
        self._broken.pop(name, None)
        if raw is None:
            return
        try:
            self._compiled[name] = compile_policy(raw, self._plugin)
        except InvalidPolicy as error:
            self._broken[name] = str(error)
        self._note(key, raw, now)

    def assign(self, graph: GraphRun, policy_name: str) -> None:
        """Give a graph its policy, or say why it has none."""
        policy = self._compiled.get(policy_name)
        problem = None
        if policy is None:
            problem = self._missing(policy_name)
        elif graph.running is not None:
            words = next(objections(policy, graph.ref.namespace, graph.running.prepared.templates), None)
            problem = Problem("PolicyRefuses", words) if words else None
        if (graph.policy, graph.unserved) != (policy, problem):
            graph.policy, graph.unserved = policy, problem
            graph.touched = graph.urgent = True

    def _missing(self, name: str) -> Problem:
        if name in self._broken:
            return Problem("PolicyInvalid", f"spec.policyName: PlacementPolicy {name} cannot be used: {self._broken[name]}")
        advice = nearest(name, sorted(self._compiled), what="PlacementPolicies")
        return Problem("PolicyNotFound", f'spec.policyName is "{name}": there is no such PlacementPolicy; {advice}')

    def _note(self, key: Key, raw: Mapping[str, Any], now: float) -> None:
        name, metadata = key[1], raw["metadata"]
        status = raw.get("status") or {}
        known = [dict(condition) for condition in status.get("conditions") or ()]
        updated = [dict(condition) for condition in known]
        message = self._broken.get(name, "every name and parameter in the spec is known")
        reason = "Invalid" if name in self._broken else "Accepted"
        generation = metadata.get("generation", 0)
        conditions.put(updated, "Accepted", name not in self._broken, reason, message, generation, now)
        if updated != known:
            self._untold[key] = (metadata["uid"], {"observedGeneration": generation, "conditions": updated})

    def tell(self) -> None:
        """Write the statuses that are due, each as soon as no write of it is under way."""
        for key in [key for key in self._untold if not self._writer.busy(key)]:
            uid, body = self._untold.pop(key)
            self._writer.write_status(key, uid, body, lambda version: None)
