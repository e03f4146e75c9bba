"""Gangs and nodes in racks, drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from bayplan.cluster.cluster import Cluster
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.workload import Gang, GangTopology, NodeInfo, Request, RequestClass
from bayplan.strategy.protocols import Strategy
from bayplan.strategy.wish import Wish
from tests.unit.placement.gangs.reference import RESOURCES, Amounts, Place

RACK = "topology.kubernetes.io/rack"
_PLACE = st.tuples(
    st.sampled_from(("r1", "r1", "r2", "r2", "r3", None)),
    st.tuples(st.integers(2, 6), st.integers(0, 3)),
    st.tuples(st.integers(0, 2), st.integers(0, 1)),
)
PLACES = st.lists(_PLACE, min_size=3, max_size=6).map(
    lambda drawn: [
        Place(f"n{number}", rack, whole, (min(whole[0], used[0]), min(whole[1], used[1])))
        for number, (rack, whole, used) in enumerate(drawn)
    ]
)
ASKED = st.tuples(st.integers(1, 3), st.sampled_from((0, 0, 1)))
MEMBERS = st.one_of(
    st.tuples(ASKED, st.integers(1, 4)).map(lambda both: [both[0]] * both[1]), st.lists(ASKED, min_size=2, max_size=4)
)
"""All alike, or as the stages of a model."""


def cluster_of(places: Sequence[Place]) -> Cluster:
    """The nodes, with what occupies them."""
    made = Cluster()
    for each in places:
        labels = {} if each.rack is None else {RACK: each.rack}
        made.set_node(NodeInfo(each.name, dict(zip(RESOURCES, each.whole, strict=True)), labels))
        made.occupy(("before", each.name), each.name, dict(zip(RESOURCES, each.used, strict=True)))
    return made


def members_of(gang: Gang, members: Sequence[Amounts]) -> list[Request]:
    """A request for each; their ids are pairs of the gang's and a number."""
    return [Request((gang.id, n), _class(asked), gang=gang, name=f"graph/{gang.id}") for n, asked in enumerate(members)]


def _class(asked: Amounts) -> RequestClass:
    return RequestClass(tuple((name, amount) for name, amount in zip(RESOURCES, asked, strict=True) if amount))


def near(minimum: int | None = None, required: bool = True, beside: tuple[str, ...] = (), name: str = "train") -> Gang:
    """A gang that is, or is better, in one rack."""
    return Gang(name, minimum, GangTopology(RACK, required), beside, name)


def decider_for(on: Cluster, strategy: Strategy, *requests: Request) -> Decider:
    """A decider that is told them."""
    made = Decider(on)
    made.update(Changes(tuple(Wish(each, strategy, "p") for each in requests)))
    return made


def relabelled(on: Cluster, name: str, rack: str) -> None:
    """The node is in another rack from now on."""
    (known,) = (each for each in on.nodes if each.name == name)
    on.set_node(replace(known, labels={RACK: rack}))
