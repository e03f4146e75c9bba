"""What the API server is asked about a template, and what of its answer counts: equal for all pods that are made alike."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.model.workload import RequestClass
from bayplan_operator.translate.dry_run import admission_hash, admitted_spec, dry_run_pod
from bayplan_operator.translate.pod import GraphRef, Place, PodRole, Template, pod_manifest, without_pins
from bayplan_operator.translate.request_class import request_class

REF = GraphRef("research", "driving", "uid-1")
METADATA: dict[str, Any] = {"labels": {"team": "x"}, "annotations": {}}
SPEC: dict[str, Any] = {
    "containers": [
        {"name": "main", "image": "i", "args": ["--epochs=3"], "env": [{"name": "A", "value": "1"}]},
        {"name": "side", "image": "j", "env": [{"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]},
    ],
    "initContainers": [{"name": "first", "image": "k", "args": ["x"]}],
}


def template(spec: dict[str, Any]) -> Template:
    return Template(METADATA, spec, "digest", RequestClass((("pods", 1),)))


def changed(*path: Any, to: Any) -> dict[str, Any]:
    """The spec with another value at the path."""
    spec = deepcopy(SPEC)
    inner: Any = spec
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = to
    return spec


ALIKE = {
    "args": changed("containers", 0, "args", to=["--epochs=4", "-v"]),
    "no args": changed("containers", 0, "args", to=[]),
    "value": changed("containers", 0, "env", 0, "value", to="2"),
    "args of an init container": changed("initContainers", 0, "args", to=["y"]),
}
OTHERS = {
    "image": changed("containers", 0, "image", to="z"),
    "command": changed("containers", 0, "command", to=["sh"]),
    "name of a variable": changed("containers", 0, "env", 0, "name", to="Z"),
    "source of a variable": changed("containers", 1, "env", 0, "valueFrom", "fieldRef", "fieldPath", to="metadata.uid"),
    "args of a wrong type": changed("containers", 0, "args", to=[1]),
    "args that are no list": changed("containers", 0, "args", to="--epochs=3"),
    "value of a wrong type": changed("containers", 0, "env", 0, "value", to=1),
    "selector": changed("nodeSelector", to={"a": "b"}),
    "init container": changed("initContainers", 0, "image", to="z"),
}


@pytest.mark.parametrize("what", ALIKE)
def test_templates_that_differ_in_args_and_values_alone_are_one_question(what: str) -> None:
    assert admission_hash(METADATA, ALIKE[what]) == admission_hash(METADATA, SPEC)


@pytest.mark.parametrize("what", OTHERS)
def test_any_other_difference_is_another_question(what: str) -> None:
    assert admission_hash(METADATA, OTHERS[what]) != admission_hash(METADATA, SPEC)
    assert admission_hash({"labels": {"team": "y"}, "annotations": {}}, SPEC) != admission_hash(METADATA, SPEC)


def test_a_dry_run_has_no_node_and_the_positions_of_the_authors_variables() -> None:
    before = deepcopy(SPEC)
    pod = dry_run_pod(REF, template(SPEC), PodRole("train", 0, 4, 1))
    assert "nodeName" not in pod["spec"]
    assert "affinity" not in pod["spec"]
    assert pod["spec"]["containers"][0]["env"][0] == {"name": "A", "value": "1"}
    real = pod_manifest(REF, template(SPEC), PodRole("train", 0, 4, 1), Place("n", "why", False, 30.0))
    assert pod["metadata"]["labels"] == real["metadata"]["labels"]
    assert pod["metadata"]["name"] not in {
        pod_manifest(REF, template(SPEC), PodRole("train", 0, 4, n), Place("n", "", False, 30.0))["metadata"]["name"]
        for n in range(1, 50)
    }
    assert before == SPEC


TERM = st.fixed_dictionaries(
    {}, optional={"matchExpressions": st.just([{"key": "a", "operator": "Exists"}]),
                  "matchFields": st.just([{"key": "metadata.name", "operator": "NotIn", "values": ["other"]}])}
).filter(bool)  # fmt: skip
AFFINITY = st.fixed_dictionaries(
    {},
    optional={
        "podAntiAffinity": st.just({"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "zone"}]}),
        "nodeAffinity": st.fixed_dictionaries(
            {"preferredDuringSchedulingIgnoredDuringExecution": st.just([{"weight": 1, "preference": {}}])},
            optional={
                "requiredDuringSchedulingIgnoredDuringExecution": st.builds(
                    lambda terms: {"nodeSelectorTerms": terms}, st.lists(TERM, min_size=1, max_size=3)
                )
            },
        ),
    },
)
TOLERATION = st.sampled_from(
    [
        {"key": "gpu", "operator": "Exists"},
        {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"},
        {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoSchedule"},
        {"operator": "Exists"},
    ]
)


@settings(deadline=None)
@given(AFFINITY, st.sampled_from([(), ("n-3",), ("n-3", "n-4")]))
def test_without_the_pins_an_affinity_is_what_it_was(affinity: dict[str, Any], others: tuple[str, ...]) -> None:
    place = Place("n-1", "", False, 30.0, others=others)
    made = pod_manifest(REF, template({**SPEC, "affinity": affinity}), PodRole("a", 0, 1, 1), place)
    pinned = made["spec"]["affinity"]
    assert without_pins(pinned, ("n-1", *others)) == affinity
    assert without_pins(pinned, ("n-2",)) == pinned


@settings(deadline=None)
@given(AFFINITY, st.lists(TOLERATION, max_size=3), st.booleans())
def test_all_pods_of_a_template_give_one_answer_and_it_asks_what_the_author_asked(
    affinity: dict[str, Any], tolerations: list[dict[str, Any]], direct: bool
) -> None:
    """As long as admission adds nothing but what it adds to one pod."""
    spec = {**SPEC, "affinity": affinity, "tolerations": tolerations}
    dry = dry_run_pod(REF, template(spec), PodRole("train", 0, 4, 1))
    real = pod_manifest(REF, template(spec), PodRole("train", 3, 4, 2), Place("n-1", "why", direct, 17.0, (0, 3)))

    def stored(pod: dict[str, Any], token: str) -> bytes:
        volumes = [{"name": f"kube-api-access-{token}", "projected": {}}]
        return msgspec.json.encode({**pod, "spec": {**pod["spec"], "volumes": volumes}, "status": {"phase": "Pending"}})

    answer = admitted_spec(stored(dry, "abcde"), spec)
    assert answer == admitted_spec(stored(real, "vwxyz"), spec, ("n-1",))
    asked, written = request_class(answer, "x"), request_class(spec, "x")
    assert sorted(map(repr, asked.tolerations)) == sorted(map(repr, written.tolerations))
    assert asked.required == written.required
    assert asked.resources == written.resources


def merged(term: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    """As the API server writes the labels of one pod into a selector."""
    own = [{"key": key, "operator": "In", "values": [labels[key]]} for key in term.get("matchLabelKeys", ())]
    selector = term["labelSelector"]
    return {**term, "labelSelector": {**selector, "matchExpressions": [*selector.get("matchExpressions", ()), *own]}}


@pytest.mark.parametrize("expressions", [{}, {"matchExpressions": [{"key": "tier", "operator": "Exists"}]}])
def test_labels_of_one_pod_in_selectors_are_left_out(expressions: dict[str, Any]) -> None:
    term = {"topologyKey": "zone", "labelSelector": {"matchLabels": {"a": "b"}, **expressions}, "matchLabelKeys": ["team"]}
    pod = dry_run_pod(REF, template(SPEC), PodRole("train", 0, 1, 1))

    def answer(make: Any) -> dict[str, Any]:
        anti = {
            "requiredDuringSchedulingIgnoredDuringExecution": [make(term)],
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": make(term)}],
        }
        parts = {"affinity": {"podAntiAffinity": anti}, "topologySpreadConstraints": [make(term)]}
        return admitted_spec(msgspec.json.encode({**pod, "spec": {**pod["spec"], **parts}}), SPEC)

    written = answer(lambda term: term)
    assert written["topologySpreadConstraints"] == [term]
    assert answer(lambda term: merged(term, {"team": "x"})) == written
    assert answer(lambda term: merged(term, {"team": "y"})) == written


def test_what_admission_adds_is_in_the_answer() -> None:
    pod = dry_run_pod(REF, template(SPEC), PodRole("train", 0, 1, 1))
    pod["spec"] |= {"overhead": {"cpu": "500m"}, "nodeSelector": {"sandbox": "vm"}, "schedulingGates": [{"name": "x/y"}]}
    pod["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "1"}}
    pod["spec"]["tolerations"].append({"key": "sandbox", "operator": "Exists"})
    answer = admitted_spec(msgspec.json.encode(pod), SPEC)
    assert answer["schedulingGates"] == [{"name": "x/y"}]
    asked = request_class(answer)
    assert dict(asked.resources)["cpu"] == 1500
    assert asked.node_selector == (("sandbox", "vm"),)
    assert [each.key for each in asked.tolerations] == ["sandbox"]
