"""What was done before a plan was made says nothing about whether it holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bayplan.foresight.graph_plans import Nodes, Progress, Situation, make_plan, why_remake
from bayplan.model.graph import Graph, Task


def test_what_was_done_when_it_was_planned_is_neither_early_nor_late() -> None:
    graph = Graph.build([Task("a"), Task("b", ("a",))])
    nodes = Nodes(("n",), ("",), np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1), usable=frozenset({"n"}))
    done, place = np.array([True, False]), np.array([0, -1])
    plan = make_plan(Situation(graph, np.full((2, 1), 50.0), np.zeros(1), 1.0, nodes, 100.0, done, place, np.full(2, np.nan)))
    ended = Progress(done, place, done, np.array([10.0, np.nan]))
    assert why_remake(plan, ended, frozenset({"n"}), 101.0) == ""
    both = replace(ended, done=np.array([True, True]), begun=np.array([True, True]), ended=np.array([10.0, 120.0]))
    assert why_remake(plan, both, frozenset({"n"}), 120.0) == "b is 30 s early"
