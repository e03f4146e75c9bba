"""Where Argo's pods may go: from their own template, from the one that calls them, or from the workflow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bayplan.model.workload import RequestClass
from bayplan_operator.workflows import InputError
from bayplan_operator.workflows.graphs import read_graphs
from tests.unit.argo.reading import read_spec

LEVELS = ("own", "defaults", "boundary", "workflow")
"""The nearest first; what templateDefaults say is part of every template."""


def affinity(value: str) -> dict[str, Any]:
    terms = [{"matchExpressions": [{"key": "level", "operator": "In", "values": [value]}]}]
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}


VALUES: dict[str, Any] = {
    "nodeSelector": lambda level: {"level": level},
    "affinity": affinity,
    "tolerations": lambda level: [{"key": "level", "value": level}],
}


def said(found: RequestClass, field: str) -> str:
    """The level that the class names; empty: none."""
    if field == "nodeSelector":
        return dict(found.node_selector).get("level", "")
    if field == "affinity":
        return found.required[0].expressions[0].values[0] if found.required else ""
    return found.tolerations[0].value if found.tolerations else ""


def spec_of(levels: dict[str, set[str]], calling: str) -> dict[str, Any]:
    """A workflow whose levels have these fields."""
    has = {level: {field: VALUES[field](level) for field in fields} for level, fields in levels.items()}
    call = {"name": "a", "template": "pod"}
    return {
        "entrypoint": "outer",
        "templateDefaults": has["defaults"],
        "templates": [
            # Further away than the template that calls the pod: Argo does not look there.
            {"name": "outer", "nodeSelector": {"level": "outer"}, "steps": [[{"name": "o", "template": "main"}]]},
            {"name": "main", calling: {"tasks": [call]} if calling == "dag" else [[call]], **has["boundary"]},
            {"name": "pod", "container": {"image": "i"}, **has["own"]},
        ],
        **has["workflow"],
    }


fields = st.sets(st.sampled_from(sorted(VALUES)))


@given(st.fixed_dictionaries(dict.fromkeys(LEVELS, fields)), st.sampled_from(["dag", "steps"]))
def test_the_nearest_level_wins_each_field_by_itself(levels: dict[str, set[str]], calling: str) -> None:
    (found,) = read_spec(spec_of(levels, calling)).submission.classes
    for field in VALUES:
        assert said(found, field) == next((level for level in LEVELS if field in levels[level]), "")


def test_template_defaults_are_merged_key_by_key_and_tolerations_by_their_key() -> None:
    (found,) = read_spec("""
entrypoint: pod
templateDefaults:
  nodeSelector: {zone: a, disk: ssd}
  tolerations: [{key: one, operator: Exists}, {key: two, value: lower}]
templates:
- name: pod
  nodeSelector: {zone: b}
  tolerations: [{key: two, value: upper}]
  container: {image: i}
""").submission.classes
    assert dict(found.node_selector) == {"zone": "b", "disk": "ssd"}
    assert [(each.key, each.value) for each in found.tolerations] == [("one", ""), ("two", "upper")]


def test_patches_come_last_that_of_the_template_after_that_of_the_workflow() -> None:
    (found,) = read_spec("""
entrypoint: pod
nodeSelector: {zone: a, disk: ssd}
podSpecPatch: '{"nodeSelector": {"zone": "b", "pool": "x"}, "tolerations": [{"key": "t", "operator": "Exists"}]}'
templates:
- name: pod
  tolerations: [{key: own, operator: Exists}]
  podSpecPatch: |
    nodeSelector: {zone: c, disk: null}
  container: {image: i}
""").submission.classes
    assert dict(found.node_selector) == {"zone": "c", "pool": "x"}
    # Of a pod, Kubernetes replaces the list.
    assert [each.key for each in found.tolerations] == ["t"]


def test_selectors_with_parameters() -> None:
    found = read_spec("""
entrypoint: main
arguments: {parameters: [{name: pool, value: batch}]}
nodeSelector: {pool: "{{workflow.parameters.pool}}"}
templates:
- name: main
  inputs: {parameters: [{name: zone, default: z1}]}
  tolerations: [{key: zone, value: "{{inputs.parameters.zone}}"}]
  dag:
    tasks:
    - {name: a, template: pod}
    - {name: b, template: own, arguments: {parameters: [{name: zone, value: "{{inputs.parameters.zone}}-b"}]}}
- name: pod
  container: {image: i}
- name: own
  inputs: {parameters: [{name: zone}]}
  nodeSelector: {zone: "{{inputs.parameters.zone}}", "{{workflow.parameters.pool}}": yes-it-is}
  container: {image: i}
""").submission
    a, b = found.classes
    assert dict(a.node_selector) == {"pool": "batch"}
    assert a.tolerations[0].value == b.tolerations[0].value == "z1"
    assert dict(b.node_selector) == {"zone": "z1-b", "batch": "yes-it-is"}


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("nodeSelector: {pool: true}", "line 6: spec.nodeSelector.pool is true: it must be a string, in quotes"),
        ("tolerations: {key: a}", "line 6: spec.tolerations must be a list, not a map"),
        ("affinity: {nodeAffinity: [1]}", "line 6: spec.affinity.nodeAffinity must be a map, not a list"),
        (
            'nodeSelector: {pool: "{{tasks.a.outputs.result}}"}',
            'line 6: spec.nodeSelector.pool is "{{tasks.a.outputs.result}}": {{tasks.a.outputs.result}} is known only',
        ),
        (
            'podSpecPatch: "{nodeSelector: {pool: 1}}"',
            "line 6: spec.podSpecPatch.nodeSelector.pool is 1: it must be a string, in quotes",
        ),
        ('podSpecPatch: "{"', "line 6: spec.podSpecPatch is neither JSON nor YAML: "),
        ('podSpecPatch: "[1]"', "line 6: spec.podSpecPatch is [1]: it must be a map"),
    ],
)
def test_what_no_pod_could_have_is_refused_where_it_stands(spec: str, sentence: str) -> None:
    with pytest.raises(InputError) as error:
        read_spec(f"entrypoint: pod\n{spec}\ntemplates: [{{name: pod, container: {{image: i}}}}]")
    assert str(error.value).startswith(f"wf.yaml, {sentence}")


def test_an_empty_selector_says_nothing_and_an_empty_affinity_takes_the_place_of_others() -> None:
    empty = "nodeSelector: {}\n  tolerations: []\n  affinity: {}\n"
    above = {field: VALUES[field]("workflow") for field in VALUES}
    spec: dict[str, Any] = yaml.safe_load(f"entrypoint: pod\ntemplates:\n- name: pod\n  container: {{image: i}}\n  {empty}")
    (found,) = read_spec(spec | above).submission.classes
    assert {field: said(found, field) for field in VALUES} == {
        "nodeSelector": "workflow", "tolerations": "workflow", "affinity": "",
    }  # fmt: skip


def test_limit_ranges_of_the_files_count_for_the_pods_of_their_namespace(tmp_path: Path) -> None:
    limits = "apiVersion: v1\nkind: LimitRange\nmetadata: {name: l, namespace: NAMESPACE}\nspec: {limits: [{type: Container, "
    limits += "defaultRequest: {cpu: 3}, default: {cpu: 4}}]}\n---\n"
    workflow = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w, namespace: here}\nspec:\n"
    workflow += "  entrypoint: a\n  templates: [{name: a, container: {image: none}}]\n"
    for namespace, asked in (("here", 3000), ("there", 0)):
        path = tmp_path / f"{namespace}.yaml"
        path.write_text(limits.replace("NAMESPACE", namespace) + workflow)
        (submission,) = read_graphs([path]).submissions
        assert dict(submission.classes[0].resources).get("cpu", 0) == asked
