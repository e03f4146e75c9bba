"""DAGs of Argo Workflows (Workflow, WorkflowTemplate, CronWorkflow) as TaskGraphs.

Read are the entry point's dag with its tasks, `dependencies`, `depends` where it joins names by `&&`, `withItems` with a list
(one shard per item), `retryStrategy.limit`, and of templates with a container or script what decides about their nodes.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bayplan_operator.workflows.documents import Document
from bayplan_operator.workflows.fields import Fields
from bayplan_operator.workflows.labels import Labels, label
from bayplan_operator.workflows.manifest import Made, Manifest, task_graph

KINDS = ("Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow")
GROUP = "argoproj.io/"
DURATION = "bayplan.dev/expected-duration"
"""An annotation of a template (`metadata.annotations`) that says how long its pod runs, which Argo knows no field for."""

_NAME = re.compile(r"\s*([A-Za-z0-9_-]+)(?:\.Succeeded)?\s*")
_LOOPS = ("withParam", "withSequence")
_NO_POD = ("steps", "dag", "suspend", "resource", "http", "plugin", "data", "containerSet")
_OF_PODS = ("nodeSelector", "affinity", "tolerations")
_NOT_READ = ("when", "continueOn", "hooks", "onExit")


def read(document: Document) -> Made:
    """The graph of the entry point. Raises `InputError`."""
    spec = _spec(Fields(document, document.value))
    templates = {each.text("name"): each for each in spec.maps("templates", needed=True)}
    entry = _template(spec, "entrypoint", templates) if "entrypoint" in spec.value else _only_dag(spec, templates)
    if "dag" not in entry.value:
        raise document.fault(f"{entry.place} has no dag: only templates with a dag can be read", entry.place)
    dag = entry.map("dag").maps("tasks", needed=True)
    names = Labels()
    known = {each.text("name") for each in dag}
    tasks = [_task(each, templates, known, names) for each in dag]
    metadata = Fields(document, document.value.get("metadata") or {}, "metadata")
    name = metadata.text("name", metadata.text("generateName", document.path.stem))
    return Made(task_graph(label(name), tasks), left_out=tuple(_left_out(document, dag)))


def _spec(top: Fields) -> Fields:
    spec = top.map("spec")
    return spec.map("workflowSpec") if top.value.get("kind") == "CronWorkflow" else spec


def _template(user: Fields, field: str, templates: Mapping[str, Fields]) -> Fields:
    name = user.text(field)
    if name not in templates:
        raise user.fault(field, f"there is no template of that name; there are: {', '.join(templates) or 'none'}")
    return templates[name]


def _only_dag(spec: Fields, templates: Mapping[str, Fields]) -> Fields:
    """A WorkflowTemplate may go without an entry point."""
    found = [each for each in templates.values() if "dag" in each.value]
    if len(found) != 1:
        raise spec.document.fault(f"{spec.at('entrypoint')} is missing: it must name the template to read", spec.place)
    return found[0]


def _task(task: Fields, templates: Mapping[str, Fields], known: set[str], names: Labels) -> Manifest:
    for field in ("templateRef", "inline"):
        if field in task.value:
            raise task.fault(field, "it cannot be read: name a template of the same file instead")
    template = _template(task, "template", templates)
    made: Manifest = {
        "name": names(task.text("name")),
        "dependsOn": [{"task": names(parent)} for parent in _parents(task, known)],
        "shards": _shards(task),
        "template": _pod(template),
    }
    duration = template.map("metadata").map("annotations").value.get(DURATION)
    if duration is not None:
        made["expectedDuration"] = duration
    limit = template.map("retryStrategy").value.get("limit")
    if limit is not None:
        if not str(limit).isdecimal():
            raise template.map("retryStrategy").fault("limit", "it must be a whole number")
        made["retry"] = {"limit": min(100, int(limit))}
    elif "retryStrategy" not in template.value:
        made["retry"] = {"limit": 0}
    return made


def _parents(task: Fields, known: set[str]) -> list[str]:
    if "depends" in task.value:
        said = task.text("depends")
        parts = [_NAME.fullmatch(part) for part in said.split("&&")]
        found = [part.group(1) for part in parts if part is not None]
        if len(found) < len(parts):
            raise task.fault("depends", "only names joined by && can be read, each as it is or with .Succeeded")
        field = "depends"
    else:
        found, field = task.items("dependencies"), "dependencies"
    for parent in found:
        if parent not in known:
            raise task.document.fault(f'{task.at(field)} names "{parent}": there is no such task', task.at(field))
    return list(dict.fromkeys(found))


def _shards(task: Fields) -> int:
    for field in _LOOPS:
        if field in task.value:
            raise task.fault(field, "how many pods that makes is known only at run time: use withItems with a list")
    if "withItems" not in task.value:
        return 1
    items = task.items("withItems")
    if not items:
        raise task.fault("withItems", "it must have at least one item")
    return len(items)


def _pod(template: Fields) -> Manifest:
    for field in _NO_POD:
        if field in template.value:
            raise template.document.fault(
                f"{template.at(field)} cannot be read: only a container or a script is one pod", template.at(field)
            )
    field = "container" if "container" in template.value else "script"
    if field not in template.value:
        wrong = f"{template.place} has neither container nor script: it must have one"
        raise template.document.fault(wrong, template.place)
    container = template.map(field)
    spec: Manifest = {
        key: template.value[key] for key in ("nodeSelector", "affinity", "tolerations") if template.value.get(key)
    }
    main = {"image": container.text("image", "none"), "resources": dict(container.map("resources").value)}
    spec["containers"] = [main, *_sidecars(template)]
    return {"spec": spec}


def _sidecars(template: Fields) -> list[Any]:
    return [
        {"name": each.text("name"), "image": each.text("image", "none"), "resources": dict(each.map("resources").value)}
        for each in template.maps("sidecars")
    ]


def _left_out(document: Document, dag: list[Fields]) -> Iterator[str]:
    """What is not looked at, though it may change what runs."""
    for field in _NOT_READ:
        found = [each.text("name") for each in dag if field in each.value]
        if found:
            more = f" and {len(found) - 1} more" if len(found) > 1 else ""
            yield f"{document.path}: {field} of task {found[0]}{more} is not looked at"
