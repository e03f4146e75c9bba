"""null says nothing, wherever in a graph it stands."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan_operator.api.nulls import without_nulls
from bayplan_operator.translate.pod import Template
from bayplan_operator.translate.task_graph import InvalidGraph, prepare

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=3), below, max_size=4),
)


def holds_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(item is None or holds_null(item) for item in value.values())
    return isinstance(value, list) and any(map(holds_null, value))


@given(VALUES)
def test_no_map_holds_null(value: Any) -> None:
    found = without_nulls(value)
    assert not holds_null(found)
    if not holds_null(value):
        assert found == value
    if isinstance(value, list):
        assert len(found) == len(value), "an item of a list has a place"


def template(upper: Any, lower: Any = None) -> Template:
    """Of a task with this template, on the graph's."""
    spec = {"template": lower or {}, "tasks": [{"name": "t", "template": upper}]}
    return prepare({"metadata": {"name": "g", "namespace": "ns"}, "spec": spec}).templates[0]


def container(**fields: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "main", "image": "i", **fields}]}}


PLAIN = template(container())


@pytest.mark.parametrize(
    "said",
    [
        {"metadata": None, **container()},
        {"metadata": {"labels": None}, **container()},
        {"metadata": {"labels": {"team": None}, "annotations": {"note": None}}, **container()},
        {"spec": {**container()["spec"], "nodeSelector": None, "affinity": None, "tolerations": None}},
        container(resources=None),
        container(command=None, securityContext=None),
    ],
)
def test_a_template_that_says_null_is_one_that_says_nothing(said: dict[str, Any]) -> None:
    found = template(said)
    assert not holds_null(dict(found.metadata))
    assert not holds_null(dict(found.spec))
    assert found.request_class == PLAIN.request_class
    assert found.metadata == PLAIN.metadata


def test_null_in_a_map_of_a_pod_spec_reaches_no_pod() -> None:
    found = template(
        {
            "spec": {
                "nodeSelector": {"purpose": None, "disk": "ssd"},
                "tolerations": [{"key": "k", "operator": "Exists", "value": None}],
                **container(resources={"limits": {"cpu": None, "memory": "1Gi"}}, env=[{"name": "A", "value": None}])["spec"],
            }
        }
    )
    assert found.spec["nodeSelector"] == {"disk": "ssd"}
    assert found.spec["tolerations"] == [{"key": "k", "operator": "Exists"}]
    assert found.spec["containers"][0]["resources"] == {"limits": {"memory": "1Gi"}}
    assert found.spec["containers"][0]["env"] == [{"name": "A"}]
    assert dict(found.request_class.resources) == {"memory": 2**30, "pods": 1}


def test_null_leaves_what_was_there() -> None:
    lower = {"metadata": {"labels": {"team": "a"}}, **container(resources={"limits": {"cpu": "2"}})}
    upper = {"metadata": {"labels": {"team": None}}, **container(resources={"limits": {"cpu": None}})}
    found = template(upper, lower)
    assert found.metadata["labels"] == {"team": "a"}
    assert found.spec["containers"][0]["resources"] == {"limits": {"cpu": "2"}}


def test_a_null_that_was_there_before_is_none_either() -> None:
    found = template(container(), {"spec": {"nodeSelector": {"purpose": None}}})
    assert found.spec["nodeSelector"] == {}


def test_a_name_that_is_null_is_missing() -> None:
    with pytest.raises(InvalidGraph, match=r"^spec\.tasks\[0\]\.name is missing: it is required$"):
        prepare({"metadata": {"name": "g"}, "spec": {"tasks": [{"name": None}]}})
