"""How a task's pod template comes together."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bayplan_operator.api.merge import effective_retry, merge_templates, pod_template
from bayplan_operator.api.v1alpha1 import PodTemplate, Retry, RetryOverride, TaskGraphSpec


def merged(lower: dict[str, Any], upper: dict[str, Any]) -> dict[str, Any]:
    return merge_templates(PodTemplate(spec=lower), PodTemplate(spec=upper)).spec


def template_of(spec: dict[str, Any], position: int = 0) -> PodTemplate:
    graph = TaskGraphSpec.model_validate(spec)
    return pod_template(graph, graph.tasks[position])


def test_maps_are_merged_all_the_way_down() -> None:
    lower = {"nodeSelector": {"a": "1", "b": "1"}, "securityContext": {"fsGroup": 1}}
    upper = {"nodeSelector": {"b": "2"}, "priorityClassName": "high"}
    assert merged(lower, upper) == {
        "nodeSelector": {"a": "1", "b": "2"},
        "securityContext": {"fsGroup": 1},
        "priorityClassName": "high",
    }


def test_null_says_nothing() -> None:
    assert merged({"nodeSelector": {"a": "1"}}, {"nodeSelector": None, "hostname": None}) == {"nodeSelector": {"a": "1"}}


def test_containers_are_merged_by_name_and_new_ones_come_last() -> None:
    lower = {"containers": [{"name": "main", "image": "a", "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}]}
    upper = {
        "containers": [
            {"name": "side", "image": "s"},
            {"name": "main", "resources": {"requests": {"cpu": "4"}}},
        ]
    }
    assert merged(lower, upper)["containers"] == [
        {"name": "main", "image": "a", "resources": {"requests": {"cpu": "4", "memory": "1Gi"}}},
        {"name": "side", "image": "s"},
    ]


def test_the_first_container_is_called_main_in_each_layer() -> None:
    lower = {"containers": [{"image": "a"}]}
    upper = {"containers": [{"workingDir": "/x"}]}
    assert merged(lower, upper)["containers"] == [{"name": "main", "image": "a", "workingDir": "/x"}]
    assert merged({}, {"containers": [{"name": "", "image": "b"}]})["containers"] == [{"name": "main", "image": "b"}]


@pytest.mark.parametrize(
    ("field", "below", "above", "expected"),
    [
        (
            "env",
            [{"name": "A", "valueFrom": {"fieldRef": {}}}, {"name": "B", "value": "1"}],
            [{"name": "C", "value": "3"}, {"name": "A", "value": "2"}],
            [{"name": "A", "value": "2"}, {"name": "B", "value": "1"}, {"name": "C", "value": "3"}],
        ),
        (
            "volumeMounts",
            [{"name": "v", "mountPath": "/a", "readOnly": True}],
            [{"name": "w", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}],
            [{"name": "w", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}],
        ),
        (
            "ports",
            [{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}],
            [{"containerPort": 53, "protocol": "TCP", "name": "dns"}],
            [
                {"containerPort": 53, "protocol": "TCP", "name": "dns"},
                {"containerPort": 53, "protocol": "UDP"},
            ],
        ),
        ("command", ["a", "b"], ["c"], ["c"]),
        ("envFrom", [{"prefix": "A"}], [{"prefix": "B"}], [{"prefix": "B"}]),
    ],
)
def test_lists_of_a_container(field: str, below: list[Any], above: list[Any], expected: list[Any]) -> None:
    lower = {"containers": [{"name": "main", field: below}]}
    upper = {"containers": [{"name": "main", field: above}]}
    assert merged(lower, upper)["containers"] == [{"name": "main", field: expected}]


def test_a_volume_keeps_one_source() -> None:
    lower = {"volumes": [{"name": "data", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}]}
    upper = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "d"}}]}
    assert merged(lower, upper)["volumes"] == [
        {"name": "data", "persistentVolumeClaim": {"claimName": "d"}},
        {"name": "tmp", "emptyDir": {}},
    ]


def test_other_lists_are_replaced() -> None:
    assert merged({"tolerations": [{"key": "a"}]}, {"tolerations": [{"key": "b"}]}) == {"tolerations": [{"key": "b"}]}


GRAPH: dict[str, Any] = {
    "template": {
        "metadata": {"labels": {"team": "vision", "tier": "base"}, "annotations": {"note": "1"}},
        "spec": {"containers": [{"image": "base", "args": ["old"], "env": [{"name": "A", "value": "0"}]}]},
    },
    "templates": [
        {
            "name": "gpu",
            "template": {
                "metadata": {"labels": {"tier": "gpu"}},
                "spec": {
                    "containers": [{"resources": {"limits": {"nvidia.com/gpu": 1}}}],
                    "restartPolicy": "OnFailure",
                },
            },
        }
    ],
    "tasks": [
        {
            "name": "named",
            "templateName": "gpu",
            "args": ["x"],
            "env": [{"name": "A", "value": "1"}, {"name": "B"}],
        },
        {
            "name": "own",
            "template": {"spec": {"containers": [{"image": "own"}, {"name": "side", "image": "s"}]}},
        },
        {"name": "plain"},
    ],
}


def test_defaults_then_named_template_then_args_and_env() -> None:
    template = template_of(GRAPH)
    assert template.metadata.labels == {"team": "vision", "tier": "gpu"}
    assert template.metadata.annotations == {"note": "1"}
    assert template.spec == {
        "restartPolicy": "OnFailure",
        "containers": [
            {
                "name": "main",
                "image": "base",
                "args": ["x"],
                "env": [{"name": "A", "value": "1"}, {"name": "B", "value": ""}],
                "resources": {"limits": {"nvidia.com/gpu": 1}},
            }
        ],
    }


def test_an_own_template_is_laid_on_the_defaults() -> None:
    containers = template_of(GRAPH, 1).spec["containers"]
    assert [(each["name"], each["image"]) for each in containers] == [("main", "own"), ("side", "s")]


def test_without_a_word_pods_are_never_restarted_in_place() -> None:
    assert template_of(GRAPH, 2).spec["restartPolicy"] == "Never"


def test_an_unknown_template_is_named() -> None:
    with pytest.raises(LookupError, match=r'task "a": templateName is "x": no such template in spec\.templates'):
        template_of({"tasks": [{"name": "a", "templateName": "x"}]})


def test_the_input_is_never_changed_and_shares_nothing_with_the_result() -> None:
    before = deepcopy(GRAPH)
    graph = TaskGraphSpec.model_validate(GRAPH)
    for task in graph.tasks:
        result = pod_template(graph, task)
        result.spec["containers"][0]["env"][0]["value"] = "changed"
        result.spec["containers"].append({})
        result.metadata.labels["team"] = "changed"
    assert before == GRAPH
    assert graph == TaskGraphSpec.model_validate(before)


_LEAF = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
_KEYS = st.sampled_from(["name", "containers", "env", "volumes", "ports", "image", "mountPath", "containerPort", "x"])
_JSON = st.recursive(
    _LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=12,
)
_SPECS = st.dictionaries(_KEYS, _JSON, max_size=4)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)  # nested JSON is slow to draw
@given(lower=_SPECS, upper=_SPECS)
def test_any_shape_is_merged_without_an_error_and_without_a_change(lower: dict[str, Any], upper: dict[str, Any]) -> None:
    below, above = deepcopy(lower), deepcopy(upper)
    merged(lower, upper)
    assert (lower, upper) == (below, above)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(_SPECS)
def test_an_empty_upper_layer_changes_nothing_but_the_missing_name(lower: dict[str, Any]) -> None:
    once = merged(lower, {})
    assert merged(once, {}) == once


def test_a_tasks_retry_overrides_field_by_field() -> None:
    graph = Retry.model_validate({"limit": 5, "backoff": {"initial": "2s", "factor": 3, "cap": "10m"}})
    assert effective_retry(graph, None) == graph
    override = RetryOverride.model_validate({"limit": 0, "backoff": {"cap": "1h"}})
    assert effective_retry(graph, override).dump() == {
        "limit": 0,
        "backoff": {"initial": "2s", "factor": 3, "cap": "1h"},
    }
    assert effective_retry(graph, RetryOverride()) == graph
