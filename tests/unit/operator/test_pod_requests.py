import msgspec
import pytest

from bayplan.model.constraints import Requirement, Term, Toleration
from bayplan_operator.kube import wire
from bayplan_operator.translate.pod_requests import pod_requests
from bayplan_operator.translate.request_class import request_class


def asked(**requests: str) -> dict[str, dict[str, dict[str, str]]]:
    return {"resources": {"requests": requests}}


def requests_of(spec: object) -> dict[str, int]:
    return pod_requests(msgspec.convert(spec, wire.PodSpec, strict=False))


def test_containers_add_up_and_limits_stand_in_for_missing_requests() -> None:
    spec = {"containers": [asked(cpu="500m", memory="1Gi"), {"resources": {"limits": {"cpu": "2", "nvidia.com/gpu": "1"}}}]}
    assert requests_of(spec) == {"cpu": 2500, "memory": 2**30, "nvidia.com/gpu": 1, "pods": 1}


def test_an_init_container_counts_only_where_it_needs_more() -> None:
    spec = {"containers": [asked(cpu="1")], "initContainers": [asked(cpu="3"), asked(memory="1Gi")]}
    assert requests_of(spec) == {"cpu": 3000, "memory": 2**30, "pods": 1}


def test_a_sidecar_runs_beside_the_containers_and_beside_later_init_containers() -> None:
    sidecar = {**asked(cpu="1"), "restartPolicy": "Always"}
    spec = {"containers": [asked(cpu="1")], "initContainers": [asked(cpu="4"), sidecar, asked(cpu="5")]}
    assert requests_of(spec)["cpu"] == 6000
    assert requests_of({"containers": [asked(cpu="9")], "initContainers": [sidecar]})["cpu"] == 10_000


def test_overhead_comes_on_top_and_pod_level_resources_replace_the_sum() -> None:
    spec = {"containers": [asked(cpu="1")], "resources": {"requests": {"cpu": "4"}}, "overhead": {"cpu": "250m"}}
    assert requests_of(spec)["cpu"] == 4250


def whole(containers: list[object], **resources: dict[str, str]) -> dict[str, int]:
    return requests_of({"containers": containers, "resources": resources})


def test_a_missing_request_of_the_whole_pod_becomes_the_sum_of_its_containers() -> None:
    quarter = asked(cpu="250m", memory="128Mi")
    both = whole([quarter, quarter], limits={"cpu": "4", "memory": "4Gi"})
    assert both == {"cpu": 500, "memory": 2**28, "pods": 1}
    assert whole([quarter, quarter], limits={"cpu": "4"}, requests={"cpu": "1"})["cpu"] == 1000
    assert whole([{"resources": {"limits": {"cpu": "3"}}}], limits={"cpu": "4"})["cpu"] == 3000, "a limit stands for a request"
    assert whole([asked(cpu="0")], limits={"cpu": "4"})["cpu"] == 0, "to ask for nothing is to ask"


def test_a_missing_request_of_the_whole_pod_becomes_its_limit_where_no_container_asks() -> None:
    assert whole([{}], limits={"cpu": "1", "memory": "512Mi"}) == {"cpu": 1000, "memory": 2**29, "pods": 1}
    assert whole([asked(memory="1Gi")], limits={"cpu": "1"}) == {"cpu": 1000, "memory": 2**30, "pods": 1}


def test_huge_pages_of_the_whole_pod_are_its_limit() -> None:
    container = {"resources": {"limits": {"hugepages-2Mi": "4Mi", "memory": "1Gi"}}}
    assert whole([container], limits={"hugepages-2Mi": "64Mi"})["hugepages-2Mi"] == 2**26
    assert whole([container], limits={"memory": "2Gi"})["hugepages-2Mi"] == 2**22


def test_devices_are_asked_for_by_containers_only() -> None:
    assert whole([{}], limits={"nvidia.com/gpu": "1"}) == {"pods": 1}


def test_a_sidecar_counts_into_the_sum_that_the_whole_pod_asks_for() -> None:
    spec = {
        "containers": [asked(cpu="1")],
        "initContainers": [{**asked(cpu="500m"), "restartPolicy": "Always"}, asked(cpu="2")],
        "resources": {"limits": {"cpu": "8"}},
    }
    assert requests_of(spec)["cpu"] == 2500


def test_a_sum_is_rounded_up_once() -> None:
    assert requests_of({"containers": [asked(memory="0.4"), asked(memory="0.4")]})["memory"] == 1
    assert requests_of({"containers": [asked(memory="1.7Gi")] * 4})["memory"] == 7301444404  # 4 x 1,825,361,100.8 = ...403.2
    assert requests_of({"containers": [asked(cpu="0.0001")] * 3})["cpu"] == 3, (
        "each is at least 1m: the API server rounds it up"
    )


def test_more_than_there_can_be_does_not_bring_it_down() -> None:
    assert requests_of({"containers": [asked(cpu="10P", memory="9E"), asked(memory="9E")]}) == {
        "cpu": 2**63 - 1, "memory": 2**63 - 1, "pods": 1,
    }  # fmt: skip


def test_a_template_becomes_its_class() -> None:
    spec = {
        "containers": [asked(cpu="1")],
        "nodeSelector": {"b": "2", "a": "1"},
        "tolerations": [{"key": "k", "operator": "Exists"}, {"key": "v", "value": "x", "effect": "NoSchedule"}],
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchExpressions": [{"key": "z", "operator": "In", "values": ["p", "q"]}]}]
                },
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {"weight": 7, "preference": {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]}}
                ],
            }
        },
    }
    made = request_class(spec)
    assert dict(made.resources) == {"cpu": 1000, "pods": 1}
    assert made.node_selector == (("a", "1"), ("b", "2"))
    assert made.required == (Term((Requirement("z", "In", ("p", "q")),), ()),)
    assert made.preferred[0].weight == 7
    assert made.tolerations == (Toleration("k", "Exists", "", ""), Toleration("v", "Equal", "x", "NoSchedule"))
    assert request_class(dict(reversed(spec.items()))) == made


@pytest.mark.parametrize(
    "special",
    [
        {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]},
        {"resourceClaims": [{"name": "gpu"}]},
    ],
)
def test_what_kube_scheduler_alone_judges_keeps_templates_apart(special: dict[str, object]) -> None:
    plain = {"containers": [asked(cpu="1")], "volumes": [{"name": "v", "emptyDir": {}}]}
    assert request_class(plain, "a/1") == request_class(plain, "b/2")
    assert request_class({**plain, **special}, "a/1") != request_class({**plain, **special}, "b/2")
