"""What the labels of a foreign pod ask, and what is said of those that are wrong."""

from __future__ import annotations

import pytest

from bayplan_operator.translate.foreign.asked import AskedByLabels, BadLabel, asked_by_labels, same_labels

OTHERS = {"app": "x", "bayplan.dev/other": ""}


def labels(**said: str) -> dict[str, str]:
    return {f"bayplan.dev/{name.replace('_', '-')}": value for name, value in said.items()}


def test_without_labels_the_defaults_hold() -> None:
    assert asked_by_labels(OTHERS) == AskedByLabels("default", "default", 0, "", 1)


def test_all_of_them() -> None:
    said = labels(queue="q", policy="p", priority="1000000", gang="g", gang_size="1000")
    assert asked_by_labels({**OTHERS, **said}) == AskedByLabels("q", "p", 1_000_000, "g", 1000)


NUMBER = "it must be a whole number from"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"queue": ""}, "bayplan.dev/queue is empty: give it a value, or leave it out"),
        ({"policy": ""}, "bayplan.dev/policy is empty: give it a value, or leave it out"),
        ({"priority": "high"}, f'bayplan.dev/priority is "high": {NUMBER} 0 to 1000000'),
        ({"priority": "-1"}, f'bayplan.dev/priority is "-1": {NUMBER} 0 to 1000000'),
        ({"priority": "1000001"}, f'bayplan.dev/priority is "1000001": {NUMBER} 0 to 1000000'),
        ({"priority": "1" * 63}, f'bayplan.dev/priority is "{"1" * 63}": {NUMBER} 0 to 1000000'),
        ({"priority": "1.5"}, f'bayplan.dev/priority is "1.5": {NUMBER} 0 to 1000000'),
        ({"gang": "g", "gang_size": "0"}, f'bayplan.dev/gang-size is "0": {NUMBER} 1 to 1000'),
        ({"gang": "g", "gang_size": "1001"}, f'bayplan.dev/gang-size is "1001": {NUMBER} 1 to 1000'),
        (
            {"gang": "g"},
            "bayplan.dev/gang-size is missing: a pod with bayplan.dev/gang must say how many pods its gang has, from 1 to 1000",
        ),
        (
            {"gang_size": "2"},
            "bayplan.dev/gang is missing: bayplan.dev/gang-size needs the name of the gang beside it",
        ),
    ],
)
def test_a_bad_label_is_named_with_what_would_be_right(said: dict[str, str], words: str) -> None:
    with pytest.raises(BadLabel) as error:
        asked_by_labels(labels(**said))
    assert str(error.value) == words


def test_only_labels_that_ask_something_make_a_difference() -> None:
    assert same_labels(labels(queue="a"), {**labels(queue="a"), "app": "x"})
    assert not same_labels(labels(queue="a"), labels(queue="b"))
    assert not same_labels(labels(), labels(gang_size="1"))
