"""What real containers report of themselves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.node.graphs import Graphs, instant, terminated

TASKS = """
- name: fit
  profile: fit
  args: ['sleep 2; echo "{\\"accuracy\\": 0.75, \\"f1\\": 0.5}" > /dev/termination-log']
- {name: talk, args: ["echo almost done > /dev/termination-log"]}
"""


def test_numbers_in_the_termination_message_are_learned(graphs: Graphs) -> None:
    graphs.apply("report", TASKS, profile="real")
    graphs.ended("report", "Complete")

    def learned() -> dict[str, dict[str, Any]] | None:
        path = f"/apis/bayplan.dev/v1alpha1/namespaces/{graphs.namespace}/taskprofiles"
        found = {each["spec"]["task"]: each["status"] for each in graphs.testbed.api.get(path)["items"] if each.get("status")}
        return found if {"fit", "talk"} <= found.keys() else None

    profiles = graphs.wait(learned, "both tasks have profiles")
    (where,) = profiles["fit"]["nodeClasses"]
    figures = {each["name"]: float(each["mean"]) for each in where["figures"]}
    assert (figures["reported.accuracy"], figures["reported.f1"]) == (0.75, 0.5)
    ended = terminated(graphs.pods("report", "fit")[0])
    took = instant(ended["finishedAt"]) - instant(ended["startedAt"])
    assert took >= 1.0
    assert figures["run"] == pytest.approx(took, abs=1.0)
    assert [each["name"] for each in profiles["talk"]["nodeClasses"][0]["figures"] if "reported" in each["name"]] == []
