"""What Bayplan's own planners answer holds when it is tried again: nothing is ever to be mended."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.core.batch import answered, incomplete
from bayplan.core.engine import place
from bayplan.core.replay import Replay
from bayplan.model.workload import Gang, Request
from bayplan.strategy.assigning import PLANNERS
from bayplan.strategy.compile import Named, compile_strategy, with_hot
from bayplan.strategy.context import Context
from bayplan.strategy.wish import Wish
from tests.unit.placement.any_batch import NODES, REQUEST, USED, Drawn, build, request
from tests.unit.placement.building import asking, cluster, node
from tests.unit.placement.load_examples import measured

FEW = {"Genetic": {"population": "4", "generations": "4"}, "AntColony": {"ants": "3", "iterations": "3"}}
"""Small ones of those that search."""
MAP = {"t0": "n0", "t1": "n1", "t2": "gone", "t3": "n0", "t4": "n2"}
GANGS = st.sampled_from((None, None, None, "g", "g", "h"))
MINIMUM = {"g": None, "h": 2}


def requests_of(drawn: list[tuple[Drawn, str | None]]) -> list[Request]:
    """Of gang g all have to be placed, of h two."""
    return [
        replace(request(number, {**each, "gang": None}), gang=None if gang is None else Gang(gang, MINIMUM[gang]))
        for number, (each, gang) in enumerate(drawn)
    ]


@pytest.mark.parametrize("name", list(PLANNERS))
@settings(max_examples=12, deadline=None)
@given(
    NODES,
    USED,
    st.lists(st.tuples(REQUEST, GANGS), min_size=1, max_size=7),
    st.integers(0, 6),
    st.dictionaries(st.sampled_from(("n0", "n1")), st.sampled_from((0.1, 0.9))),
)
def test_there_is_nothing_to_mend(
    name: str,
    nodes: list[Drawn],
    used: list[tuple[int, int]],
    drawn: list[tuple[Drawn, str | None]],
    refused: int,
    load: dict[str, float],
) -> None:
    on, requests = build(nodes, used), requests_of(drawn)
    planner = Named(name, parameters=MAP if name == "Static" else FEW.get(name, {}))
    strategy = with_hot(compile_strategy(["Priority", "CriticalPath"], [Named("BestFit")], planner), {"cpu": 0.8})
    shares = {name: {"cpu": share} for name, share in load.items() if on.row(name) is not None}
    known = Context(
        now=5.0,
        seed=3,
        turn=2,
        load=measured(on, shares) if shares else None,
        rejected={requests[refused].request_class: frozenset({"n0"})} if refused < len(requests) else {},
    )
    decisions = place(requests, on, strategy, known)
    with on.trial() as trial:
        replay = Replay(on, strategy, known, trial)
        for each, decision in zip(requests, decisions, strict=True):
            if decision.node is not None:
                assert replay.take(each, decision) == ""
    assert not incomplete(requests, decisions)
    with on.trial() as trial:
        assert answered([Wish(each, strategy) for each in requests], on, known, trial) == decisions


@pytest.mark.parametrize("name", ["LinearProgram", "IntegerProgram", "Assignment", "Auction", "Genetic", "AntColony"])
def test_a_gang_with_its_minimum_keeps_its_places_beside_what_is_assigned_at_once(name: str) -> None:
    """Two of the gang's three fill the node; the third is admitted nowhere, so the solver is not asked about the gang."""
    on = cluster(node("n0", cpu=4))
    gang = [Request(n, asking(2 if n < 2 else 99), 5, gang=Gang("g", 2)) for n in range(3)]
    requests = [*gang, Request("s", asking(2)), Request("t", asking(2))]
    strategy = compile_strategy(["Priority"], [Named("BestFit")], Named(name, parameters=FEW.get(name, {})))
    decisions = place(requests, on, strategy, Context())
    assert [each.node for each in decisions] == ["n0", "n0", None, None, None]
    assert decisions[3].message == "0/1 nodes: 1 has too little cpu free (2 asked, at most 0 free)"
