"""Drawn pods with terms about each other, and drawn nodes in zones."""

from __future__ import annotations

from hypothesis import strategies as st

from bayplan.model.constraints import Requirement
from bayplan.model.neighbour import HostPort, Neighbour, PodSelector, PodTerm, PreferredPods, SpreadConstraint
from bayplan.model.workload import NodeInfo

HOST, ZONE = "kubernetes.io/hostname", "zone"
NAMESPACES = {"a": {"team": "x"}, "b": {"team": "y"}, "c": {}}

_keys = st.sampled_from([HOST, ZONE, "rack"])
_conditions = st.one_of(
    st.builds(Requirement, st.just("app"), st.just("In"), st.sampled_from([("p",), ("q",), ("p", "q")])),
    st.builds(Requirement, st.just("app"), st.just("NotIn"), st.sampled_from([("p",), ("q",)])),
    st.builds(Requirement, st.sampled_from(["app", "tier"]), st.sampled_from(["Exists", "DoesNotExist"])),
)
_requirements = st.one_of(st.none(), st.lists(_conditions, max_size=2).map(tuple))
selectors = st.one_of(
    st.builds(PodSelector, _requirements, st.just(frozenset("a"))),
    st.builds(PodSelector, _requirements, st.sets(st.sampled_from("abc"), max_size=2).map(frozenset)),
    st.builds(
        PodSelector,
        _requirements,
        st.just(frozenset()),
        st.sampled_from([(), (Requirement("team", "In", ("x",)),), (Requirement("team", "DoesNotExist"),)]),
    ),
)
_terms = st.builds(PodTerm, selectors, _keys)
_spreads = st.builds(
    SpreadConstraint,
    _keys,
    st.integers(1, 2),
    selectors,
    hard=st.sampled_from([True, True, False]),
    min_domains=st.integers(1, 3),
    honors_affinity=st.booleans(),
)
_ports = st.builds(
    HostPort, st.sampled_from([80, 81]), st.sampled_from(["TCP", "UDP"]), st.sampled_from(["0.0.0.0", "10.0.0.1", "10.0.0.2"])
)
_labels = st.dictionaries(st.sampled_from(["app", "tier"]), st.sampled_from("pq"), max_size=2)
pods = st.builds(
    Neighbour,
    st.sampled_from("aaab"),
    _labels.map(lambda each: tuple(sorted(each.items()))),
    affinity=st.lists(_terms, max_size=1).map(tuple),
    anti_affinity=st.lists(_terms, max_size=1).map(tuple),
    preferred=st.lists(st.builds(PreferredPods, st.sampled_from([-5, 3, 10]), _terms), max_size=1).map(tuple),
    spread=st.lists(_spreads, max_size=2).map(tuple),
    ports=st.lists(_ports, max_size=1).map(tuple),
)


def nodes_in(zones: list[int]) -> list[NodeInfo]:
    """One node per number, which is its zone; 0: none. Every other node with a zone is in a rack of its own, too."""
    made = []
    for number, zone in enumerate(zones):
        labels = {HOST: f"n{number}"}
        if zone:
            labels[ZONE] = f"z{zone}"
            if number % 2:
                labels["rack"] = f"r{number % 4}"
        made.append(NodeInfo(f"n{number}", {"cpu": 4, "pods": 3}, labels))
    return made
