"""What changes between two decisions, and within one, for pods that matter for each other."""

from __future__ import annotations

from bayplan.model.neighbour import Neighbour, PodSelector, PodTerm, SpreadConstraint
from bayplan.strategy.presets import compile_preset
from tests.unit.placement.neighbours.drawing import HOST, ZONE, nodes_in
from tests.unit.placement.neighbours.reference import Pod
from tests.unit.placement.neighbours.test_placing import World

BEST_FIT = compile_preset("BestFit")
ALL = PodSelector((), frozenset("a"))
SPREAD = Neighbour("a", (("app", "p"),), spread=(SpreadConstraint(ZONE, 1, ALL),))
APART = Neighbour("a", (("app", "p"),), anti_affinity=(PodTerm(ALL, HOST),))
PLAIN, ELSEWHERE = Neighbour("a", (("app", "p"),)), Neighbour("b")


def places(world: World) -> dict[object, str]:
    before = set(world.there)
    world.decide()
    return {key: each.node.name for key, each in world.there.items() if key not in before}


def test_what_is_being_deleted_keeps_others_apart_and_does_not_count_for_a_spread() -> None:
    world = World(nodes_in([1, 2]))
    world.put("going", Pod(world.nodes["n0"], PLAIN, leaving=True))
    world.want("apart", APART, BEST_FIT)
    assert places(world) == {"apart": "n1"}
    world = World(nodes_in([1, 2]))
    for number in range(2):
        world.put(number, Pod(world.nodes["n0"], PLAIN, leaving=True))
    world.put("staying", Pod(world.nodes["n1"], PLAIN))
    world.want("spread", SPREAD, BEST_FIT)
    assert places(world) == {"spread": "n0"}, "of the zones, one has a pod, and the other none that stays"


def test_a_label_of_a_node_that_changes_makes_another_answer() -> None:
    world = World(nodes_in([1, 1]))
    together = Neighbour("a", (("app", "q"),), affinity=(PodTerm(PodSelector((), frozenset("b")), ZONE),))
    for node in world.nodes.values():
        for number in range(2 if node.name == "n1" else 3):
            world.put((node.name, number), Pod(node, Neighbour("c")))
    world.label("n0", "z2")
    world.take(("n0", 0))
    world.put("partner", Pod(world.nodes["n0"], ELSEWHERE))
    world.want("follower", together, BEST_FIT)
    assert places(world) == {}, "the partner's zone is full"
    world.label("n1", "z2")
    assert places(world) == {"follower": "n1"}


def test_a_term_that_comes_while_a_pod_waits_keeps_only_that_pod_off() -> None:
    """Both ask for the same, so that one line of questions served both until then."""
    world = World(nodes_in([0]))
    for number in range(3):
        world.put(number, Pod(world.nodes["n0"], Neighbour("c")))
    world.want("plain", PLAIN, BEST_FIT)
    world.want("elsewhere", ELSEWHERE, BEST_FIT)
    assert places(world) == {}
    world.take(0)
    world.take(1)
    world.put("jealous", Pod(world.nodes["n0"], Neighbour("c", anti_affinity=(PodTerm(ALL, HOST),))))
    assert places(world) == {"elsewhere": "n0"}


def test_what_others_of_the_same_decision_evened_out_has_its_place_in_it() -> None:
    """The first finds the other zone behind and may not go there; once the second is there, it may stay in its own."""
    world = World(nodes_in([1, 2]))
    world.put("there", Pod(world.nodes["n0"], PLAIN))
    world.put("foe", Pod(world.nodes["n1"], Neighbour("d")))
    world.put("other", Pod(world.nodes["n1"], Neighbour("c")))
    foe = PodTerm(PodSelector((), frozenset("d")), HOST)
    world.want("first", Neighbour("a", (("app", "p"),), anti_affinity=(foe,), spread=SPREAD.spread), BEST_FIT)
    world.want("second", PLAIN, BEST_FIT)
    assert places(world) == {"first": "n0", "second": "n1"}
