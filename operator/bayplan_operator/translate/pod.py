"""From a task and its place to the pod that is created."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bayplan.model.workload import RequestClass
from bayplan_operator import names
from bayplan_operator.translate.gpus import write_devices
from bayplan_operator.translate.judged_elsewhere import claims_devices, claims_volumes

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_UNREACHABLE = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


@dataclass(frozen=True, slots=True)
class Template:
    """A finished pod template: defaults, named template and the task's own parts merged."""

    metadata: Mapping[str, Any]
    spec: Mapping[str, Any]
    digest: str
    """A hash of metadata and spec; a pod that carries another was not made from this template."""
    request_class: RequestClass
    """Of the spec as its author wrote it, or as the API server admits it once that is known."""
    admission_hash: str = ""
    """A hash of what admission looks at: metadata, and the spec without args and values of environment variables."""

    @property
    def needs_scheduler(self) -> bool:
        """Only kube-scheduler can have its volumes and devices made or attached where the pod goes."""
        return claims_volumes(self.spec) or claims_devices(self.spec)


@dataclass(frozen=True, slots=True)
class GraphRef:
    """The graph that a pod belongs to."""

    namespace: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class PodRole:
    """Which attempt of which shard a pod is."""

    task: str
    shard: int
    shards: int
    incarnation: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pod goes, and how it gets there."""

    node: str
    """Empty: none yet."""
    why: str
    direct: bool
    """Set ``spec.nodeName`` at creation instead of letting kube-scheduler bind."""
    node_loss_grace: float
    """Seconds that the pod tolerates its node being away."""
    gpus: tuple[int, ...] = ()
    """Which of the node's GPUs it was placed on."""


def pod_manifest(graph: GraphRef, template: Template, role: PodRole, place: Place) -> dict[str, Any]:
    """The pod as it is posted. The template is not changed; parts of it are shared with the answer."""
    metadata = template.metadata
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": names.pod_name(graph.name, graph.uid, role.task, role.shard, role.incarnation),
            "namespace": graph.namespace,
            "labels": {
                **metadata.get("labels", {}),
                "app.kubernetes.io/managed-by": "bayplan",
                names.LABEL_GRAPH: graph.name,
                names.LABEL_GRAPH_UID: graph.uid,
                names.LABEL_TASK: role.task,
                names.LABEL_SHARD: str(role.shard),
                names.LABEL_INCARNATION: str(role.incarnation),
            },
            "annotations": {
                **metadata.get("annotations", {}),
                names.ANNOTATION_NODE: place.node,
                names.ANNOTATION_WHY: place.why,
                names.ANNOTATION_TEMPLATE_HASH: template.digest,
                **({names.ANNOTATION_SHARDS: str(role.shards)} if role.shards > 1 else {}),
                **({names.ANNOTATION_GPUS: write_devices(place.gpus)} if place.gpus else {}),
            },
            "finalizers": [names.FINALIZER],
            "ownerReferences": [
                {
                    "apiVersion": names.API_VERSION,
                    "kind": names.TASK_GRAPH,
                    "name": graph.name,
                    "uid": graph.uid,
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        },
        "spec": _spec(template.spec, role, place),
    }


def _spec(base: Mapping[str, Any], role: PodRole, place: Place) -> dict[str, Any]:
    spec = {"restartPolicy": "Never", "priorityClassName": names.PRIORITY_CLASS, **base}
    for field in ("containers", "initContainers"):
        if base.get(field):
            spec[field] = [_told(container, role, place.gpus) for container in base[field]]
    spec["tolerations"] = _tolerations(base.get("tolerations") or [], place.node_loss_grace)
    if place.direct:
        spec["nodeName"] = place.node
    elif place.node:
        spec["affinity"] = _pinned(base.get("affinity") or {}, place.node)
    return spec


def _told(container: Mapping[str, Any], role: PodRole, gpus: tuple[int, ...]) -> dict[str, Any]:
    """The container knows which shard it is and which GPUs it has; what the user set under the same name wins."""
    given = container.get("env") or []
    taken = {variable.get("name") for variable in given}
    told = {
        "JOB_COMPLETION_INDEX": str(role.shard),
        "BAYPLAN_SHARDS": str(role.shards),
        "BAYPLAN_TASK": role.task,
        "BAYPLAN_INCARNATION": str(role.incarnation),
    }
    if gpus:
        told["BAYPLAN_GPUS"] = ",".join(map(str, gpus))
        if _shares_gpus(container):  # a whole GPU's container is told so by its device plugin
            told["NVIDIA_VISIBLE_DEVICES"] = told["BAYPLAN_GPUS"]
    return {**container, "env": [{"name": n, "value": v} for n, v in told.items() if n not in taken] + given}


def _shares_gpus(container: Mapping[str, Any]) -> bool:
    resources = container.get("resources") or {}
    return any(names.GPU_MILLI in (resources.get(field) or {}) for field in ("requests", "limits"))


def of_node_loss(toleration: Mapping[str, Any]) -> bool:
    """It says how long a pod outstays the loss of its node, which the policy says of ours."""
    return toleration.get("key") in _UNREACHABLE and toleration.get("effect", "NoExecute") in ("NoExecute", "")


def _tolerations(given: list[Mapping[str, Any]], grace: float) -> list[Mapping[str, Any]]:
    """The pod may not outstay the node-loss grace on a node that is away; without this, admission would allow 300 s."""
    kept = [toleration for toleration in given if not of_node_loss(toleration)]
    away = [
        {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": round(grace)} for key in _UNREACHABLE
    ]
    return kept + away


def _pinned(affinity: Mapping[str, Any], node: str) -> dict[str, Any]:
    """The node's name is required beside whatever the user requires: in every term, since terms are alternatives."""
    pin = {"key": "metadata.name", "operator": "In", "values": [node]}
    node_affinity = affinity.get("nodeAffinity") or {}
    # An empty term matches nothing; with the pin added it would suddenly match, so it is left out.
    given = [t for t in _required_terms(affinity) if t.get("matchExpressions") or t.get("matchFields")]
    terms = [{**term, "matchFields": [*(term.get("matchFields") or []), pin]} for term in given]
    return {
        **affinity,
        "nodeAffinity": {
            **node_affinity,
            _REQUIRED: {"nodeSelectorTerms": terms or [{"matchFields": [pin]}]},
        },
    }


def _required_terms(affinity: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return ((affinity.get("nodeAffinity") or {}).get(_REQUIRED) or {}).get("nodeSelectorTerms") or []


def without_pin(affinity: Mapping[str, Any], node: str) -> dict[str, Any]:
    """What was there before the pin to this node, without parts that are empty."""
    pin = {"key": "metadata.name", "operator": "In", "values": [node]}
    terms = []
    for term in _required_terms(affinity):
        fields = [field for field in term.get("matchFields") or [] if field != pin]
        kept = {name: part for name, part in {**term, "matchFields": fields}.items() if part}
        if kept or not term:
            terms.append(kept)
    required = {_REQUIRED: {"nodeSelectorTerms": terms} if terms else None}
    of_nodes = {**(affinity.get("nodeAffinity") or {}), **required}
    whole = {**affinity, "nodeAffinity": {name: part for name, part in of_nodes.items() if part}}
    return {name: part for name, part in whole.items() if part}
