"""From a Queue to the library's queue, and from amounts of quotas to text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bayplan.admission.preemption.rules import Preemption, Reclaim, WithinQueue
from bayplan.admission.queue import Ageing, Queue, QuotaRow, StopPolicy
from bayplan.cluster.quotas import QuotaKey
from bayplan.model.constraints import Requirement
from bayplan.model.gpu import WHOLE
from bayplan.model.neighbour import Neighbour, PodSelector
from bayplan.model.resources import LARGEST
from bayplan_operator import names
from bayplan_operator.api import validation
from bayplan_operator.api.quantity import CPU, parse_exact
from bayplan_operator.api.v1alpha1 import DEFAULT_QUEUE, NamespaceSelector, QueueSpec, Quota
from bayplan_operator.api.v1alpha1 import Queue as QueueObject
from bayplan_operator.translate.gpus import WHOLE_GPUS

NamespaceLabels = Mapping[str, Mapping[str, str]]
"""Of each namespace."""

_BINARY = tuple((1024**power, f"{letter}i") for power, letter in reversed(list(enumerate("KMGTPE", start=1))))


class InvalidQueue(ValueError):
    """The queue cannot be used; the message is one sentence for its author."""


@dataclass(frozen=True, slots=True)
class CompiledQueue:
    """A valid queue, ready for use."""

    queue: Queue
    namespaces: tuple[Requirement, ...] | None = None
    """Conditions on the labels of namespaces that may use it; none: every namespace; `None`: no namespace."""

    def allows(self, namespace: str, labels: NamespaceLabels) -> bool:
        """Whether a namespace may use it."""
        return PodSelector((), frozenset(), self.namespaces).matches(Neighbour(namespace), labels)


OPEN_DEFAULT = CompiledQueue(Queue(DEFAULT_QUEUE), ())
"""The queue of graphs that name none, where there is no such object."""


def compile_queue(raw: Mapping[str, Any]) -> CompiledQueue:
    """The queue, ready for use. Raises `InvalidQueue`."""
    try:
        # Its status is ours: even if a user has edited it, the spec may be used.
        found = QueueObject.model_validate({name: part for name, part in raw.items() if name != "status"})
    except ValidationError as error:
        raise InvalidQueue(validation.sentence(error)) from error
    spec = found.spec
    try:
        queue = Queue(
            found.metadata.name,
            spec.parent_name,
            tuple(map(_row, spec.quotas)),
            float(spec.weight),
            StopPolicy(spec.stop_policy),
            None if spec.fair_sharing is None else spec.fair_sharing.half_life,
            reserve=spec.reserve,
            ageing=_ageing(spec),
            preemption=_preemption(spec),
        )
    except ValueError as error:  # what the library has against it
        raise InvalidQueue(f"spec: {error}") from error
    return CompiledQueue(queue, _requirements(spec.namespace_selector))


def quota_key(resource: str, node_selector: Mapping[str, str]) -> QuotaKey:
    """What a quota counts. Of GPUs it counts in thousandths of one, so that whole ones and shares are one sum."""
    counts: tuple[tuple[str, int], ...] = ()
    if resource in WHOLE_GPUS:
        counts = (resource, WHOLE), (names.GPU_MILLI, 1)
    elif resource == names.GPU_MILLI:
        counts = (*((each, WHOLE) for each in WHOLE_GPUS), (resource, 1))
    return QuotaKey(resource, tuple(sorted(node_selector.items())), counts)


def amount_as_text(key: QuotaKey, amount: int) -> str:
    """An amount of a quota as a quantity, exactly."""
    if key.resource == CPU or key.resource in WHOLE_GPUS:
        return f"{amount // 1000}" if amount % 1000 == 0 else f"{amount}m"
    for size, suffix in _BINARY:
        if amount and amount % size == 0 and key.resource != names.GPU_MILLI:
            return f"{amount // size}{suffix}"
    return str(amount)


def amount_of_text(key: QuotaKey, text: str) -> int:
    """A quantity in units of a quota, rounded up as pods' requests are. Raises `ValueError`."""
    number = parse_exact(text) * (1000 if key.resource == CPU or key.resource in WHOLE_GPUS else 1)
    return min(-(-number.numerator // number.denominator), LARGEST)


def selector_in_words(namespaces: tuple[Requirement, ...]) -> str:
    """Conditions as kubectl writes them: `team=vision,tier in (a,b)`."""
    return ",".join(map(_in_words, namespaces))


def fault_reason(name: str, queues: Mapping[str, Queue]) -> str:
    """One word for what is wrong with a queue, or with those above it: the first such thing on the way up."""
    queue, path = queues[name], [name]
    while queue.parent is not None:
        if queue.parent not in queues:
            return "ParentNotFound"
        if queue.parent in path:
            return "Cycle"
        path.append(queue.parent)
        queue = queues[queue.parent]
    return "LimitWithoutParent"


def _row(quota: Quota) -> QuotaRow:
    key = quota_key(quota.resource, quota.node_selector)
    nominal, borrowing, lending = (
        None if each is None else amount_of_text(key, each)
        for each in (quota.nominal, quota.borrowing_limit, quota.lending_limit)
    )
    return QuotaRow(key, nominal or 0, borrowing, lending)


def _ageing(spec: QueueSpec) -> Ageing | None:
    return None if spec.ageing is None else Ageing(float(spec.ageing.per_hour), float(spec.ageing.ceiling))


def _preemption(spec: QueueSpec) -> Preemption:
    said = spec.preemption
    if said is None:
        return Preemption()
    within, reclaim = WithinQueue(said.within_queue), Reclaim(said.reclaim)
    return Preemption(within, reclaim, said.minimum_run_time or 0.0, said.max_grace)


def _requirements(selector: NamespaceSelector | None) -> tuple[Requirement, ...] | None:
    if selector is None:
        return None
    labels = (Requirement(key, "In", (value,)) for key, value in sorted(selector.match_labels.items()))
    return (*labels, *(Requirement(each.key, each.operator, each.values) for each in selector.match_expressions))


def _in_words(each: Requirement) -> str:
    if each.operator == "In" and len(each.values) == 1:
        return f"{each.key}={each.values[0]}"
    if each.operator in ("In", "NotIn"):
        return f"{each.key} {each.operator.lower()} ({','.join(each.values)})"
    return each.key if each.operator == "Exists" else f"!{each.key}"
