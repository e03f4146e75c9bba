"""From a task and its place to the pod that is created."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bayplan.model.neighbour import Neighbour
from bayplan.model.workload import RequestClass
from bayplan_operator import names
from bayplan_operator.translate.flow.given import NOTHING, Given, environment
from bayplan_operator.translate.gpus import write_devices
from bayplan_operator.translate.judged_elsewhere import judged_elsewhere
from bayplan_operator.translate.neighbours import NO_TERMS, NearbyTerms

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_UNREACHABLE = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


@dataclass(frozen=True, slots=True)
class Template:
    """A finished pod template: defaults, named template and the task's own parts merged."""

    metadata: Mapping[str, Any]
    spec: Mapping[str, Any]
    digest: str
    """A hash of metadata and spec; a pod that carries another was not made from this template."""
    request_class: RequestClass
    """What the spec asks for: as its author wrote it, or as the API server admits it once that is known."""
    admission_hash: str = ""
    """A hash of what admission looks at: metadata, and the spec without args and values of environment variables."""
    nearby: NearbyTerms = NO_TERMS
    """What it asks of pods near its node, of the same spec as the class."""

    @property
    def needs_scheduler(self) -> bool:
        """Only kube-scheduler can have its volumes and devices made or attached where the pod goes."""
        return judged_elsewhere(self.spec)


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
    candidate: str = ""
    """The program of several that it runs; empty: the task has but one."""
    queue: str = ""
    """The queue that it holds; empty: it is not said."""


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
    others: tuple[str, ...] = ()
    """Other nodes that kube-scheduler may give it instead."""
    at: float | None = None
    """When that was decided, in seconds since the epoch."""


def pod_manifest(graph: GraphRef, template: Template, role: PodRole, place: Place, given: Given = NOTHING) -> dict[str, Any]:
    """The pod as it is posted. The template is not changed; parts of it are shared with the answer."""
    metadata = template.metadata
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": names.pod_name(graph.name, graph.uid, role.task, role.shard, role.incarnation),
            "namespace": graph.namespace,
            "labels": {
                **task_labels(graph, template, role.task),
                **_attempt_labels(role.shard, role.incarnation),
                **({names.LABEL_GANG: given.member.gang} if given.member is not None else {}),
                **({names.LABEL_QUEUE: role.queue} if role.queue else {}),
            },
            "annotations": {
                **metadata.get("annotations", {}),
                names.ANNOTATION_NODE: place.node,
                names.ANNOTATION_WHY: place.why,
                names.ANNOTATION_TEMPLATE_HASH: template.digest,
                **({names.ANNOTATION_PLACED_AT: repr(place.at)} if place.at is not None else {}),
                **({names.ANNOTATION_SHARDS: str(role.shards)} if role.shards > 1 else {}),
                **({names.ANNOTATION_CANDIDATE: role.candidate} if role.candidate else {}),
                **({names.ANNOTATION_ROUND: str(given.round)} if given.round else {}),
                **({names.ANNOTATION_OTHER_NODES: ",".join(place.others)} if place.others else {}),
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
        "spec": _spec(given.put_in(template.spec), graph.uid, role, place, given),
    }


def task_labels(graph: GraphRef, template: Template, task: str) -> dict[str, str]:
    """The labels that all pods of a task have."""
    return {
        **template.metadata.get("labels", {}),
        "app.kubernetes.io/managed-by": "bayplan",
        names.LABEL_GRAPH: graph.name,
        names.LABEL_GRAPH_UID: graph.uid,
        names.LABEL_TASK: task,
    }


def neighbour(graph: GraphRef, template: Template, task: str, attempt: tuple[int, int] | None) -> Neighbour:
    """What a pod of a task is for others, and what it asks of them. ``attempt``: its shard and incarnation; ``None``: as far as
    all pods of the task are alike."""
    labels = task_labels(graph, template, task)
    return template.nearby.of(graph.namespace, labels if attempt is None else {**labels, **_attempt_labels(*attempt)})


def one_for_all(template: Template) -> bool:
    """None of its terms looks at a label by which the pods of a task differ, nor do those of its backups."""
    if names.LABEL_REPLICA_OF in template.metadata.get("labels", {}):
        return False
    return not template.nearby.names(names.LABEL_SHARD, names.LABEL_INCARNATION)


def _attempt_labels(shard: int, incarnation: int) -> dict[str, str]:
    return {names.LABEL_SHARD: str(shard), names.LABEL_INCARNATION: str(incarnation)}


def _spec(base: Mapping[str, Any], graph_uid: str, role: PodRole, place: Place, given: Given) -> dict[str, Any]:
    spec = {"restartPolicy": "Never", "priorityClassName": names.PRIORITY_CLASS, **base}
    unit = role.task, role.shard, role.incarnation
    for field in ("containers", "initContainers"):
        if base.get(field):
            spec[field] = [
                _told(container, role, place.gpus, environment(container, graph_uid, unit, given)) for container in base[field]
            ]
    if given.member is not None:
        spec |= {"hostname": given.member.host, "subdomain": given.member.service}
    if given.selector:
        spec["nodeSelector"] = {**(base.get("nodeSelector") or {}), **given.selector}
    spec["tolerations"] = _tolerations(base.get("tolerations") or [], place.node_loss_grace)
    if place.direct:
        spec["nodeName"] = place.node
    elif place.node:
        spec["affinity"] = _pinned(base.get("affinity") or {}, (place.node, *place.others))
        if base.get("topologySpreadConstraints"):
            spec["topologySpreadConstraints"] = [_of_one_domain(each) for each in base["topologySpreadConstraints"]]
    return spec


def _told(container: Mapping[str, Any], role: PodRole, gpus: tuple[int, ...], handed: Mapping[str, str]) -> dict[str, Any]:
    """The container knows which shard it is, which GPUs it has, and what the tasks before have handed on; what the user set
    under the same name wins."""
    given = container.get("env") or []
    taken = {variable.get("name") for variable in given}
    told = {
        "JOB_COMPLETION_INDEX": str(role.shard),
        "BAYPLAN_SHARDS": str(role.shards),
        "BAYPLAN_TASK": role.task,
        "BAYPLAN_INCARNATION": str(role.incarnation),
        **handed,
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
    """Tolerations that let the pod stay on a lost node for the node-loss grace. Admission would add 300 s otherwise."""
    kept = [toleration for toleration in given if not of_node_loss(toleration)]
    away = [
        {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": round(grace)} for key in _UNREACHABLE
    ]
    return kept + away


def _of_one_domain(constraint: Mapping[str, Any]) -> Mapping[str, Any]:
    """The constraint of a pinned pod, without ``minDomains``. kube-scheduler sees one domain for such a pod. If that were
    fewer than ``minDomains``, it would let in ``maxSkew`` pods, though all domains were counted before. Where it sees all
    domains, the constraint stays."""
    if constraint.get("nodeAffinityPolicy") == "Ignore":
        return constraint
    return {key: value for key, value in constraint.items() if key != "minDomains"}


def _pinned(affinity: Mapping[str, Any], nodes: tuple[str, ...]) -> dict[str, Any]:
    """A node's name is required beside whatever the user requires: in every term, since terms are alternatives.

    For several nodes there are as many alternatives, since a term may name one only.
    """
    pins = [pin(node) for node in nodes]
    node_affinity = affinity.get("nodeAffinity") or {}
    # An empty term matches nothing; with the pin added it would suddenly match, so it is left out.
    given = [t for t in required_terms(affinity) if t.get("matchExpressions") or t.get("matchFields")]
    terms = [{**term, "matchFields": [*(term.get("matchFields") or []), pin]} for pin in pins for term in given]
    return {
        **affinity,
        "nodeAffinity": {
            **node_affinity,
            REQUIRED: {"nodeSelectorTerms": terms or [{"matchFields": [pin]} for pin in pins]},
        },
    }


def pin(node: str) -> dict[str, Any]:
    """What a term says of its fields to name one node. The API server takes one name in it, not several."""
    return {"key": "metadata.name", "operator": "In", "values": [node]}


def required_terms(affinity: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The alternatives that a pod requires of its node; none: it requires nothing."""
    return ((affinity.get("nodeAffinity") or {}).get(REQUIRED) or {}).get("nodeSelectorTerms") or []


def without_pins(affinity: Mapping[str, Any], nodes: Sequence[str]) -> dict[str, Any]:
    """What was there before the pins to these nodes, without parts that are empty."""
    terms: list[dict[str, Any]] = []
    pins = [pin(node) for node in nodes]
    for term in required_terms(affinity):
        fields = term.get("matchFields") or []
        if any(pin in fields for pin in pins[1:]):
            continue  # the same as the term with the first pin, but for the node
        kept = {name: part for name, part in {**term, "matchFields": [f for f in fields if f not in pins]}.items() if part}
        if kept or not term:
            terms.append(kept)
    required = {REQUIRED: {"nodeSelectorTerms": terms} if terms else None}
    of_nodes = {**(affinity.get("nodeAffinity") or {}), **required}
    whole = {**affinity, "nodeAffinity": {name: part for name, part in of_nodes.items() if part}}
    return {name: part for name, part in whole.items() if part}
