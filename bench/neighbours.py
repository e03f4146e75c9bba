"""Pods with terms about each other, for benchmarks: groups that are spread over zones, a node for each pod."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from bayplan.model.constraints import Requirement
from bayplan.model.neighbour import Neighbour, PodSelector, PodTerm, SpreadConstraint
from bayplan.model.workload import NodeInfo

HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
KINDS = ("none", "labels", "terms")
"""Pods of which nothing is said; pods with labels, about which a tenth of the pods that are there have terms; and pods each of
which has a spread constraint and an anti-affinity."""
_ZONES = 10
_GROUP = 100


def zoned(nodes: Sequence[NodeInfo]) -> list[NodeInfo]:
    """The nodes with a name and one of ten zones as labels."""
    return [replace(each, labels={HOST: each.name, ZONE: f"zone-{n % _ZONES}"}) for n, each in enumerate(nodes)]


def pod(kind: str, number: int) -> Neighbour | None:
    """What the pod of this number is for others. Raises `ValueError` for an unknown kind."""
    if kind not in KINDS:
        raise ValueError(f'kind is "{kind}": it must be one of {", ".join(KINDS)}')
    group = f"group-{number // _GROUP}"
    return None if kind == "none" else _made(group, kind == "terms")


def there(kind: str, number: int) -> Neighbour | None:
    """The same of a pod that is there from the beginning: of other groups, a tenth of them with an anti-affinity."""
    if kind == "none":
        return None
    group = f"before-{number // _GROUP}"
    return _made(group, number % 10 == 0)


@cache
def _made(group: str, terms: bool) -> Neighbour:
    """Shared by the pods that are alike, as the operator shares it among the shards of a task."""
    if not terms:
        return Neighbour("bench", (("app", group),))
    alike = PodSelector((Requirement("app", "In", (group,)),), frozenset({"bench"}))
    return Neighbour(
        "bench",
        (("app", group),),
        anti_affinity=(PodTerm(alike, HOST),),
        spread=(SpreadConstraint(ZONE, 1, alike),),
    )
