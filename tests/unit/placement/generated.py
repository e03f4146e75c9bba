"""Nodes and pods drawn at random, in the API's shape; and the same for the library."""

from functools import cache
from typing import Any

from hypothesis import strategies as st

from bayplan.model.constraints import PreferredTerm, Requirement, Taint, Term, Toleration
from bayplan.model.workload import NodeInfo, RequestClass

Manifest = dict[str, Any]

NAMES = [f"n{number}" for number in range(6)]
RESOURCES = ["cpu", "memory", "nvidia.com/gpu", "pods"]
_KEYS = st.sampled_from(["a", "b"])
_VALUES = st.sampled_from(["1", "2", "10", "x"])
_LABELS = st.dictionaries(_KEYS, _VALUES)
_TAINT_KEYS = st.sampled_from(
    [
        "t",
        "u",
        "node.kubernetes.io/disk-pressure",
        "node.kubernetes.io/unschedulable",
        "node.kubernetes.io/not-ready",
    ]
)
_EFFECTS = st.sampled_from(["NoSchedule", "NoExecute", "PreferNoSchedule"])
_AMOUNTS = st.dictionaries(st.sampled_from(RESOURCES), st.integers(0, 4))
_TAINT = st.fixed_dictionaries({"key": _TAINT_KEYS, "value": st.sampled_from(["", "v"]), "effect": _EFFECTS})
_TOLERATION = st.one_of(
    st.fixed_dictionaries({"operator": st.just("Exists")}, optional={"key": _TAINT_KEYS, "effect": _EFFECTS}),
    st.fixed_dictionaries(
        {"operator": st.just("Equal"), "key": _TAINT_KEYS, "value": st.sampled_from(["", "v"])},
        optional={"effect": _EFFECTS},
    ),
)
_EXPRESSION = st.one_of(
    st.fixed_dictionaries(
        {
            "key": _KEYS,
            "operator": st.sampled_from(["In", "NotIn"]),
            "values": st.lists(_VALUES, min_size=1, max_size=2),
        }
    ),
    st.fixed_dictionaries({"key": _KEYS, "operator": st.sampled_from(["Exists", "DoesNotExist"])}),
    st.fixed_dictionaries(
        {
            "key": _KEYS,
            "operator": st.sampled_from(["Gt", "Lt"]),
            "values": st.sampled_from([["1"], ["2"], ["9"]]),
        }
    ),
)
_FIELD = st.fixed_dictionaries(
    {
        "key": st.just("metadata.name"),
        "operator": st.sampled_from(["In", "NotIn"]),
        "values": st.sampled_from(NAMES).map(lambda name: [name]),
    }
)
_TERM = st.fixed_dictionaries(
    {},
    optional={
        "matchExpressions": st.lists(_EXPRESSION, max_size=2),
        "matchFields": st.lists(_FIELD, max_size=1),
    },
)
_MOSTLY = st.sampled_from([True, True, True, False])

POD = st.fixed_dictionaries(
    {
        "requests": _AMOUNTS,
        "nodeSelector": st.one_of(st.just({}), _LABELS),
        "required": st.lists(_TERM, max_size=2),
        "preferred": st.lists(st.tuples(st.integers(1, 100), _TERM), max_size=2),
        "tolerations": st.lists(_TOLERATION, max_size=2),
        "priority": st.integers(0, 1),
    }
)


@cache
def node(name: str) -> st.SearchStrategy[Manifest]:
    """A node of this name."""
    return st.fixed_dictionaries(
        {
            "name": st.just(name),
            "labels": _LABELS,
            "allocatable": st.one_of(st.just(dict.fromkeys(RESOURCES, 6)), _AMOUNTS),
            "taints": st.one_of(st.just([]), st.lists(_TAINT, max_size=2)),
            "ready": _MOSTLY,
            "unschedulable": _MOSTLY.map(lambda mostly: not mostly),
        }
    )


NODES = st.lists(st.sampled_from(NAMES), unique=True, max_size=6).flatmap(
    lambda names: st.tuples(*(node(name) for name in names)).map(list)
)
PODS = st.lists(POD, min_size=1, max_size=4).flatmap(lambda kinds: st.lists(st.sampled_from(kinds), max_size=10))
OCCUPANTS = st.lists(st.tuples(st.sampled_from(NAMES), _AMOUNTS), max_size=6)


def node_info(made: Manifest) -> NodeInfo:
    taints = tuple(Taint(each["key"], each["value"], each["effect"]) for each in made["taints"])
    return NodeInfo(made["name"], made["allocatable"], made["labels"], taints, made["unschedulable"], made["ready"])


def request_class(pod: Manifest) -> RequestClass:
    return RequestClass(
        tuple(sorted(pod["requests"].items())),
        tuple(sorted(pod["nodeSelector"].items())),
        tuple(_term(term) for term in pod["required"]),
        tuple(PreferredTerm(weight, _term(term)) for weight, term in pod["preferred"]),
        tuple(
            Toleration(each.get("key", ""), each["operator"], each.get("value", ""), each.get("effect", ""))
            for each in pod["tolerations"]
        ),
    )


def _term(term: Manifest) -> Term:
    def several(field: str) -> tuple[Requirement, ...]:
        return tuple(Requirement(r["key"], r["operator"], tuple(r.get("values", ()))) for r in term.get(field, []))

    return Term(several("matchExpressions"), several("matchFields"))
