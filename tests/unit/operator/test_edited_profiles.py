"""Profiles that somebody wrote into."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from bayplan.knowledge.run_times import RunTime, Unknown
from tests.unit.operator.knowing import Fixture, Object, edited, run


def on_a_class(sums: Object | None = None, figure: Object | None = None) -> Object:
    figures = [{"mean": "1", "squares": "0", **figure}] if figure else []
    return {"nodeClasses": [{"name": "k", "runs": 1, "sums": sums, "figures": figures}]}


NONSENSE: list[tuple[Mapping[str, Any], str]] = [
    ({"runs": "many"}, "status.runs"),
    ({"runs": -1}, "status.runs"),
    (on_a_class({"runs": "0"}), "sums.runs is 0: it must be above 0"),
    (on_a_class({"runs": "nan"}), "decimal number"),
    (on_a_class({"runs": "9", "logs": "9", "logSquares": "1"}), "sums.logSquares is 1.0"),
    (on_a_class({"runs": "1e400"}), "sums.runs is inf"),
    (on_a_class(figure={"name": "luck", "count": 1}), "luck is no figure"),
    (on_a_class(figure={"name": "run", "count": 0}), "figure run: count is 0"),
    ({"counted": ["x"]}, "status.counted[0] is x: it must be RUN@SECONDS"),
]


@pytest.mark.parametrize(("status", "words"), NONSENSE)
def test_nonsense_is_told_ignored_and_overwritten(status: Object, words: str) -> None:
    fixture = Fixture()
    fixture.end(fixture.graph("g", profile="f"), 5.0)
    fixture.pass_time(10)
    good = json.loads(json.dumps(fixture.profile()))
    key = ("ns", good["metadata"]["name"])
    raw = edited(good, **status)
    fixture.server.profiles[key].update(json.loads(json.dumps(raw)))
    before = fixture.knowledge.run_times.predict(run())
    fixture.knowledge.take([(key, raw)], fixture.now)
    assert fixture.server.events[-1][2] == "EditIgnored"
    assert words in fixture.server.events[-1][3]
    after = fixture.knowledge.run_times.predict(run())
    assert isinstance(before, RunTime)
    assert isinstance(after, RunTime)
    assert before.mean == after.mean
    fixture.pass_time(10)
    assert fixture.profile()["status"]["nodeClasses"] == good["status"]["nodeClasses"]
    # And an operator that finds it at its start
    fixture.server.profiles[key] = json.loads(json.dumps(raw))
    anew = Fixture(fixture.server)
    assert isinstance(anew.knowledge.run_times.predict(run()), Unknown)
    condition = fixture.server.profiles[key]["status"]["conditions"][0]
    assert (condition["status"], condition["reason"]) == ("False", "Unreadable")
    assert words in condition["message"]
    anew.now = fixture.now
    anew.end(anew.graph("later", profile="f"), 6.0)
    anew.pass_time(10)
    assert fixture.server.profiles[key]["status"]["runs"] == 1
    assert fixture.server.profiles[key]["status"]["conditions"][0]["status"] == "True"
