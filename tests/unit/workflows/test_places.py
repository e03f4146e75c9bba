"""Where in a file the part stands that is told of."""

from __future__ import annotations

from pathlib import Path

import pytest

from bayplan_operator.workflows.documents import Document

TEXT = """\
kind: X
metadata:
  labels:
    app.kubernetes.io/name: a
    app: {kubernetes.io/name: b}
    twice: 1
    twice:
      yes
---
items:
- {a: [1, {b: 0x10}]}
- metadata:
    name: on
"""


@pytest.mark.parametrize(
    ("number", "place", "line", "column"),
    [
        (0, "", 1, 1), (0, "metadata", 2, 1), (0, "metadata.labels.app.kubernetes.io/name", 4, 5),
        (0, "metadata.labels.app", 5, 5),
        (0, "metadata.labels.twice", 7, 5), (0, "metadata.labels.none.at.all", 3, 3), (0, "elsewhere[3]", 1, 1),
        (1, "", 10, 1), (1, "items[0].a[1].b", 11, 12), (1, "items[0].a[7]", 11, 4), (1, "items[1]", 12, 3),
        (1, "items[1].metadata.name", 13, 5), (1, "items[x]", 10, 1),
        (0, 'metadata.labels["app.kubernetes.io/name"]', 4, 5), (0, 'metadata.labels["none.such"].a', 3, 3),
    ],
)  # fmt: skip
def test_line_and_column(number: int, place: str, line: int, column: int) -> None:
    (found,) = Document(Path("a.yaml"), {}, TEXT, number).fault("wrong", place).findings
    assert (found.line, found.column, found.place) == (line, column, place)


def test_of_an_item_that_is_read_by_itself() -> None:
    part = Document(Path("a.yaml"), {}, TEXT, 1).part({}, "items[1]")
    (found,) = part.fault("wrong", "metadata.name").findings
    assert (found.line, found.column, found.place) == (13, 5, "items[1].metadata.name")
    assert part.written("metadata.name") == "on"


@pytest.mark.parametrize(
    ("number", "place", "right"),
    [
        (0, "metadata.labels.twice", "yes"),
        (0, 'metadata.labels["app.kubernetes.io/name"]', "a"),
        (1, "items[0].a[1].b", "0x10"),
        (1, "items[0].a", None),
        (1, "items[0].c", None),
    ],
)
def test_what_is_written(number: int, place: str, right: str | None) -> None:
    assert Document(Path("a.yaml"), {}, TEXT, number).written(place) == right


def test_a_text_that_cannot_be_read_has_no_places() -> None:
    (found,) = Document(Path("a.yaml"), {}, "a: [", 0).fault("wrong", "a").findings
    assert (found.line, found.column) == (None, None)
