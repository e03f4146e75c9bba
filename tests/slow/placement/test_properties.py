from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.cluster.cluster import Cluster
from bayplan.core.engine import place
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.model.workload import Request
from bayplan.strategy.compile import Strategy
from bayplan.strategy.context import Context
from tests.draws import cases
from tests.unit.placement import reference
from tests.unit.placement.building import BEST_FIT, SPREAD
from tests.unit.placement.generated import (
    NAMES,
    NODES,
    OCCUPANTS,
    POD,
    PODS,
    Manifest,
    node,
    node_info,
    request_class,
)
from tests.unit.placement.test_greedy import snapshot

SOME = cases(50, search=100)
STRATEGIES = pytest.mark.parametrize("strategy", [BEST_FIT, SPREAD], ids=["best fit", "spread"])
Occupants = list[tuple[str, dict[str, int]]]


def build(nodes: list[Manifest], occupants: Occupants) -> Cluster:
    made = Cluster()
    for each in nodes:
        made.set_node(node_info(each))
    for key, (name, amounts) in enumerate(occupants):
        made.occupy(key, name, amounts)
    return made


def decide(pods: list[Manifest], cluster: Cluster, strategy: Strategy) -> list[Decision]:
    requests = [Request(number, request_class(pod), pod["priority"]) for number, pod in enumerate(pods)]
    return place(requests, cluster, strategy, Context())


def usage(occupants: Occupants) -> dict[str, Counter[str]]:
    used: dict[str, Counter[str]] = {name: Counter() for name in NAMES}
    for name, amounts in occupants:
        used[name].update(amounts)
    return used


@STRATEGIES
@SOME
@given(NODES, OCCUPANTS, PODS)
def test_no_filter_is_ignored_nothing_overcommitted_and_no_place_missed(
    strategy: Strategy, nodes: list[Manifest], occupants: Occupants, pods: list[Manifest]
) -> None:
    decisions = decide(pods, build(nodes, occupants), strategy)
    by_name, used = {each["name"]: each for each in nodes}, usage(occupants)
    for pod, decision in zip(pods, decisions, strict=True):
        if decision.node is not None:
            assert reference.passes_now(by_name[decision.node], pod)
            used[decision.node].update(pod["requests"])
    for pod, decision in zip(pods, decisions, strict=True):
        if decision.node is not None:
            for resource in reference.asked(pod):
                assert used[decision.node][resource] <= by_name[decision.node]["allocatable"][resource]
            continue
        # Places are only taken within a batch, so one that is free at its end was free all along.
        for each in nodes:
            assert not (reference.passes_now(each, pod) and reference.has_room(each, used[each["name"]], pod))
        some_could = any(reference.passes_for_ever(each, pod) for each in nodes)
        assert decision.reason is (Reason.NO_CAPACITY if some_could else Reason.NO_SUCH_NODE)


@SOME
@given(NODES, OCCUPANTS, PODS)
def test_every_node_is_counted_once_in_a_message(nodes: list[Manifest], occupants: Occupants, pods: list[Manifest]) -> None:
    for decision in decide(pods, build(nodes, occupants), BEST_FIT):
        assert len(decision.message) < 256
        if decision.node is None and nodes:
            start, reasons = decision.message.split(": ", 1)
            assert start == f"0/{len(nodes)} nodes"
            verbs = ("have", "has", "are", "is", "do", "does", "allow", "allows", "for")
            words = f", {reasons}".replace("(", "").split()
            counts = [int(n) for before, n, verb in zip(words, words[1:], words[2:], strict=False)
                      if before.endswith(",") and n.isdigit() and verb in verbs]  # fmt: skip
            assert sum(counts) == len(nodes)


@STRATEGIES
@SOME
@given(NODES, OCCUPANTS, PODS, st.randoms(use_true_random=False))
def test_the_order_in_which_nodes_and_pods_came_does_not_matter(
    strategy: Strategy, nodes: list[Manifest], occupants: Occupants, pods: list[Manifest], random: object
) -> None:
    first = decide(pods, build(nodes, occupants), strategy)
    shuffled_nodes, shuffled_occupants = list(nodes), list(occupants)
    random.shuffle(shuffled_nodes)  # type: ignore[attr-defined]
    random.shuffle(shuffled_occupants)  # type: ignore[attr-defined]
    assert decide(pods, build(shuffled_nodes, shuffled_occupants), strategy) == first


@STRATEGIES
@SOME
@given(NODES, OCCUPANTS, PODS)
def test_deciding_changes_nothing_and_is_repeatable(
    strategy: Strategy, nodes: list[Manifest], occupants: Occupants, pods: list[Manifest]
) -> None:
    cluster = build(nodes, occupants)
    before = snapshot(cluster)
    first = decide(pods, cluster, strategy)
    assert snapshot(cluster) == before
    assert decide(pods, cluster, strategy) == first


_EVENT = st.one_of(
    st.sampled_from(NAMES).flatmap(node).map(lambda made: ("node", made)),
    st.sampled_from(NAMES).map(lambda name: ("gone", name)),
    st.tuples(st.integers(0, 4), st.sampled_from(NAMES), POD).map(lambda each: ("occupy", each)),
    st.integers(0, 4).map(lambda key: ("vacate", key)),
    st.just(("decide", None)),
)


@cases(125, search=250)
@given(st.lists(POD, min_size=1, max_size=4), st.lists(_EVENT, max_size=25))
def test_a_cluster_with_a_history_decides_like_a_new_one(pods: list[Manifest], events: list[tuple[str, object]]) -> None:
    """What is kept from earlier decisions never shows."""
    old = Cluster()
    nodes: dict[str, Manifest] = {}
    occupants: dict[int, tuple[str, dict[str, int]]] = {}
    for kind, what in [*events, ("decide", None)]:
        match kind, what:
            case "node", dict(made):
                nodes[made["name"]] = made
                old.set_node(node_info(made))
            case "gone", str(name):
                nodes.pop(name, None)
                old.remove_node(name)
            case "occupy", (int(key), str(name), dict(pod)):
                occupants[key] = (name, pod["requests"])
                old.occupy(key, name, pod["requests"])
            case "vacate", int(key):
                occupants.pop(key, None)
                old.vacate(key)
            case _:
                new = build(list(nodes.values()), list(occupants.values()))
                assert decide(pods, old, BEST_FIT) == decide(pods, new, BEST_FIT)
