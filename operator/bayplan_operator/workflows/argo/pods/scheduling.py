"""nodeSelector, affinity and tolerations: each from the pod's own template, else from where it is called, else the workflow's.

Argo looks at one template above the pod, that with the dag or the steps which calls it, and not further up
(https://github.com/argoproj/argo-workflows/blob/main/workflow/controller/workflowpod.go, addSchedulingConstraints).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bayplan_operator.api.validation.words import shown
from bayplan_operator.translate import pod_shape
from bayplan_operator.translate.judged_elsewhere import claims_volumes
from bayplan_operator.workflows.argo.known_fields import AFFINITY, look
from bayplan_operator.workflows.argo.remarks import Remarks, below
from bayplan_operator.workflows.argo.tags import Scope, filled
from bayplan_operator.workflows.fields import Fields

FIELDS = ("nodeSelector", "affinity", "tolerations")


@dataclass(frozen=True, slots=True)
class Boundary:
    """What a dag or steps say for the pods that they call, beside the pods' own templates."""

    constraints: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Boundaries of one key say the same."""
        return repr(self.constraints)


def constraints(given: Fields, scope: Scope, remarks: Remarks) -> dict[str, Any]:
    """Those of the three that a map has. Raises `InputError` where one has no shape that a pod could have."""
    found = {name: given.value[name] for name in FIELDS if given.value.get(name) is not None}
    made = {name: filled(given.document, value, scope, given.at(name)) for name, value in found.items()}
    for name, value in made.items():
        check(given, name, value)
    if "affinity" in made:
        look(given.map("affinity"), AFFINITY, remarks)
    # An empty selector says nothing; an empty affinity takes the place of that from above.
    return {name: value for name, value in made.items() if value or name == "affinity"}


def check(given: Fields, name: str, value: Any) -> None:
    """Raises `InputError` where a field has no shape that a pod could have."""
    for key, label in value.items() if name == "nodeSelector" and isinstance(value, Mapping) else ():
        if not isinstance(label, str | None):
            place = below(given.at(name), key)
            raise given.document.fault(f"{place} is {shown(label)}: it must be a string, in quotes", place)
    try:
        pod_shape.read({name: value})
    except pod_shape.MalformedPodSpec as error:
        wrong = str(error).partition(": ")[2]
        raise given.document.fault(f"{given.place}.{wrong}", f"{given.place}.{wrong.split(' ', 1)[0]}") from error


def name_volumes(given: Fields, remarks: Remarks) -> None:
    """Volumes that keep a pod from nodes."""
    for each in given.maps("volumes"):
        if claims_volumes({"volumes": [each.value]}):
            remarks.not_read(each.place, "where volumes can be attached is not simulated")
