"""The policies there are, compiled, and which of them places a graph."""

from collections.abc import Mapping
from typing import Any

from bayplan.strategy.plugins import installed
from bayplan_operator.api.validation.words import nearest
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.known import Problem
from bayplan_operator.translate.policy import CompiledPolicy, InvalidPolicy, compile_policy, objections


class KnownPolicies:
    """By name, those that can be used, and what is wrong with the others. Raises ``PluginError`` when it is made."""

    def __init__(self) -> None:
        self._plugin = installed()
        self.compiled: dict[str, CompiledPolicy] = {}
        self.broken: dict[str, str] = {}
        """Why a policy cannot be used."""
        self.revision = 0
        """Changes with every news of a policy."""

    def learn(self, name: str, raw: Mapping[str, Any] | None) -> None:
        """A policy is new, has changed, or is gone (``None``)."""
        self.revision += 1
        self.compiled.pop(name, None)
        self.broken.pop(name, None)
        if raw is None:
            return
        try:
            self.compiled[name] = compile_policy(raw, self._plugin)
        except InvalidPolicy as error:
            self.broken[name] = str(error)

    def get(self, name: str) -> CompiledPolicy | None:
        """The policy of that name, if it can be used."""
        return self.compiled.get(name)

    def graces(self) -> set[float]:
        """Seconds of silence after which nodes count as lost, of all policies that can be used."""
        return {each.spec.node_loss_grace for each in self.compiled.values()}

    def assign(self, graph: GraphRun, policy_name: str) -> None:
        """Give a graph its policy, or say why it has none."""
        policy = self.compiled.get(policy_name)
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
        if name in self.broken:
            return Problem("PolicyInvalid", f"{field}: PlacementPolicy {name} cannot be used: {self.broken[name]}")
        advice = nearest(name, sorted(self.compiled), what="PlacementPolicies")
        return Problem("PolicyNotFound", f'{field} is "{name}": there is no such PlacementPolicy; {advice}')
