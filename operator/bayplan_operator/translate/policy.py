"""From a PlacementPolicy to the library's strategy."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bayplan.strategy import Strategy, StrategyError, compile_strategy
from bayplan_operator import names
from bayplan_operator.api import validation
from bayplan_operator.api.v1alpha1 import PlacementPolicy, PlacementPolicySpec
from bayplan_operator.translate.pod import Template


class InvalidPolicy(ValueError):
    """The policy cannot be used; the message is one sentence for its author."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A valid policy, compiled."""

    name: str
    spec: PlacementPolicySpec
    strategy: Strategy

    @property
    def direct(self) -> bool:
        """Pods are bound at creation."""
        return self.spec.binding == "Direct"


def compile_policy(raw: Mapping[str, Any]) -> Policy:
    """The policy, ready for use. Raises ``InvalidPolicy``."""
    try:
        policy = PlacementPolicy.model_validate(raw)
    except ValidationError as error:
        raise InvalidPolicy(validation.sentence(error)) from error
    spec = policy.spec
    try:
        strategy = compile_strategy(
            spec.order,
            [(scorer.name, scorer.weight) for scorer in spec.scorers],
            spec.planner.name,
            tuple(sorted(spec.node_selector.items())),
        )
    except StrategyError as error:
        raise InvalidPolicy(f"spec.{error}") from error
    return Policy(policy.metadata.name, spec, strategy)


def objections(policy: Policy, namespace: str, templates: tuple[Template, ...]) -> Iterator[str]:
    """Why the policy does not serve a graph of this namespace with these templates; nothing if it does."""
    serves = policy.spec.serves
    if serves.namespaces and namespace not in serves.namespaces:
        yield f"policy {policy.name} does not serve namespace {namespace}; it serves {', '.join(serves.namespaces)}"
    classes = {names.PRIORITY_CLASS, *serves.priority_class_names}
    for template in {id(each): each for each in templates}.values():
        asked = template.spec.get("priorityClassName", names.PRIORITY_CLASS)
        if asked not in classes:
            yield f"policy {policy.name} does not allow priorityClassName {asked}; it allows {', '.join(sorted(classes))}"
        # The API server still takes the old spelling where the new one is missing.
        account = template.spec.get("serviceAccountName") or template.spec.get("serviceAccount") or "default"
        if serves.service_account_names and account not in serves.service_account_names:
            allowed = ", ".join(serves.service_account_names)
            yield f"policy {policy.name} does not allow serviceAccountName {account}; it allows {allowed}"
