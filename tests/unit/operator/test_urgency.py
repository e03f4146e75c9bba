"""Whose estimate comes next, however graphs join, change and leave."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bayplan_operator.conductor.graphs.intake import IntakeTerms, new_graph
from bayplan_operator.conductor.outlook.urgency import ByUrgency
from bayplan_operator.conductor.record.graph_run import GraphRun

COUNT = 6
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, COUNT - 1), st.sampled_from((None, 100.0)), st.integers(0, 3)),
        st.tuples(st.just("discard"), st.integers(0, COUNT - 1)),
        st.tuples(st.just("next")),
    ),
    max_size=40,
)


def graph(number: int) -> GraphRun:
    template = {"spec": {"containers": [{"name": "c", "image": "none"}]}}
    raw = {
        "metadata": {
            "namespace": "a",
            "name": f"g{number}",
            "uid": f"u{number}",
            "resourceVersion": "1",
            "creationTimestamp": "2026-01-01T00:00:00Z",
        },
        "spec": {"tasks": [{"name": "t", "template": template}]},
    }
    return new_graph(raw, float(number), IntakeTerms())


def urgency(each: GraphRun) -> tuple[bool, float, str]:
    return each.known.deadline is None, each.decided.accepted_at, each.ref.uid


@given(STEPS)
def test_the_first_is_the_most_urgent_of_those_that_are_due(steps: list[tuple[object, ...]]) -> None:
    graphs, due, found = [graph(number) for number in range(COUNT)], set[int](), ByUrgency()
    for what, *given_ in steps:
        if what == "add":
            number, deadline, accepted_at = given_
            if number not in due:  # what changes while it is due is told by discarding it first
                graphs[number].known.deadline, graphs[number].decided.accepted_at = deadline, float(accepted_at)
            due.add(number)
            found.add(graphs[number])
        elif what == "discard":
            due.discard(given_[0])
            found.discard(f"u{given_[0]}")
        assert len(found) == len(due)
        first = found.first
        assert first is (min((graphs[number] for number in due), key=urgency) if due else None)
