"""What was seen of the nodes, as it is written down and read again."""

from __future__ import annotations

from typing import Any

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.node_states import NodeState, NodeStates
from bayplan.model.workload import NodeInfo
from bayplan_operator.conductor.knowledge.node_memory import NodeMemory
from bayplan_operator.translate import node_record


class Kept:
    """What was written."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.occupied = False

    def busy(self) -> bool:
        return self.occupied

    def write(self, text: str) -> None:
        self.texts.append(text)


def watching(on: Cluster, kept: Kept, states: dict[str, NodeStates] | None = None) -> NodeMemory:
    writer: Any = kept
    return NodeMemory(on, writer, states or {})


def two_nodes() -> Cluster:
    made = Cluster()
    for number in range(2):
        made.set_node(NodeInfo(f"n{number}", {"cpu": 8000, "pods": 10}, node_class="k"))
    return made


def test_a_successor_answers_the_same_and_goes_on_from_there() -> None:
    on, kept = two_nodes(), Kept()
    watch = watching(on, kept)
    watch.step(0.0)
    assert kept.texts == [], "nothing was seen yet"
    on.set_node(NodeInfo("n0", {"cpu": 8000, "pods": 10}, node_class="k", ready=False))
    watch.step(5.0)
    watch.step(5.5)
    assert watch.next_time() == 6.0, "what happens right after a look is not left for whenever the next news comes"
    watch.step(7.0)
    assert watch.next_time() == 10.0
    kept.occupied = True
    watch.step(10.0)
    assert kept.texts == []
    kept.occupied = False
    watch.step(12.0)
    watch.step(300.0)
    (text,) = kept.texts
    assert watch.survival is not None
    states, problems = node_record.read(text)
    assert problems == []
    later = watching(on, Kept(), states)
    assert later.survival is not None
    mine, theirs = (each.survival.reruns(("k",), 30.0) for each in (watch, later) if each.survival)
    assert mine is not None
    assert theirs is not None
    assert mine.rates.tolist() == theirs.rates.tolist()
    watch.step(700.0)
    assert len(kept.texts) == 2, "time alone counts, too, but seldom"
    grown, _ = node_record.read(kept.texts[1])
    assert grown["k"].observed > states["k"].observed


def test_a_record_keeps_everything_and_says_what_is_wrong() -> None:
    seen = NodeStates()
    seen.observe(NodeState.BUSY, 1234.5678901, NodeState.FAILING)
    text = node_record.write({"k": seen, "none": NodeStates()})
    states, problems = node_record.read(text)
    assert problems == []
    assert {name: each.as_plain() for name, each in states.items()} == {
        "k": seen.as_plain(), "none": NodeStates().as_plain(),
    }  # fmt: skip
    nonsense = '{"good": {"seconds": {"busy": 5}}, "a": {"seconds": {"busy": -1}}, "b": {"moves": 3}, "c": 7}'
    states, problems = node_record.read(nonsense)
    assert list(states) == ["good"]
    assert problems == [
        "class a: seconds.busy is -1: it must be a number, 0 or above",
        "class b: moves is 3: it must be numbers by name",
        "class c is 7: it must have seconds and moves",
    ]
    for text, words in (("{", "is not JSON"), ("[1]", "must be a JSON object"), ('{"a": {"seconds": {"busy": 1e999}}}', "")):
        states, (problem,) = node_record.read(text)
        assert states == {}
        assert words in problem


def test_the_record_is_bounded() -> None:
    states = {}
    for number in range(3000):
        states[f"class-{number:04d}"] = NodeStates()
        for state in NodeState:
            for other in NodeState:
                if other is not state:
                    states[f"class-{number:04d}"].observe(state, number + 0.123456789012345, other)
    text = node_record.write(states)
    assert len(text) < 1_000_000, "what an API server takes"
    assert min(node_record.read(text)[0]) == "class-2000"
