"""What the RuntimeClass of a pod adds to it: overhead, a node selector, tolerations.

The rules are facts of Kubernetes 1.36, `plugin/pkg/admission/runtimeclass`.
"""

from collections.abc import Mapping
from typing import Any

from bayplan_operator.kube import wire
from bayplan_operator.translate.admission.refusals import NotAdmitted
from bayplan_operator.translate.admission.shapes import RuntimeClass
from bayplan_operator.translate.amounts import thousandths


def apply_runtime_class(spec: Mapping[str, Any], runtime_class: RuntimeClass) -> dict[str, Any]:
    """The pod spec with what its RuntimeClass adds. Raises ``NotAdmitted`` where the two contradict each other."""
    name, scheduling = runtime_class.metadata.name, runtime_class.scheduling
    return {
        **spec,
        "overhead": _overhead(name, spec.get("overhead") or {}, runtime_class.overhead.pod_fixed),
        "nodeSelector": _selector(name, spec.get("nodeSelector") or {}, scheduling.node_selector),
        "tolerations": _joined(spec.get("tolerations") or [], scheduling.tolerations),
    }


def _overhead(name: str, given: wire.Quantities, fixed: wire.Quantities) -> wire.Quantities:
    if given and thousandths(given) != thousandths(fixed):
        raise NotAdmitted(
            f"RuntimeClass {name}: the pod's overhead is {_in_words(given)}, and the class says {_in_words(fixed)}: leave the "
            "pod's out, the class sets it"
        )
    return fixed


def _selector(name: str, given: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    for key, value in added.items():
        if given.get(key, value) != value:
            raise NotAdmitted(
                f'RuntimeClass {name}: the pod\'s nodeSelector has {key} "{given[key]}", and that of the class "{value}": '
                "leave the pod's out, the class sets it"
            )
    return {**given, **added}


def _joined(given: list[Any], added: list[Any]) -> list[Any]:
    """Both lists of tolerations. Where two overlap, Kubernetes keeps the wider one; the pod tolerates the same taints."""
    return [*given, *(each for each in added if each not in given)]


def _in_words(amounts: wire.Quantities) -> str:
    return ", ".join(f"{resource} {amount}" for resource, amount in sorted(amounts.items())) or "none"
