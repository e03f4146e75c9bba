"""shards: Auto in the model: what is read, and each wrong combination's sentence."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from bayplan_operator.api import validation
from bayplan_operator.api.v1alpha1 import AUTO, TaskGraph, TaskGraphSpec
from bayplan_operator.api.validation import graph_problems

TEMPLATE = {"spec": {"containers": [{"image": "i"}]}}


def auto(**fields: Any) -> dict[str, Any]:
    return {"name": "train", "shards": "Auto", "expectedDuration": "10m", **fields}


def spec(*tasks: dict[str, Any], **fields: Any) -> TaskGraphSpec:
    return TaskGraphSpec.model_validate({"template": TEMPLATE, "tasks": list(tasks), **fields})


def test_bounds_and_what_is_weighed() -> None:
    (task,) = spec(auto(autoShards={"min": 2, "max": 9, "startup": "20s", "serial": "5%"})).tasks
    assert task.shards == AUTO
    assert task.auto_shards is not None
    assert (task.auto_shards.min, task.auto_shards.max) == (2, 9)
    assert (task.auto_shards.startup, task.auto_shards.serial) == (20.0, 0.05)
    assert task.auto_shards.dump() == {"min": 2, "max": 9, "startup": "20s", "serial": "5%"}


@pytest.mark.parametrize(("text", "share"), [("0%", 0.0), ("7%", 0.07), ("29%", 0.29), ("100%", 1.0)])
def test_percentages_come_back_as_they_went_in(text: str, share: float) -> None:
    (task,) = spec(auto(autoShards={"serial": text})).tasks
    assert task.auto_shards is not None
    assert task.auto_shards.serial == share
    assert task.auto_shards.dump()["serial"] == text


WRONG_VALUES = [
    (auto(shards="auto"), 'spec.tasks[0].shards is "auto": must be a whole number from 1 to 1000, or Auto'),
    (auto(shards=True), "spec.tasks[0].shards is true: must be a whole number from 1 to 1000, or Auto"),
    (auto(autoShards={"max": 1001}), "spec.tasks[0].autoShards.max is 1001: must be at most 1000"),
    (auto(autoShards={"min": 0}), "spec.tasks[0].autoShards.min is 0: must be at least 1"),
    (auto(autoShards={"startup": 20}), "spec.tasks[0].autoShards.startup is 20: must be a duration such as"),
    *(
        (
            auto(autoShards={"serial": value}),
            f'spec.tasks[0].autoShards.serial is {shown}: must be a percentage in whole numbers, such as "5%", from 0% to 100%',
        )
        for value, shown in (("101%", '"101%"'), ("5", '"5"'), ("0.5%", '"0.5%"'), (5, "5"), (0.05, "0.05"), ("-1%", '"-1%"'))
    ),
]


@pytest.mark.parametrize(("task", "sentence"), WRONG_VALUES, ids=[sentence[14:60] for _, sentence in WRONG_VALUES])
def test_wrong_values(task: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TaskGraph.model_validate({"metadata": {"name": "g"}, "spec": {"tasks": [task]}})
    assert sentence in validation.sentence(caught.value)


OWN = [{"name": "BAYPLAN_SHARDS", "value": "8"}]
OURS = (
    'spec.tasks[0] ("train") has shards: Auto and sets the environment variable BAYPLAN_SHARDS itself: leave it out, '
    "Bayplan sets it to the number that it decides"
)
WRONG_TOGETHER = {
    "no duration": (
        auto(expectedDuration=None),
        'spec.tasks[0] ("train") has shards: Auto and no expectedDuration: say how long all of its work takes in one piece, '
        "or give shards as a number",
    ),
    "crossed": (
        auto(autoShards={"min": 9, "max": 8}),
        'spec.tasks[0] ("train") has autoShards.min 9, larger than autoShards.max 8: min must be at most max',
    ),
    "above the default": (
        auto(autoShards={"min": 65}),
        'spec.tasks[0] ("train") has autoShards.min 65, larger than autoShards.max 64, which is the default: '
        "min must be at most max",
    ),
    "a number too": (
        auto(shards=4, autoShards={"max": 8}),
        'spec.tasks[0] ("train") has autoShards, and shards is 4: write shards: Auto, or leave autoShards out',
    ),
    "bounds only": (
        {"name": "train", "autoShards": {"max": 8}},
        'spec.tasks[0] ("train") has autoShards, and shards is 1: write shards: Auto, or leave autoShards out',
    ),
    "own number": (auto(env=OWN), OURS),
    "own number in the template": (auto(template={"spec": {"containers": [{"env": OWN}]}}), OURS),
    "own number in an init container": (
        auto(template={"spec": {"initContainers": [{"name": "first", "image": "i", "env": OWN}]}}), OURS,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_TOGETHER)
def test_wrong_together(name: str) -> None:
    task, sentence = WRONG_TOGETHER[name]
    assert list(graph_problems(spec(task))) == [sentence]


def test_who_shares_a_template_with_one_that_counts_itself_is_not_blamed() -> None:
    found = list(graph_problems(spec(auto(env=OWN), auto(name="other"), {"name": "fixed", "shards": 8, "env": OWN})))
    assert found == [OURS]
