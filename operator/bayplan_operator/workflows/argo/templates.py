"""The templates of a workflow: by name, and what each is."""

from bayplan_operator.api.validation.words import nearest
from bayplan_operator.workflows.annotations import DURATION, SECONDS
from bayplan_operator.workflows.argo.dags import by_name
from bayplan_operator.workflows.argo.known_fields import TEMPLATE, TEMPLATE_DEFAULTS, look, name_fail_fast, says_nothing
from bayplan_operator.workflows.argo.pods.pods import MAINS
from bayplan_operator.workflows.argo.remarks import Remarks, below
from bayplan_operator.workflows.argo.tags import Scope, filled, text
from bayplan_operator.workflows.fields import Fields

CALLING = ("dag", "steps")
_NO_POD = {
    "suspend": "nothing waits for a person or a time",
    "resource": "neither the pod that makes the object is simulated nor what the object does",
    "http": "requests are not simulated",
    "plugin": "plugins are not simulated",
    "data": "the pod that looks for data is not simulated",
}
"""Kinds of templates for which the file does not say what runs, and for how long."""
_OF_PODS = ("retryStrategy", "podSpecPatch", "daemon", "initContainers", "sidecars", "volumes")
_IS_NO_POD = "the template calls others, and is no pod"


class Templates:
    """Those of one workflow. All methods raise `InputError`."""

    def __init__(self, spec: Fields, remarks: Remarks) -> None:
        self._by_name, self._remarks = by_name(spec.maps("templates", needed=True)), remarks
        self._kinds: dict[str, str] = {}
        look(spec.map("templateDefaults"), TEMPLATE_DEFAULTS, remarks)
        name_fail_fast(spec.map("templateDefaults"), remarks)

    def named(self, caller: Fields, field: str, scope: Scope) -> Fields:
        """The template that a field names."""
        name = filled(caller.document, caller.text(field), scope, caller.at(field))
        if name not in self._by_name:
            advice = nearest(name, list(self._by_name), what="templates")
            raise caller.fault(field, f"there is no template of that name; {advice}")
        return self._by_name[name]

    def kind(self, template: Fields) -> str:
        """The field that says what a template is; what else it says and is not read is named."""
        if template.place not in self._kinds:
            self._kinds[template.place] = kind = _kind(template)
            look(template, TEMPLATE, self._remarks)
            name_fail_fast(template, self._remarks)
            if kind in CALLING:
                self._name_what_is_of_pods(template)
            elif kind in _NO_POD:
                self._remarks.not_read(template.at(kind), f"{_NO_POD[kind]}; what follows starts at once")
        return self._kinds[template.place]

    def _name_what_is_of_pods(self, template: Fields) -> None:
        for name in _OF_PODS:
            if not says_nothing(template.value.get(name)):
                self._remarks.not_read(template.at(name), _IS_NO_POD)
        annotations = template.map("metadata").map("annotations")
        for name in annotations.value:
            if name in (DURATION, SECONDS):
                self._remarks.not_read(below(annotations.place, name), _IS_NO_POD)


def parallelism(given: Fields, scope: Scope) -> int:
    """Of a workflow or template that has it. Raises `InputError`."""
    said = filled(given.document, text(given.value["parallelism"]), scope, given.at("parallelism"))
    if not said.isdecimal() or int(said) < 1:
        raise given.fault("parallelism", "it must be a whole number of at least 1")
    return int(said)


def _kind(template: Fields) -> str:
    there = [each for each in (*_NO_POD, *CALLING, *MAINS) if template.value.get(each) is not None]
    if len(there) > 1 and there[0] in _NO_POD:
        place = template.at(there[0])
        raise template.document.fault(f"{place} cannot be read: the template has {there[1]} too", place)
    if len(there) != 1:
        has = f"has {' and '.join(there)}" if there else "has neither container nor script, dag nor steps"
        raise template.document.fault(f"{template.place} {has}: it must have one of them", template.place)
    return there[0]
