"""The policies there are, compiled."""

from collections.abc import Mapping
from typing import Any

from bayplan.strategy.plugins import installed
from bayplan_operator.api.validation.words import nearest
from bayplan_operator.conductor.knowledge.load import LoadState
from bayplan_operator.conductor.record import conditions
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.known import Problem
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.translate.policy import CompiledPolicy, InvalidPolicy, compile_policy, objections
from bayplan_operator.view.inbox import Key
from bayplan_operator.writer import GraphWriter

_LOAD = "LoadAvailable"


class Policies(Step):
    """Keeps the policies, and says in their status whether they can be used. Raises ``PluginError`` when it is made."""

    def __init__(self, writer: GraphWriter) -> None:
        self._writer = writer
        self._plugin = installed()
        self._compiled: dict[str, CompiledPolicy] = {}
        self._broken: dict[str, str] = {}
        self.revision = 0
        """Changes with every news of a policy."""
        self._untold: dict[Key, tuple[str, int, dict[str, Any]]] = {}
        """Statuses to be written: UID and body."""
        self._load: LoadState | None = None
        self._go_by_load: dict[str, Mapping[str, Any]] = {}
        """The policies that do, as they were last seen."""

    def take(self, key: Key, raw: Mapping[str, Any] | None, now: float) -> None:
        """A policy is new, has changed, or is gone (``None``)."""
        _, name = key
        self.revision += 1
        self._compiled.pop(name, None)
        self._broken.pop(name, None)
        self._go_by_load.pop(name, None)
        if raw is None:
            return
        try:
            self._compiled[name] = compile_policy(raw, self._plugin)
        except InvalidPolicy as error:
            self._broken[name] = str(error)
        else:
            if self._compiled[name].uses_load:
                self._go_by_load[name] = raw
        self._note(key, raw, now)

    def note_load(self, state: LoadState | None, now: float) -> None:
        """Have the policies that go by load say whether it is known. Costs nothing unless that has changed."""
        if state != self._load:
            self._load = state
            for name, raw in self._go_by_load.items():
                self._note(("", name), raw, now)

    def get(self, name: str) -> CompiledPolicy | None:
        """The policy of that name, if it can be used."""
        return self._compiled.get(name)

    def graces(self) -> set[float]:
        """Seconds of silence after which nodes count as lost, of all policies that can be used."""
        return {each.spec.node_loss_grace for each in self._compiled.values()}

    def assign(self, graph: GraphRun, policy_name: str) -> None:
        """Give a graph its policy, or say why it has none."""
        policy = self._compiled.get(policy_name)
        problem = None
        if policy is None:
            problem = self.missing(policy_name, "spec.policyName")
        elif graph.known.prepared is not None:
            templates = tuple(each for _, each in graph.known.prepared.all_templates)
            words = next(objections(policy, graph.ref.namespace, templates), None)
            problem = Problem("PolicyRefuses", words) if words else None
        graph.known.policy, graph.known.unserved = policy, problem

    def missing(self, name: str, field: str) -> Problem:
        """Why there is no policy of that name that can be used; ``field``: where the name stands."""
        if name in self._broken:
            return Problem("PolicyInvalid", f"{field}: PlacementPolicy {name} cannot be used: {self._broken[name]}")
        advice = nearest(name, sorted(self._compiled), what="PlacementPolicies")
        return Problem("PolicyNotFound", f'{field} is "{name}": there is no such PlacementPolicy; {advice}')

    def _note(self, key: Key, raw: Mapping[str, Any], now: float) -> None:
        name, metadata = key[1], raw["metadata"]
        status = raw.get("status") or {}
        known = [dict(condition) for condition in status.get("conditions") or ()]
        updated = [dict(condition) for condition in known]
        message = self._broken.get(name, "every name and parameter in the spec is known")
        reason = "Invalid" if name in self._broken else "Accepted"
        generation = metadata.get("generation", 0)
        conditions.put(updated, "Accepted", name not in self._broken, reason, message, generation, now)
        if name not in self._go_by_load:
            updated = [condition for condition in updated if condition["type"] != _LOAD]
        elif self._load is not None:
            load = self._load.of(resource for resource, _ in self._compiled[name].strategy.hot)
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
