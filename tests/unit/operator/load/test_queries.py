"""The queries: what is asked by default, and what a file may say instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from bayplan_operator.view.prometheus.queries import DEFAULTS, NODE_LABELS, QueriesError, built_in, read


def written(folder: Path, text: str) -> Path:
    path = folder / "queries.yaml"
    path.write_text(text)
    return path


def test_the_defaults_leave_nothing_open_and_never_name_a_node() -> None:
    filled = built_in().filled()
    assert list(filled) == list(DEFAULTS)
    for expression in (*filled.values(), built_in().join()):
        assert "$" not in expression.replace('"}', "")
        assert ", ".join(NODE_LABELS) in expression
    assert all("[120s]" in expression for expression in filled.values())


def test_a_file_replaces_adds_and_leaves_out(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        window: 30s
        nodeLabels: [machine]
        queries:
          cpu: |
            avg by ($labels)
              (my_cpu[$window])
          power: watts / 400
          network: ""
          nvidia.com/gpu:
        """,
    )
    queries = read(path)
    assert queries.filled()["cpu"] == "avg by (machine) (my_cpu[30s])"
    assert set(queries.expressions) == set(DEFAULTS) - {"network", "nvidia.com/gpu"} | {"power"}
    assert (queries.own, queries.labels, queries.window) == ({"cpu", "power"}, ("machine",), 30.0)


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert read(written(tmp_path, "")) == built_in()


WRONG = {
    "[cpu]": "it must hold the fields queries, nodeLabels and window",
    "queries: [cpu]": "queries must give a query per resource, such as {cpu: ...}",
    "queries: {cpu: 7}": "queries.cpu must be a query as text, or empty where none shall be asked",
    "query: {}": "query is unknown: the fields are queries, nodeLabels and window",
    "window: 30": "window is 30: it must be a duration of a second or more, such as",
    "window: 100ms": "window is '100ms': it must be a duration of a second or more",
    "nodeLabels: node": "nodeLabels is 'node': it must be a list of names of labels",
    "nodeLabels: [a-b]": "nodeLabels is ['a-b']: it must be a list of names of labels",
    "nodeLabels: []": "nodeLabels is []: it must be a list of names of labels",
    "queries: {" + ", ".join(f"{name}: ''" for name in DEFAULTS) + "}": "queries leaves none to ask",
    "a: [": "is no YAML: while parsing",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(QueriesError) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))
    assert WRONG[text] in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(QueriesError, match=r"none\.yaml cannot be read"):
        read(tmp_path / "none.yaml")
