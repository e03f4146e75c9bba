"""In whose profile the number of rounds stands."""

from __future__ import annotations

from typing import Any

import pytest

from bayplan_operator.translate.rounds_task import rounds_task
from bayplan_operator.translate.task_graph import prepare

POD = {"spec": {"containers": [{"name": "main", "image": "i"}]}}
LOCAL: dict[str, Any] = {
    "name": "local", "template": POD, "candidates": [{"name": "small"}, {"name": "large"}], "choose": {"by": "Rule"},
}  # fmt: skip
EVALUATE: dict[str, Any] = {"name": "evaluate", "template": POD, "dependsOn": [{"task": "local"}], "profile": "judge"}


def owner(*tasks: dict[str, Any], **rounds: Any) -> tuple[str, str] | None:
    spec = {"profile": "family", "tasks": [{"name": "first", "template": POD}, *tasks], "rounds": {"max": 9, **rounds}}
    found = rounds_task(prepare({"metadata": {"namespace": "ns", "name": "g", "uid": "u"}, "spec": spec}))
    return None if found is None else (found.family, found.task)


def plain(task: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in task.items() if name not in ("candidates", "choose")}


def test_it_is_the_first_repeated_task_in_the_order_of_the_graph() -> None:
    names = ["evaluate", "local"]
    assert owner(plain(LOCAL), EVALUATE, tasks=names, until="evaluate.x > 1") == ("ns/family", "local")


def test_tasks_with_candidates_come_last() -> None:
    names = ["local", "evaluate"]
    assert owner(LOCAL, EVALUATE, tasks=names, until="evaluate.x > 1") == ("ns/family", "judge")
    assert owner(LOCAL, tasks=["local"], until="local.x > 1") == ("ns/family", "local--small")


@pytest.mark.parametrize("rounds", [{}, {"timeout": "5m", "minimum": 1}])
def test_where_only_the_maximum_ends_the_rounds_nothing_is_to_be_learned(rounds: dict[str, Any]) -> None:
    assert owner(plain(LOCAL), EVALUATE, tasks=["local", "evaluate"], **rounds) is None


def test_a_joint_loss_may_end_them() -> None:
    joint = {"terms": [{"name": "a", "loss": "local.loss"}], "bound": "0.5"}
    assert owner(plain(LOCAL), EVALUATE, tasks=["local"], joint=joint) == ("ns/family", "local")
