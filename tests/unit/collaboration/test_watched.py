"""What the demo and the tests on real nodes read of a graph while it runs."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from tests.testbed.collaboration import manifests, rounds, story, watching
from tests.testbed.collaboration.running import watched
from tests.testbed.collaboration.status import EndedRound, Entry
from tests.testbed.errors import TestbedError


def state(number: int, history: list[str], local: str, results: list[str]) -> dict[str, Any]:
    """A graph in this state."""
    return {"status": {"rounds": {"number": number, "history": history}, "tasks": [f"local {local}"], "results": results}}


RUNNING = state(1, [], "Running 1/0 a 1.5 | Running 1/0 b 1.5", [])
OVER = state(1, ["1 2/3 4.5s evaluate.accuracy=0.84"], "Succeeded 1/0 a 1.5+2 | Failed 3/3 b 1.5+2", ['local/0 {"samples":7}'])
NEXT = state(2, OVER["status"]["rounds"]["history"], "Ready 1/0 | Ready 3/3", [])


def test_a_round_is_told_with_the_last_state_that_speaks_of_it() -> None:
    heard: list[rounds.SeenRound] = []
    assert watched([{"metadata": {}}, RUNNING, OVER, OVER, NEXT], "local", heard.append) is NEXT
    assert heard == [
        rounds.SeenRound(
            EndedRound(1, "2/3", 4.5, 0.84), (Entry("Succeeded", 1, 0, "a"), Entry("Failed", 3, 3, "b")), (7, None)
        )
    ]
    assert heard[0].lost() == [1]
    assert rounds.line(heard[0], 50).split() == ["1/50", "a:", "0", "(7)", "without", "1", "4.5", "s", "84.0", "%"]


def test_a_round_whose_last_state_was_missed_is_told_without_its_shards() -> None:
    heard: list[rounds.SeenRound] = []
    watched([RUNNING, NEXT], "local", heard.append)
    assert [(each.ended.number, each.shards) for each in heard] == [(1, ())]
    assert rounds.line(heard[0], 50).split() == ["1/50", "4.5", "s", "84.0", "%"]


def test_objects_of_a_watch_are_read_one_by_one() -> None:
    objects = [{"a": {"b": [1, {}]}}, {"c": "}\n"}]
    text = "".join(json.dumps(each, indent=4) + "\n" for each in objects)
    assert list(watching._objects(io.StringIO(text + "{\n"))) == objects


def test_how_a_graph_has_ended() -> None:
    def graph(kind: str, told: str, summary: str) -> dict[str, Any]:
        return {"status": {"conditions": [{"type": kind, "status": told, "message": "why"}], "summary": summary}}

    complete, failed = graph("Complete", "True", "Succeeded"), graph("Failed", "True", "Failed")
    refused, accepted = graph("Accepted", "False", "Invalid"), graph("Accepted", "True", "Running")
    assert [watching.ended(each) for each in (complete, failed, refused, accepted, {})] == [True, True, True, False, False]
    assert [watching.problem(each) for each in (complete, failed, refused)] == ["", "why", "why"]


@pytest.mark.parametrize("name", manifests.NAMES)
def test_a_manifest_for_real_nodes_differs_in_image_and_volume_only(name: str, tmp_path: Any) -> None:
    made, there = manifests.for_real_nodes(name, tmp_path), manifests.read(name)
    pods = [each["spec"]["template"]["spec"] for each in (made, there)]
    assert pods[0].pop("terminationGracePeriodSeconds") == 1
    assert pods[0]["containers"][0].pop("imagePullPolicy") == "Never"
    assert [each["name"] for each in pods[0].pop("volumes")] == [each["name"] for each in pods[1].pop("volumes")]
    assert pods[0]["containers"][0].pop("image") != pods[1]["containers"][0].pop("image")
    assert made == there


@pytest.mark.parametrize("text", ["0", "1001", "-1", "many", "²"])
def test_a_number_of_rounds_that_cannot_be_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUNDS", text)
    with pytest.raises(TestbedError, match=r"ROUNDS is .* it must be a whole number from 1 to 1000"):
        story.check_settings()
