"""The rounds of a graph count once, whatever the operator had written when it was killed."""

from __future__ import annotations

from typing import Any

import pytest

from bayplan.collaboration.rounds import RoundEnd
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.translate.task_profile import InvalidProfile, read
from tests.unit.operator.knowing import Fixture, Server

ROUNDS = {"tasks": ["a"], "max": 9, "until": "a.x > 1"}
LINE = "a Succeeded 3/0 n 10+5"
GOES_ON = {"rounds": {"number": 3}}
OVER = {"rounds": {"number": 3, "over": "round 3: a.x > 1 holds", "reason": "ConditionHolds"}}
ENDED = {"conditions": [{"type": "Complete", "status": "True"}], "completionTime": "2027-01-15T08:00:30Z"}


def graph(fixture: Fixture, status: dict[str, Any], name: str = "g") -> GraphRun:
    fixture.now += 20.0
    return fixture.graph(name, lines=(LINE,), status=status, profile="f", rounds=ROUNDS)


def decided(fixture: Fixture, met: GraphRun, end: RoundEnd | None) -> None:
    """The round is found to have been the last."""
    assert met.running is not None
    assert met.running.rounds is not None
    before, met.running.run = met.running.run, met.running.run.copy()
    met.running.run.rounds_over, met.running.rounds.end = True, end
    fixture.knowledge.advanced(met, before, fixture.now)


def written(fixture: Fixture) -> list[str]:
    fixture.pass_time(10.0)
    found: list[str] = fixture.profile()["status"]["rounds"]
    return found


def test_a_profile_that_was_written_before_the_status_counts_them_once() -> None:
    server = Server()
    first = Fixture(server)
    decided(first, graph(first, GOES_ON), RoundEnd.CONDITION)
    assert written(first) == ["3"]
    second = Fixture(server)  # the status does not say yet that the rounds are over
    decided(second, graph(second, GOES_ON), RoundEnd.CONDITION)
    assert written(second) == ["3"]
    third = Fixture(server)
    graph(third, OVER)
    assert written(third) == ["3"]


@pytest.mark.parametrize("status", [OVER, {**OVER, **ENDED}])
def test_a_status_that_was_written_before_the_profile_is_learned_from(status: dict[str, Any]) -> None:
    server = Server()
    for _ in range(2):
        fixture = Fixture(server)
        graph(fixture, status)
        assert written(fixture) == ["3"]


def test_each_graph_counts() -> None:
    fixture = Fixture()
    graph(fixture, OVER, "one")
    graph(fixture, {"rounds": {**OVER["rounds"], "reason": "NoProgress"}}, "two")
    graph(fixture, {"rounds": {**OVER["rounds"], "reason": "Maximum"}}, "three")
    assert written(fixture) == ["3", "3", "3+"]


@pytest.mark.parametrize("reason", [None, "Edited", 7])
def test_rounds_of_which_the_status_does_not_say_what_ended_them_teach_nothing(reason: object) -> None:
    fixture = Fixture()
    graph(fixture, {"rounds": {**OVER["rounds"], "reason": reason}})
    assert written(fixture) == []
    decided(fixture, graph(fixture, GOES_ON, "other"), None)
    assert written(fixture) == []


def test_counts_that_are_none_make_a_profile_unreadable_by_name() -> None:
    fixture = Fixture()
    graph(fixture, OVER)
    written(fixture)
    raw = fixture.profile()
    assert [each.rounds for each in read({**raw, "status": {**raw["status"], "rounds": ["12", "3+"]}}).rounds.counts] == [12, 3]
    with pytest.raises(InvalidProfile, match=r"status\.rounds\[1\]"):
        read({**raw, "status": {**raw["status"], "rounds": ["12", "0"]}})
