"""How a foreign pod's affinity is narrowed, what is on record of it, and what is asked of nodes before and after."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan_operator.kube import wire
from bayplan_operator.translate.foreign.narrowing import narrowing, same_demands
from bayplan_operator.translate.foreign.placed import decided, placed_words, recorded, written_condition
from bayplan_operator.translate.foreign.spec import MalformedSpec, class_of_pod, run_of_pod
from tests.tick.api.patches import merged
from tests.tick.api.pod_changes import check

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PIN = {"key": "metadata.name", "operator": "In", "values": ["n1"]}
CONTAINER = {"name": "c", "image": "i", "resources": {"requests": {"cpu": "1"}}}
EXPRESSIONS = st.lists(st.sampled_from([{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "In", "values": ["x"]}]))
TERMS = st.lists(st.fixed_dictionaries({}, optional={"matchExpressions": EXPRESSIONS, "matchFields": st.just([])}), max_size=4)


def pod(terms: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    affinity = {} if terms is None else {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": terms}}}
    spec = {"containers": [CONTAINER], "schedulingGates": [{"name": "bayplan.dev/placement"}], "affinity": affinity, **more}
    return {"metadata": {"name": "p", "namespace": "ns", "uid": "u", "resourceVersion": "7"}, "spec": spec}


def terms_of(patched: dict[str, Any]) -> Any:
    return patched["spec"]["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]


def test_uid_and_resource_version_are_those_of_the_pod_and_the_gate_goes_with_the_same_patch() -> None:
    patch = narrowing(pod(), ["n1"], ())
    assert patch["metadata"] == {"uid": "u", "resourceVersion": "7"}
    assert patch["spec"]["schedulingGates"] is None
    assert terms_of(patch) == [{"matchFields": [PIN]}]


def test_gates_of_others_stay() -> None:
    gates = [{"name": "example.com/x"}, {"name": "bayplan.dev/placement"}]
    assert narrowing(pod(schedulingGates=gates), ["n1"], ())["spec"]["schedulingGates"] == gates[:1]


def test_several_nodes_are_alternatives_only_where_the_pod_requires_nothing() -> None:
    other = {**PIN, "values": ["n2"]}
    assert terms_of(narrowing(pod(), ["n1", "n2"], ())) == [{"matchFields": [PIN]}, {"matchFields": [other]}]
    said = [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]
    assert terms_of(narrowing(pod(said), ["n1", "n2"], ())) == [{**said[0], "matchFields": [PIN]}]


@given(TERMS)
def test_the_api_server_lets_every_pod_be_narrowed(terms: list[Any]) -> None:
    before = pod(terms)
    after = merged(before, narrowing(before, ["n1"], ()))
    check(before, after)  # raises
    assert same_demands(before["spec"], after["spec"]) is False or (terms != [] and not any(any(t.values()) for t in terms))


def test_gpus_are_told_in_an_annotation() -> None:
    assert narrowing(pod(), ["n1"], (0, 3))["metadata"]["annotations"] == {"bayplan.dev/gpus": "0;3"}


def seen(status: str, message: str, gates: list[Any], **annotations: str) -> wire.Pod:
    condition = {"type": "bayplan.dev/Placed", "status": status, "reason": "Placed", "message": message}
    raw = {
        "metadata": {"name": "p", "uid": "u", "annotations": annotations},
        "spec": {"schedulingGates": gates},
        "status": {"conditions": [condition]},
    }
    return msgspec.convert(raw, wire.Pod, strict=False)


def test_what_is_on_record_is_read_back() -> None:
    found = recorded(seen("True", placed_words("vision", "n-1.example"), [], **{"bayplan.dev/gpus": "2"}))
    assert found is not None
    assert (found.uid, found.queue, found.node, found.gpus) == ("u", "vision", "n-1.example", (2,))


@pytest.mark.parametrize("message", ["", "queue vision", "queue a b, node c", "node c", "queue vision, node c; more"])
def test_other_words_record_nothing(message: str) -> None:
    assert decided(seen("True", message, [])) is None


def test_a_pod_that_is_still_gated_or_waits_holds_nothing() -> None:
    words, gate = placed_words("vision", "n1"), [{"name": "bayplan.dev/placement"}]
    assert recorded(seen("True", words, gate)) is None
    assert decided(seen("True", words, gate)) is not None
    assert decided(seen("False", words, [])) is None


def test_the_transition_time_changes_with_the_status_only() -> None:
    of = seen("False", "x", [])
    first = written_condition(of, False, "NoCapacity", "x", 1_800_000_000.0)
    assert first["lastTransitionTime"] == "2027-01-15T08:00:00Z"
    raw = {"metadata": {"name": "p"}, "status": {"conditions": [first]}}
    known = msgspec.convert(raw, wire.Pod, strict=False)
    assert written_condition(known, False, "Other", "y", 1_800_000_100.0)["lastTransitionTime"] == "2027-01-15T08:00:00Z"
    assert written_condition(known, True, "Placed", "y", 1_800_000_100.0)["lastTransitionTime"] == "2027-01-15T08:01:40Z"


def test_a_pod_asks_the_same_after_it_was_narrowed_as_before() -> None:
    said = [
        {"matchExpressions": [{"key": "a", "operator": "Exists"}]},
        {"matchExpressions": [{"key": "b", "operator": "Exists"}]},
    ]
    for before in (pod(), pod(said)):
        after = merged(before, narrowing(before, ["n1"], ()))
        known = wire.Pod(wire.Metadata(name="p", namespace="ns"))
        assert class_of_pod(known, after["spec"], ("n1",)) == class_of_pod(known, before["spec"])


def test_min_domains_of_a_pod_that_is_pinned_are_refused_where_kube_scheduler_would_see_one_domain() -> None:
    known, spread = wire.Pod(wire.Metadata(name="p")), {"maxSkew": 1, "topologyKey": "zone", "minDomains": 2}
    with pytest.raises(MalformedSpec, match=r"topologySpreadConstraints\[0\].minDomains is 2"):
        class_of_pod(known, pod(topologySpreadConstraints=[spread])["spec"])
    class_of_pod(known, pod(topologySpreadConstraints=[{**spread, "nodeAffinityPolicy": "Ignore"}])["spec"])


def test_how_long_a_pod_runs_is_known_by_its_deadline_only() -> None:
    assert run_of_pod(msgspec.convert(pod(), wire.Pod, strict=False)) is None
    law = run_of_pod(msgspec.convert(pod(activeDeadlineSeconds=600), wire.Pod, strict=False))
    assert law is not None
    assert (law.beyond(599), law.beyond(600)) == (1.0, 0.0)


def test_gpus_asked_in_a_way_without_sense_are_told() -> None:
    limits = {"nvidia.com/gpu": "1", "bayplan.dev/gpu-milli": "500"}
    spec = {"containers": [{**CONTAINER, "resources": {"limits": limits}}]}
    with pytest.raises(MalformedSpec, match=r"the pods ask for nvidia\.com/gpu and for bayplan\.dev/gpu-milli"):
        class_of_pod(wire.Pod(wire.Metadata(name="p")), spec)
