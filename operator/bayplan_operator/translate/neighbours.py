"""From a pod to what other pods see of it, and what it asks of them."""

from collections.abc import Iterable, Mapping
from typing import Any

from bayplan.model.constraints import Requirement
from bayplan.model.neighbour import HostPort, Neighbour, PodSelector, PodTerm, PreferredPods, SpreadConstraint
from bayplan_operator.kube import wire
from bayplan_operator.translate import pod_shape

_Labels = Mapping[str, str]
_BOTH_WAYS = 1, -1


class _TopologySpreadConstraint(wire.Wire, frozen=True):
    topology_key: str = ""
    max_skew: int = 1
    when_unsatisfiable: str = "DoNotSchedule"
    label_selector: wire.LabelSelector | None = None
    min_domains: int = 1
    node_affinity_policy: str = "Honor"
    node_taints_policy: str = "Ignore"
    match_label_keys: tuple[str, ...] = ()


class NearbyTerms(wire.Wire, frozen=True):
    """The parts of a pod spec that are about pods nearby."""

    affinity: wire.PodAffinities = wire.PodAffinities()
    topology_spread_constraints: tuple[_TopologySpreadConstraint, ...] = ()
    containers: tuple[wire.Container, ...] = ()
    init_containers: tuple[wire.Container, ...] = ()
    host_network: bool = False

    def names(self, *keys: str) -> bool:
        """Whether one of these labels of pods is asked about."""
        return not set(keys).isdisjoint(_asked_about(self))

    def of(self, namespace: str, labels: _Labels) -> Neighbour:
        """The pod with these labels, in a namespace."""
        ports = _ports(self.containers, self.init_containers, self.host_network)
        spread = tuple(_constraint(each, namespace, labels) for each in self.topology_spread_constraints)
        return _neighbour(namespace, labels, self.affinity, spread, ports)


NO_TERMS = NearbyTerms()


def nearby_terms(spec: Mapping[str, Any]) -> NearbyTerms:
    """Those of a pod spec. Raises ``pod_shape.MalformedPodSpec``."""
    return pod_shape.read_as(NearbyTerms, spec)


def neighbour_of(pod: wire.Pod) -> Neighbour:
    """What a pod that is there is for others. Of its spread constraints nothing is said: they concern itself alone."""
    spec = pod.spec
    ports = _ports(spec.containers, spec.init_containers, spec.host_network)
    return _neighbour(pod.metadata.namespace, pod.metadata.labels, spec.affinity, (), ports)


def _neighbour(
    namespace: str,
    labels: _Labels,
    affinity: wire.PodAffinities,
    spread: tuple[SpreadConstraint, ...],
    ports: tuple[HostPort, ...],
) -> Neighbour:
    both = affinity.pod_affinity, affinity.pod_anti_affinity
    required = [each.required_during_scheduling_ignored_during_execution for each in both]
    preferred = [
        PreferredPods(sign * one.weight, _term(one.pod_affinity_term, namespace, labels))
        for sign, each in zip(_BOTH_WAYS, both, strict=True)
        for one in each.preferred_during_scheduling_ignored_during_execution
    ]
    together, apart = (tuple(_term(one, namespace, labels) for one in each) for each in required)
    return Neighbour(namespace, tuple(sorted(labels.items())), together, apart, tuple(preferred), spread, ports)


def _term(term: wire.PodAffinityTerm, namespace: str, labels: _Labels) -> PodTerm:
    """Keys that are to match take their values from the pod's own labels, and mean nothing where it has none."""
    requirements = _requirements(term.label_selector)
    if requirements is not None:
        requirements += tuple(_own(term.match_label_keys, "In", labels)) + tuple(
            _own(term.mismatch_label_keys, "NotIn", labels)
        )
    own = (namespace,) if not term.namespaces and term.namespace_selector is None else ()
    selector = _requirements(term.namespace_selector)
    return PodTerm(PodSelector(requirements, frozenset(term.namespaces + own), selector), term.topology_key)


def _constraint(each: _TopologySpreadConstraint, namespace: str, labels: _Labels) -> SpreadConstraint:
    requirements = _requirements(each.label_selector)
    if requirements is not None:
        requirements += tuple(_own(each.match_label_keys, "In", labels))
    return SpreadConstraint(
        each.topology_key,
        each.max_skew,
        PodSelector(requirements, frozenset({namespace})),
        hard=each.when_unsatisfiable != "ScheduleAnyway",
        min_domains=each.min_domains,
        honors_affinity=each.node_affinity_policy != "Ignore",
        honors_taints=each.node_taints_policy == "Honor",
    )


def _requirements(selector: wire.LabelSelector | None) -> tuple[Requirement, ...] | None:
    if selector is None:
        return None
    labels = [Requirement(key, "In", (value,)) for key, value in sorted(selector.match_labels.items())]
    return (*labels, *(Requirement(each.key, each.operator, each.values) for each in selector.match_expressions))


def _own(keys: Iterable[str], operator: str, labels: _Labels) -> Iterable[Requirement]:
    return (Requirement(key, operator, (labels[key],)) for key in keys if key in labels)


def _ports(containers: Iterable[wire.Container], inits: Iterable[wire.Container], host_network: bool) -> tuple[HostPort, ...]:
    """Those of the node: of containers and of sidecars. With the host's network, every port is one of the node."""
    sidecars = (each for each in inits if each.restart_policy == "Always")
    found: dict[HostPort, None] = {}
    for container in (*containers, *sidecars):
        for each in container.ports:
            number = each.host_port or (each.container_port if host_network else 0)
            if number:
                found[HostPort(number, each.protocol or "TCP", each.host_ip or "0.0.0.0")] = None
    return tuple(found)


def _asked_about(terms: NearbyTerms) -> Iterable[str]:
    both = terms.affinity.pod_affinity, terms.affinity.pod_anti_affinity
    for each in both:
        required = each.required_during_scheduling_ignored_during_execution
        preferred = (one.pod_affinity_term for one in each.preferred_during_scheduling_ignored_during_execution)
        for term in (*required, *preferred):
            yield from _keys(term.label_selector)
            yield from (*term.match_label_keys, *term.mismatch_label_keys)
    for constraint in terms.topology_spread_constraints:
        yield from _keys(constraint.label_selector)
        yield from constraint.match_label_keys


def _keys(selector: wire.LabelSelector | None) -> Iterable[str]:
    return () if selector is None else (*selector.match_labels, *(each.key for each in selector.match_expressions))
