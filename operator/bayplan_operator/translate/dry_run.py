"""What the API server is asked about a pod template, and what of its answer counts.

A dry run creates a pod in every respect but one: it is not stored. So the answer is the pod as admission makes it.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from bayplan_operator import names
from bayplan_operator.translate.pod import GraphRef, Place, PodRole, Template, of_node_loss, pod_manifest, without_pins

_NOWHERE = Place(node="", why="", direct=False, node_loss_grace=60.0)
"""Without a pin; the grace is of no consequence, since the tolerations that it makes are left out of the answer."""
_TOKEN = "kube-api-access-"
"""What the name of the volume begins with by which admission mounts a service account's token; the rest is drawn."""


class _Part(msgspec.Struct, rename="camel", omit_defaults=True):
    """What is not given is not there."""


class _Container(_Part):
    name: str = ""
    resources: Any = None
    ports: Any = None
    restart_policy: Any = None


class _Spec(_Part):
    """What decides where a pod can go."""

    containers: list[_Container] = []
    init_containers: list[_Container] = []
    node_selector: Any = None
    affinity: Any = None
    tolerations: Any = None
    topology_spread_constraints: Any = None
    overhead: Any = None
    resources: Any = None
    resource_claims: Any = None
    runtime_class_name: Any = None
    scheduling_gates: Any = None
    volumes: Any = None
    host_network: Any = None
    priority: Any = None
    priority_class_name: Any = None
    preemption_policy: Any = None


class _Pod(msgspec.Struct):
    spec: _Spec


_DECODER = msgspec.json.Decoder(_Pod)


def admission_hash(metadata: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    """A hash that is the same for templates that differ in args and values of environment variables alone."""
    lists = {field: [_bare(each) for each in spec[field]] for field in ("containers", "initContainers") if spec.get(field)}
    return hashlib.blake2b(msgspec.json.encode([metadata, {**spec, **lists}], order="sorted"), digest_size=8).hexdigest()


def _bare(container: Mapping[str, Any]) -> dict[str, Any]:
    """Of a wrong type, they are what the API server has to be asked about: then they stay."""
    bare = dict(container)
    args, env = container.get("args"), container.get("env")
    if isinstance(args, list) and all(isinstance(each, str) for each in args):
        del bare["args"]
    if env:
        bare["env"] = [{**each, "value": ""} if isinstance(each.get("value"), str) else each for each in env]
    return bare


def dry_run_pod(graph: GraphRef, template: Template, role: PodRole) -> dict[str, Any]:
    """A pod as it will be created, but without a node, and with a name that no pod has.

    Variables of ours stand last, so that the positions of the author's are right where the API server names one.
    """
    manifest = pod_manifest(graph, template, role, _NOWHERE)
    manifest["metadata"]["name"] = names.pod_name(graph.name, graph.uid, role.task, role.shard, 0)
    for part in ("containers", "initContainers"):
        for made, given in zip(manifest["spec"].get(part) or [], template.spec.get(part) or [], strict=True):
            ours = len(made["env"]) - len(given.get("env") or [])
            made["env"] = made["env"][ours:] + made["env"][:ours]
    return manifest


def admitted_spec(answer: bytes, given: Mapping[str, Any], nodes: tuple[str, ...] = ()) -> dict[str, Any]:
    """The part of a pod's spec, in the API server's answer, that decides where the pod can go.

    ``given``: the spec of its template; ``nodes``: those to which it was pinned. What is peculiar to one pod is left out, so
    that the answers for all pods of a template are equal.
    """
    spec: dict[str, Any] = msgspec.to_builtins(_DECODER.decode(answer).spec)
    authors = [each for each in given.get("tolerations") or [] if of_node_loss(each)]
    parts = {
        "tolerations": [each for each in spec.get("tolerations") or [] if not of_node_loss(each)] + authors,
        "affinity": _of_any_pod(without_pins(spec.get("affinity") or {}, nodes)),
        "topologySpreadConstraints": _of_all_domains(spec, given),
        "volumes": [each for each in spec.get("volumes") or [] if not each["name"].startswith(_TOKEN)],
    }
    rest = {name: part for name, part in spec.items() if name not in parts}
    return rest | {name: part for name, part in parts.items() if part}


def _of_all_domains(spec: Mapping[str, Any], given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The constraints of any pod, with the domains that are asked for at least, which a pinned pod does not say."""
    least = {
        each.get("topologyKey"): each["minDomains"]
        for each in given.get("topologySpreadConstraints") or []
        if each.get("minDomains") is not None
    }
    made = [_without_labels(each) for each in spec.get("topologySpreadConstraints") or []]
    return [{**each, "minDomains": least[each["topologyKey"]]} if each["topologyKey"] in least else each for each in made]


def _of_any_pod(affinity: Mapping[str, Any]) -> dict[str, Any]:
    """Without what the API server adds to terms about other pods for the labels of one pod."""
    made = dict(affinity)
    for part in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(part)
        if terms:
            made[part] = {name: [_of_any(each) for each in kept] for name, kept in terms.items()}
    return made


def _of_any(term: Mapping[str, Any]) -> dict[str, Any]:
    """Preferred terms stand in a weighted one."""
    inner = term.get("podAffinityTerm")
    return _without_labels(term) if inner is None else {**term, "podAffinityTerm": _without_labels(inner)}


def _without_labels(term: Mapping[str, Any]) -> dict[str, Any]:
    """Where a term says `matchLabelKeys`, the API server writes the pod's own labels into its selector; back to what it was."""
    keys, selector = {*term.get("matchLabelKeys", ()), *term.get("mismatchLabelKeys", ())}, term.get("labelSelector")
    if not keys or not selector:
        return dict(term)
    kept = [each for each in selector.get("matchExpressions") or [] if each["key"] not in keys]
    rest = {name: part for name, part in selector.items() if name != "matchExpressions"}
    return {**term, "labelSelector": {**rest, "matchExpressions": kept} if kept else rest}
