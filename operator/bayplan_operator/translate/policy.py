"""From a PlacementPolicy to the library's strategy."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bayplan.cluster.filters import Selector
from bayplan.strategy.adaptive import Adaptive
from bayplan.strategy.compile import Named, Strategy, StrategyError, compile_strategy, with_hot
from bayplan.strategy.plugins import NO_PLUGIN, Plugin
from bayplan.strategy.presets import compile_preset
from bayplan_operator import names
from bayplan_operator.api import validation
from bayplan_operator.api.v1alpha1 import (
    Candidate,
    Parameter,
    PlacementPolicy,
    PlacementPolicySpec,
    PlannerChoice,
    ScorerWeight,
)
from bayplan_operator.translate.pod import Template

_PRESET = "Auto"
_ORDER = ("Priority", "CriticalPath", "Age")
_SCORERS = (ScorerWeight(name="BestFit"),)
_PLANNER = PlannerChoice()


class InvalidPolicy(ValueError):
    """The policy cannot be used; the message is one sentence for its author."""


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """A valid policy, compiled."""

    name: str
    spec: PlacementPolicySpec
    strategy: Strategy
    """Of an adaptive policy, that of its first candidate."""
    adaptive: Adaptive | None = None

    def placing(self, candidate: str) -> Strategy:
        """The strategy of a graph: that of its candidate, where the policy is adaptive."""
        return self.adaptive.candidates[candidate] if self.adaptive is not None else self.strategy

    @property
    def direct(self) -> bool:
        """Pods are bound at creation."""
        return self.spec.binding == "Direct"

    @property
    def uses_load(self) -> bool:
        """It goes by the load of the nodes."""
        strategies = self.adaptive.candidates.values() if self.adaptive else (self.strategy,)
        return any(each.uses_load for each in strategies)


def compile_policy(raw: Mapping[str, Any], plugin: Plugin = NO_PLUGIN) -> CompiledPolicy:
    """The policy, ready for use; ``plugin``: what other packages add. Raises ``InvalidPolicy``."""
    try:
        # Its status is ours: even if a user has edited it, the spec may be used.
        policy = PlacementPolicy.model_validate({name: part for name, part in raw.items() if name != "status"})
    except ValidationError as error:
        raise InvalidPolicy(validation.sentence(error)) from error
    spec, selector = policy.spec, tuple(sorted(policy.spec.node_selector.items()))
    try:
        adaptive = _adaptive(spec, selector, plugin)
        strategy = next(iter(adaptive.candidates.values())) if adaptive else _cool(spec, _strategy(spec, selector, plugin))
    except StrategyError as error:
        raise InvalidPolicy(f"spec.{error}") from error
    return CompiledPolicy(policy.metadata.name, spec, strategy, adaptive)


def _adaptive(spec: PlacementPolicySpec, selector: Selector, plugin: Plugin) -> Adaptive | None:
    """Raises ``StrategyError``."""
    said = spec.adaptive
    if said is None:
        return None
    candidates = {}
    for number, each in enumerate(said.candidates):
        try:
            candidates[each.called] = _strategy(each, selector, plugin)
        except StrategyError as error:
            raise StrategyError(f"adaptive.candidates[{number}].{error}") from error
    candidates = {name: _cool(spec, each) for name, each in candidates.items()}
    try:
        return Adaptive(candidates, said.objective, float(said.discount), said.minimum_graphs)
    except ValueError as error:
        raise StrategyError(f"adaptive.{error}") from error


def _strategy(spec: PlacementPolicySpec | Candidate, selector: Selector, plugin: Plugin) -> Strategy:
    """Raises ``StrategyError``."""
    if spec.preset is not None or not (spec.order or spec.scorers or spec.planner):
        return compile_preset(spec.preset or _PRESET, selector, plugin)
    scorers = [Named(each.name, float(each.weight), _values(each.parameters)) for each in spec.scorers or _SCORERS]
    planner = spec.planner or _PLANNER
    return compile_strategy(
        spec.order or _ORDER, scorers, Named(planner.name, parameters=_values(planner.parameters)), selector, plugin
    )


def _cool(spec: PlacementPolicySpec, strategy: Strategy) -> Strategy:
    """Hot nodes are left out, whatever the strategy. Raises ``StrategyError``."""
    return with_hot(strategy, {each.resource: each.share for each in spec.load.hot})


def _values(parameters: tuple[Parameter, ...]) -> dict[str, str]:
    return {each.name: each.value for each in parameters}


def objections(policy: CompiledPolicy, namespace: str, templates: tuple[Template, ...]) -> Iterator[str]:
    """Why the policy does not serve a graph of this namespace with these templates; nothing if it does."""
    serves = policy.spec.serves
    yield from _of_namespace(policy, namespace)
    classes = {names.PRIORITY_CLASS, *serves.priority_class_names}
    for template in {id(each): each for each in templates}.values():
        asked = template.spec.get("priorityClassName", names.PRIORITY_CLASS)
        if asked not in classes:
            yield f"policy {policy.name} does not allow priorityClassName {asked}; it allows {', '.join(sorted(classes))}"
        yield from _of_account(policy, template.spec)


def objections_to_pod(policy: CompiledPolicy, namespace: str, spec: Mapping[str, Any]) -> Iterator[str]:
    """Why the policy does not serve a pod that is no graph's; nothing if it does. Its PriorityClass is not the policy's affair:
    its creator has chosen it."""
    yield from _of_namespace(policy, namespace)
    yield from _of_account(policy, spec)


def _of_namespace(policy: CompiledPolicy, namespace: str) -> Iterator[str]:
    serves = policy.spec.serves
    if serves.namespaces and namespace not in serves.namespaces:
        yield f"policy {policy.name} does not serve namespace {namespace}; it serves {', '.join(serves.namespaces)}"


def _of_account(policy: CompiledPolicy, spec: Mapping[str, Any]) -> Iterator[str]:
    # The API server still takes the old spelling where the new one is missing.
    account, allowed = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default", policy.spec.serves
    if allowed.service_account_names and account not in allowed.service_account_names:
        names_allowed = ", ".join(allowed.service_account_names)
        yield f"policy {policy.name} does not allow serviceAccountName {account}; it allows {names_allowed}"
