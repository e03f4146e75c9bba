"""What is wrong with how tasks follow each other is told at once, and nothing of it twice."""

from __future__ import annotations

from typing import Any

import pytest

from bayplan_operator.translate.task_graph import InvalidGraph, prepare

POD: dict[str, Any] = {"spec": {"containers": [{"image": "i"}]}}


def problems(*tasks: dict[str, Any], **spec: Any) -> list[str]:
    """What is told of a graph."""
    with pytest.raises(InvalidGraph) as caught:
        prepare({"metadata": {"namespace": "ns", "name": "g"}, "spec": {"template": POD, "tasks": list(tasks), **spec}})
    assert str(caught.value) == "; and ".join(caught.value.problems)
    return list(caught.value.problems)


def after(name: str, *before: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "dependsOn": [{"task": each} for each in before], **fields}


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "when": (after("b", "a", when="c.x > 1"), 'spec.tasks[1].when ("b")'),
    "gate": (after("b", gate="Any"), 'spec.tasks[1] ("b") has gate: Any and no dependsOn'),
    "best": (after("b", "a", gate="BestOf"), 'spec.tasks[1] ("b") has gate: BestOf and no bestBy'),
    "backups": ({"name": "b", "gang": {}, "backups": {}}, 'spec.tasks[1] ("b") has backups and is a gang'),
    "gang": ({"name": "b", "gang": {"minimum": 9}}, 'spec.tasks[1] ("b") has gang.minimum 9 and 1 pods'),
    "variables": (
        {"name": "b", "gang": {}, "template": {"spec": {"containers": [{"env": [{"name": "RANK", "value": "1"}]}]}}},
        "sets the environment variable RANK itself",
    ),
    "data": ({"name": "b", "data": {"nodeSelectorPerShard": [{"x": "y"}] * 2}}, "has 2 items in data.nodeSelectorPerShard"),
    "fuse": ({"name": "b", "fuse": {"method": "Mean"}}, 'spec.tasks[1] ("b") has fuse and no dependsOn'),
    "reference": (after("b", "a", args=["$(tasks.c.outputs.x)"]), "the task of $(tasks.c.outputs.x)"),
    "no reference": (after("b", "a", args=["$(tasks.a.x)"]), "$(tasks.a.x) is no reference to a result"),
    "choice": (
        {"name": "b", "candidates": [{"name": "s", "args": ["s"]}, {"name": "l", "args": ["l"]}],
         "choose": {"by": "Rule", "rules": [{"when": "c.x > 1", "candidate": "l"}]}},
        'spec.tasks[1].choose.rules[0].when ("b")',
    ),
}  # fmt: skip
ROUNDS: dict[str, tuple[dict[str, Any], str]] = {
    "until": ({"until": "b.x > 1"}, "spec.rounds.until"),
    "metric": ({"metric": "b.x"}, "spec.rounds.metric"),
    "patience": ({"patience": 2}, "does not know what progress is"),
    "minimum": ({"minimum": 9}, "spec.rounds.minimum is 9"),
    "sample": ({"sample": {"clients": 1}}, "spec.rounds.sample needs repeated tasks with equally many shards"),
    "joint": ({"joint": {"bound": "1", "terms": [{"name": "x", "loss": "b.x"}]}}, "spec.rounds.joint.terms[0].loss"),
    "asynchronous": ({"asynchronous": True}, "spec.rounds has asynchronous: true and no minimum"),
}


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("rounds", ROUNDS)
def test_a_fault_of_a_task_and_one_of_the_rounds_are_both_told(what: str, rounds: str) -> None:
    task, words = WRONG[what]
    fields, more = ROUNDS[rounds]
    found = problems({"name": "a"}, task, rounds={"tasks": ["a"], "max": 3, **fields})
    assert len([each for each in found if words in each]) == 1, found
    assert len([each for each in found if more in each]) == 1, found


@pytest.mark.parametrize("what", WRONG)
def test_two_tasks_with_the_same_fault_are_both_told(what: str) -> None:
    task, words = WRONG[what]
    other = {**task, "name": "other"}
    found = problems({"name": "a"}, task, other)
    both = [words, words.replace("spec.tasks[1]", "spec.tasks[2]").replace('("b")', '("other")')]
    assert len(found) >= (1 if what == "no reference" else 2), found
    assert all(any(each in sentence for sentence in found) for each in both), found


def test_faults_of_rounds_are_told_together() -> None:
    never = "min(a.x) > 1 and min(a.x) < 0"
    rounds = {"asynchronous": True, "sample": {"clients": 9}, "timeout": "p95", "until": never, "minimum": 9}
    words = (
        "spec.rounds.minimum is 9", "can never hold", "sample.clients is 9", "asynchronous: true and sample",
        "asynchronous: true and timeout", "has backups in asynchronous rounds",
    )  # fmt: skip
    found = problems({"name": "a", "shards": 3, "backups": {}}, rounds={"tasks": ["a"], "max": 3, **rounds})
    assert [len([each for each in found if word in each]) for word in words] == [1] * len(words), found


def test_ten_are_told_at_most() -> None:
    found = problems({"name": "a"}, *(after(f"t{number}", gate="Any") for number in range(30)))
    assert [each.split('"')[1] for each in found] == [f"t{number}" for number in range(10)]


def test_what_follows_from_a_fault_is_not_told() -> None:
    """No result of a task that is misspelled can be known, whatever speaks of it."""
    rounds = {"tasks": ["a", "evaluat"], "max": 3, "until": "evaluate.x > 1", "sample": {"clients": 1}}
    (found,) = problems({"name": "a"}, after("evaluate", "a"), rounds=rounds)
    assert found.startswith("spec.rounds.tasks[1]")


@pytest.mark.parametrize("what", ["when", "best", "data", "reference"])
def test_what_is_wrong_with_a_task_is_not_told_of_its_backups_again(what: str) -> None:
    """No author has written these."""
    task, words = WRONG[what]
    (found,) = problems({"name": "a"}, {**task, "backups": {"count": 3}})
    assert words in found


def test_a_repeated_task_that_cannot_repeat_is_told_once_with_its_backups() -> None:
    tasks = [{"name": "a"}, after("between", "a"), after("b", "between", optional=True, backups={"count": 2})]
    optional, stray = problems(*tasks, rounds={"tasks": ["a", "b"], "max": 3})
    assert optional.startswith('spec.tasks[2] ("b") has optional: true')
    assert stray.startswith('spec.tasks[2] ("b") repeats, and waits for "between"')
