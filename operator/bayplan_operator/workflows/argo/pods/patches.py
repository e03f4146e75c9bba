"""`podSpecPatch`: a strategic merge patch as text, of JSON or YAML."""

from collections.abc import Mapping
from typing import Any

import yaml

from bayplan_operator.workflows.argo.known_fields import POD_SPEC, look
from bayplan_operator.workflows.argo.pods.amounts import amounts, container, resources
from bayplan_operator.workflows.argo.pods.scheduling import constraints, name_volumes
from bayplan_operator.workflows.argo.pods.strategic import POD_KEYS, merged
from bayplan_operator.workflows.argo.remarks import Remarks
from bayplan_operator.workflows.argo.tags import Scope, filled
from bayplan_operator.workflows.fields import Fields

FIELD = "podSpecPatch"


def patched(spec: Mapping[str, Any], owner: Fields, scope: Scope, remarks: Remarks) -> dict[str, Any]:
    """A pod spec with the patch of a workflow or template, if it has one. Raises `InputError`."""
    if not owner.value.get(FIELD):
        return dict(spec)
    text = filled(owner.document, owner.text(FIELD), scope, owner.at(FIELD))
    try:
        patch = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise owner.document.fault(f"{owner.at(FIELD)} is neither JSON nor YAML: {_problem(error)}", owner.at(FIELD)) from error
    given = Fields(owner.document, patch, owner.at(FIELD))
    _check(given, scope, remarks)
    return merged(spec, given.value, POD_KEYS)


def _check(given: Fields, scope: Scope, remarks: Remarks) -> None:
    look(given, POD_SPEC, remarks)
    constraints(given, scope, remarks)
    for each in (*given.maps("containers"), *given.maps("initContainers")):
        container(each, scope, remarks)
    resources(given.map("resources"), scope, remarks)
    amounts(given.map("overhead"), scope)
    name_volumes(given, remarks)


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or str(error).splitlines()[0])
