"""RuntimeClasses and LimitRanges of files do to pod specs what admission does on a cluster."""

from typing import Any

import msgspec
import pytest

from bayplan_operator.kube import wire
from bayplan_operator.translate.admission import AdmissionObjects, MalformedObject, NotAdmitted
from bayplan_operator.translate.pod_requests import pod_requests

LEFT = {"name": "left", "image": "i"}
RUNTIME_CLASS = {
    "kind": "RuntimeClass",
    "metadata": {"name": "vm"},
    "overhead": {"podFixed": {"cpu": "500m", "memory": "64Mi"}},
    "scheduling": {
        "nodeSelector": {"sandbox": "vm"},
        "tolerations": [{"key": "sandbox", "operator": "Exists"}, {"key": "own", "operator": "Exists"}],
    },
}


def limit_range(*limits: dict[str, Any], namespace: str | None = "team", name: str = "bounds") -> dict[str, Any]:
    metadata = {"name": name, **({} if namespace is None else {"namespace": namespace})}
    return {"kind": "LimitRange", "metadata": metadata, "spec": {"limits": list(limits)}}


def known(*manifests: dict[str, Any]) -> AdmissionObjects:
    made = AdmissionObjects()
    assert all(made.take(each) for each in manifests)
    return made


def of_containers(**amounts: dict[str, str]) -> AdmissionObjects:
    return known(limit_range({"type": "Container", **amounts}))


def spec(requests: dict[str, str] | None = None, limits: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    resources = {"requests": requests or {}, "limits": limits or {}}
    return {"containers": [{"name": "main", "image": "i", "resources": resources}], **more}


def requests(objects: AdmissionObjects, given: dict[str, Any], namespace: str = "team") -> dict[str, int]:
    found = pod_requests(msgspec.convert(objects.admitted(given, namespace), wire.PodSpec, strict=False))
    return {name: amount for name, amount in found.items() if name != "pods"}


def refusal(objects: AdmissionObjects, given: dict[str, Any]) -> str:
    with pytest.raises(NotAdmitted) as caught:
        objects.admitted(given, "team")
    return str(caught.value)


def test_a_runtime_class_adds_overhead_selector_and_tolerations() -> None:
    own = [{"key": "own", "operator": "Exists"}]
    given = spec({"cpu": "1"}, runtimeClassName="vm", nodeSelector={"disk": "ssd", "sandbox": "vm"}, tolerations=own)
    before = msgspec.json.encode(given)
    made = known(RUNTIME_CLASS).admitted(given, "team")
    assert made["overhead"] == {"cpu": "500m", "memory": "64Mi"}
    assert made["nodeSelector"] == {"disk": "ssd", "sandbox": "vm"}
    assert made["tolerations"] == [*own, {"key": "sandbox", "operator": "Exists"}]
    assert requests(known(RUNTIME_CLASS), given) == {"cpu": 1500, "memory": 2**26}
    assert msgspec.json.encode(given) == before


def test_other_pods_stay_as_they_are() -> None:
    objects = known(RUNTIME_CLASS, limit_range({"type": "Container", "default": {"cpu": "1"}}))
    for given in (spec({"cpu": "2"}), spec({"cpu": "2"}, runtimeClassName=None)):
        assert objects.admitted(given, "other") == given
    assert objects.admitted(spec(runtimeClassName="gvisor"), "other") == spec(runtimeClassName="gvisor")
    assert list(objects.missing) == ["gvisor"]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            {"overhead": {"cpu": "1"}, "runtimeClassName": "vm"},
            "RuntimeClass vm: the pod's overhead is cpu 1, and the class says cpu 500m, memory 64Mi: leave the pod's out, the "
            "class sets it",
        ),
        (
            {"overhead": {"cpu": "1"}, "runtimeClassName": "plain"},
            "RuntimeClass plain: the pod's overhead is cpu 1, and the class says none: leave the pod's out, the class sets it",
        ),
        (
            {"nodeSelector": {"sandbox": "none"}, "runtimeClassName": "vm"},
            'RuntimeClass vm: the pod\'s nodeSelector has sandbox "none", and that of the class "vm": leave the pod\'s out, '
            "the class sets it",
        ),
        (
            {"overhead": {"cpu": "1"}},
            "overhead is set, and no runtimeClassName: only a RuntimeClass can give a pod overhead",
        ),
    ],
)
def test_what_contradicts_its_runtime_class_is_refused(more: dict[str, Any], sentence: str) -> None:
    objects = known(RUNTIME_CLASS, {"kind": "RuntimeClass", "metadata": {"name": "plain"}, "handler": "runc"})
    assert refusal(objects, spec({"cpu": "1"}, **more)) == sentence


def test_overhead_that_is_written_otherwise_is_the_same() -> None:
    given = spec(runtimeClassName="vm", overhead={"cpu": "0.5", "memory": str(2**26)})
    assert requests(known(RUNTIME_CLASS), given) == {"cpu": 500, "memory": 2**26}


@pytest.mark.parametrize(
    ("item", "given", "millicores"),
    [
        ({"defaultRequest": {"cpu": "1"}, "default": {"cpu": "3"}}, spec(), 1000),
        ({"defaultRequest": {"cpu": "1"}, "default": {"cpu": "3"}}, spec(limits={"cpu": "2"}), 2000),
        ({"defaultRequest": {"cpu": "1"}, "default": {"cpu": "3"}}, spec({"cpu": "2"}), 2000),
        ({"default": {"cpu": "3"}}, spec(), 3000),
        ({"max": {"cpu": "4"}}, spec(), 4000),
        ({"max": {"cpu": "4"}, "default": {"cpu": "3"}}, spec(), 3000),
        ({"min": {"cpu": "250m"}}, spec(), 250),
        ({"min": {"cpu": "250m"}, "max": {"cpu": "4"}}, spec(), 4000),
        ({"default": {"cpu": "3"}}, spec(resources={"limits": {"cpu": "8"}}), 8000),  # that of the pod was set before
        ({"default": {"cpu": "3"}}, spec(resources={"limits": {"memory": "1Gi"}}), 3000),
        (
            {"defaultRequest": {"cpu": "3"}},
            {**spec({"cpu": "1"}, resources={"requests": {"memory": "1Gi"}}), "initContainers": [LEFT]},
            3000,
        ),
        ({"default": {"cpu": "3"}}, spec({"cpu": "1"}, resources={"limits": {"cpu": "8"}}), 1000),
    ],
)
def test_a_limit_range_says_what_containers_leave_out(item: dict[str, Any], given: dict[str, Any], millicores: int) -> None:
    assert requests(of_containers(**item), given)["cpu"] == millicores


def test_init_containers_and_sidecars_get_the_defaults_too() -> None:
    given = spec(initContainers=[{"name": "side", "restartPolicy": "Always"}, {"name": "init"}])
    assert requests(of_containers(default={"cpu": "1"}), given)["cpu"] == 2000


def test_of_several_the_first_says_what_is_left_out() -> None:
    ranges = [limit_range({"type": "Container", "default": {"cpu": cpu}}, name=cpu) for cpu in ("1", "2")]
    assert requests(known(*ranges), spec())["cpu"] == 1000


def test_each_namespace_has_its_own_and_none_means_default() -> None:
    objects = known(
        limit_range({"type": "Container", "default": {"cpu": "1"}}, namespace="team"),
        limit_range({"type": "Container", "default": {"cpu": "2"}}, namespace=None),
    )
    assert [requests(objects, spec(), namespace).get("cpu") for namespace in ("team", "default", "", "other")] == [
        1000, 2000, 2000, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("item", "given", "sentence"),
    [
        (
            {"type": "Container", "max": {"cpu": "2"}},
            spec(limits={"cpu": "3"}),
            'container "main" is limited to 3 of cpu: at most 2 is allowed',
        ),
        (
            {"type": "Container", "min": {"memory": "64Mi"}},
            spec({"memory": "1Mi"}),
            'container "main" asks for 1Mi of memory: at least 64Mi is required',
        ),
        (
            {"type": "Container", "default": {"cpu": "2"}},
            spec({"cpu": "5"}),
            'container "main" asks for 5 cpu and has no limit, so that it gets 2, which is less: give it a limit of its own',
        ),
        (
            {"type": "Container", "maxLimitRequestRatio": {"cpu": "1.5"}},
            spec({"cpu": "1"}, {"cpu": "2"}),
            'container "main" asks for 1 of cpu and is limited to 2: the limit must be at most 1.5 times the request',
        ),
        (
            {"type": "Container", "maxLimitRequestRatio": {"cpu": "1.5"}},
            spec({"cpu": "1"}),
            'container "main" needs a request and a limit of cpu, since their ratio is bounded',
        ),
        (
            {"type": "Pod", "max": {"cpu": "3"}},
            {"containers": [*spec(limits={"cpu": "2"})["containers"], *spec(limits={"cpu": "2"})["containers"]]},
            "the pod is limited to 4 of cpu: at most 3 is allowed",
        ),
        (
            {"type": "Pod", "max": {"cpu": "3"}},
            spec(),
            "the pod has no limit of cpu: it must have one, and at most 3 is allowed",
        ),
        ({"type": "Pod", "min": {"cpu": "3"}}, spec(), "the pod asks for no cpu: at least 3 is required"),
        (
            {"type": "Pod", "max": {"cpu": "3"}},
            spec(limits={"cpu": "1"}, resources={"limits": {"cpu": "4"}}),
            "the pod is limited to 4 of cpu: at most 3 is allowed",
        ),
        (
            {"type": "Container", "default": {"cpu": "2"}},
            spec(resources={"limits": {"cpu": "1"}}),
            "the containers ask for 2 of cpu together, and the pod as a whole for 1: it must ask for as much",
        ),
        (
            {"type": "Container", "defaultRequest": {"cpu": "2"}, "default": {"cpu": "3"}},
            {**spec({"cpu": "1"}, resources={"limits": {"memory": "1Gi"}}), "initContainers": [LEFT]},
            "the containers ask for 2 of cpu together, and the pod as a whole for 1: it must ask for as much",
        ),
        (
            {"type": "Container", "defaultRequest": {"cpu": "1"}, "default": {"cpu": "2"}},
            spec(resources={"limits": {"cpu": "1"}}),
            'container "main" is limited to 2 of cpu, and the pod as a whole to 1: give the container a limit of its own',
        ),
    ],
)
def test_bounds_are_held(item: dict[str, Any], given: dict[str, Any], sentence: str) -> None:
    assert refusal(known(limit_range(item)), given) == f"LimitRange bounds: {sentence}"


def test_what_keeps_to_the_bounds_is_admitted() -> None:
    item = {"min": {"cpu": "1"}, "max": {"cpu": "2"}, "maxLimitRequestRatio": {"cpu": "2"}}
    both = known(limit_range({"type": "Container", **item}, {"type": "Pod", **item}))
    assert requests(both, spec({"cpu": "1"}, {"cpu": "2"}))["cpu"] == 1000


@pytest.mark.parametrize(
    ("manifest", "sentence"),
    [
        (limit_range({"type": "Container", "max": {"cpu": "lots"}}), 'spec.limits[0].max.cpu is "lots": must be a quantity'),
        (limit_range({"type": "Container", "defaultRequest": {"cpu": True}}), "spec.limits[0].defaultRequest"),
        (limit_range({"type": "Container", "defaultRequests": {}}), "spec.limits[0].defaultRequests: there is no such field"),
        ({**RUNTIME_CLASS, "scheduling": {"nodeSelectors": {}}}, "scheduling.nodeSelectors: there is no such field"),
        ({"kind": "LimitRange", "spec": {"limits": {}}}, "spec.limits must be a list, not a map"),
        ({**RUNTIME_CLASS, "overhead": {"podFixed": {"cpu": "?"}}}, 'overhead.podFixed.cpu is "?": must be a quantity'),
        ({**RUNTIME_CLASS, "scheduling": {"nodeSelector": {"a": 1}}}, "scheduling.nodeSelector"),
    ],
)
def test_a_malformed_object_is_named_by_its_field(manifest: dict[str, Any], sentence: str) -> None:
    with pytest.raises(MalformedObject) as caught:
        AdmissionObjects().take(manifest)
    assert str(caught.value).startswith(sentence)


def test_other_kinds_are_not_taken() -> None:
    assert not AdmissionObjects().take({"kind": "ConfigMap", "metadata": {"name": "c"}})
