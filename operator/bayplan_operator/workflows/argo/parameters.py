"""Arguments: of the workflow, and of a template that is called."""

from collections.abc import Iterator, Mapping
from typing import Any

from bayplan_operator.workflows.argo.known_fields import ARGUMENTS, INPUTS, PARAMETER, look
from bayplan_operator.workflows.argo.remarks import Remarks
from bayplan_operator.workflows.argo.tags import VALUE_FROM, Scope, text
from bayplan_operator.workflows.fields import Fields


def of_workflow(top: Fields, spec: Fields, remarks: Remarks) -> Scope:
    """What every template may name: parameters, and what the file says of the workflow itself."""
    metadata, arguments = top.map("metadata"), spec.map("arguments")
    look(arguments, ARGUMENTS, remarks)
    known: dict[str, Any] = {
        "workflow.name": metadata.value.get("name"),
        "workflow.namespace": metadata.value.get("namespace"),
        "workflow.mainEntrypoint": spec.value.get("entrypoint"),
        "workflow.serviceAccountName": spec.value.get("serviceAccountName"),
        "workflow.priority": spec.value.get("priority"),
    }
    for field in ("labels", "annotations"):
        known |= {f"workflow.{field}.{key}": value for key, value in metadata.map(field).value.items()}
    for each in _parameters(arguments, remarks):
        known[f"workflow.parameters.{each.text('name')}"] = _own_value(each)
    return Scope({name: text(value) for name, value in known.items() if value is not None})


def of_item(item: Any) -> Mapping[str, str]:
    """What `{{item}}` and `{{item.key}}` stand for in one turn of a loop."""
    keys = item.items() if isinstance(item, Mapping) else ()
    return {"item": text(item), **{f"item.{key}": text(value) for key, value in keys}}


class Arguments:
    """Of the templates of a workflow."""

    def __init__(self, workflow: Scope, remarks: Remarks) -> None:
        self._workflow, self._remarks = workflow, remarks

    def of_call(self, template: Fields, call: Fields | None, caller: Scope) -> Scope:
        """Inside a called template: its inputs, as the call gives them or else as the template itself says."""
        given = {} if call is None else self._given(call.map("arguments"), caller)
        inputs: dict[str, str] = {}
        declared = template.map("inputs")
        look(declared, INPUTS, self._remarks)
        for each in _parameters(declared, self._remarks):
            name, own = each.text("name"), _own_value(each)
            if name in given:
                inputs[f"inputs.parameters.{name}"] = given[name]
            elif own is not None:
                inputs[f"inputs.parameters.{name}"] = self._workflow.fill(text(own))
        return self._workflow.with_values(inputs)

    def _given(self, arguments: Fields, caller: Scope) -> Mapping[str, str]:
        look(arguments, ARGUMENTS, self._remarks)
        found: dict[str, str] = {}
        for each in _parameters(arguments, self._remarks):
            if each.value.get("value") is not None:
                found[each.text("name")] = caller.fill(text(each.value["value"]))
            elif each.value.get("valueFrom") is not None:
                found[each.text("name")] = VALUE_FROM
        return found


def _parameters(owner: Fields, remarks: Remarks) -> Iterator[Fields]:
    for each in owner.maps("parameters"):
        look(each, PARAMETER, remarks)
        yield each


def _own_value(parameter: Fields) -> Any:
    value = parameter.value.get("value")
    if value is not None:
        return value
    return VALUE_FROM if parameter.value.get("valueFrom") is not None else parameter.value.get("default")
