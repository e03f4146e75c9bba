from copy import deepcopy
from typing import Any

from bayplan.model.workload import RequestClass
from bayplan_operator import names
from bayplan_operator.translate.pod import GraphRef, Place, PodRole, Template, pod_manifest

REF = GraphRef("research", "driving", "uid-1")
ROLE = PodRole("detect", 2, 4, 3)


def template(**spec: Any) -> Template:
    full = {"containers": [{"name": "main", "image": "i"}], **spec}
    return Template({"labels": {"team": "x"}, "annotations": {}}, full, "digest", RequestClass((("pods", 1),)))


def made(spec: dict[str, Any] | None = None, direct: bool = False, grace: float = 30.0) -> dict[str, Any]:
    return pod_manifest(REF, template(**(spec or {})), ROLE, Place("node-7", "BestFit 0.8", direct, grace))


def test_names_are_readable_unique_and_short_enough() -> None:
    name = names.pod_name("g" * 63, "uid", "t" * 63, 0, 1)
    assert len(name) == 63
    assert names.pod_name("g", "uid", "t", 0, 1).startswith("g-t-")
    different = {names.pod_name("g", uid, "t", shard, n) for uid in "ab" for shard in (0, 1) for n in (1, 2)}
    assert len(different) == 8
    assert names.pod_name("a-b", "u", "c", 0, 1) != names.pod_name("a", "u", "b-c", 0, 1)


def test_what_the_pod_is_stands_in_labels_and_owner() -> None:
    metadata = made()["metadata"]
    assert metadata["labels"]["bayplan.dev/task"] == "detect"
    assert metadata["labels"]["bayplan.dev/shard"] == "2"
    assert metadata["labels"]["bayplan.dev/incarnation"] == "3"
    assert metadata["labels"]["team"] == "x"
    assert metadata["finalizers"] == ["bayplan.dev/outcome"]
    (owner,) = metadata["ownerReferences"]
    assert (owner["uid"], owner["controller"]) == ("uid-1", True)


def test_the_pin_is_added_to_every_term_that_the_user_gave() -> None:
    terms = [
        {"matchExpressions": [{"key": "a", "operator": "Exists"}]},
        {"matchExpressions": [{"key": "b", "operator": "Exists"}]},
    ]
    given = {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}},
        "podAffinity": {"x": 1},
    }
    before = deepcopy(given)
    affinity = made({"affinity": given})["spec"]["affinity"]
    pinned = affinity["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    pin = {"key": "metadata.name", "operator": "In", "values": ["node-7"]}
    assert [term["matchFields"] for term in pinned] == [[pin], [pin]]
    assert [term["matchExpressions"] for term in pinned] == [term["matchExpressions"] for term in terms]
    assert affinity["podAffinity"] == {"x": 1}
    assert given == before


def test_an_empty_term_matches_nothing_and_must_not_begin_to_match_by_the_pin() -> None:
    terms = [{}, {"matchExpressions": [{"key": "a", "operator": "Exists"}]}]
    given = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    affinity = made({"affinity": given})["spec"]["affinity"]["nodeAffinity"]
    (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchExpressions"]


def test_direct_names_the_node_and_adds_no_affinity() -> None:
    spec = made(direct=True)["spec"]
    assert spec["nodeName"] == "node-7"
    assert "affinity" not in spec


def test_the_user_cannot_have_the_pod_outstay_a_lost_node() -> None:
    forever = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}
    gpu = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
    tolerations = made({"tolerations": [forever, gpu]}, grace=5.0)["spec"]["tolerations"]
    assert gpu in tolerations
    assert [t["tolerationSeconds"] for t in tolerations if t["key"].startswith("node.kubernetes.io/")] == [5, 5]


def test_shards_know_their_number_and_the_users_own_variables_win() -> None:
    own = [{"name": "BAYPLAN_TASK", "value": "mine"}, {"name": "X", "value": "1"}]
    spec = made({"containers": [{"name": "main", "image": "i", "env": own}], "initContainers": [{"name": "init"}]})["spec"]
    env = {each["name"]: each["value"] for each in spec["containers"][0]["env"]}
    assert env == {
        "JOB_COMPLETION_INDEX": "2", "BAYPLAN_SHARDS": "4", "BAYPLAN_TASK": "mine", "BAYPLAN_INCARNATION": "3", "X": "1"
    }  # fmt: skip
    assert {each["name"] for each in spec["initContainers"][0]["env"]} >= {"JOB_COMPLETION_INDEX"}


def test_pods_get_the_class_that_never_preempts_unless_the_template_names_another() -> None:
    assert made()["spec"]["priorityClassName"] == "bayplan"
    assert made({"priorityClassName": "urgent"})["spec"]["priorityClassName"] == "urgent"


def test_volumes_that_have_to_be_claimed_are_noticed() -> None:
    assert template(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]).needs_scheduler
    assert template(resourceClaims=[{"name": "gpu", "resourceClaimTemplateName": "t"}]).needs_scheduler
    assert not template(volumes=[{"name": "v", "emptyDir": {}}]).needs_scheduler


def env_of(container: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container["env"]}


def test_a_pod_says_which_gpus_it_was_placed_on_and_its_containers_know() -> None:
    share = {"limits": {"bayplan.dev/gpu-milli": 460}}
    containers = [{"name": "main", "image": "i", "resources": share}, {"name": "logs", "image": "i"}]
    place = Place("node-7", "why", False, 30.0, (3,))
    pod = pod_manifest(REF, template(containers=containers), ROLE, place)
    assert pod["metadata"]["annotations"]["bayplan.dev/gpus"] == "3"
    main, logs = (env_of(each) for each in pod["spec"]["containers"])
    assert (main["BAYPLAN_GPUS"], main["NVIDIA_VISIBLE_DEVICES"]) == ("3", "3")
    assert logs["BAYPLAN_GPUS"] == "3"
    assert "NVIDIA_VISIBLE_DEVICES" not in logs, "it asked for no share"


def test_whole_gpus_are_shown_by_the_device_plugin_and_the_users_own_variables_win() -> None:
    whole = {"name": "main", "image": "i", "resources": {"limits": {"nvidia.com/gpu": 2}}}
    pod = pod_manifest(REF, template(containers=[whole]), ROLE, Place("node-7", "why", False, 30.0, (0, 3)))
    assert pod["metadata"]["annotations"]["bayplan.dev/gpus"] == "0;3"
    told = env_of(pod["spec"]["containers"][0])
    assert told["BAYPLAN_GPUS"] == "0,3"
    assert "NVIDIA_VISIBLE_DEVICES" not in told
    own = [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "none"}, {"name": "BAYPLAN_GPUS", "value": "mine"}]
    share = {"name": "main", "image": "i", "resources": {"requests": {"bayplan.dev/gpu-milli": 460}}, "env": own}
    pod = pod_manifest(REF, template(containers=[share]), ROLE, Place("node-7", "why", False, 30.0, (0,)))
    told = env_of(pod["spec"]["containers"][0])
    assert (told["NVIDIA_VISIBLE_DEVICES"], told["BAYPLAN_GPUS"]) == ("none", "mine")


def test_without_gpus_nothing_is_said_of_them() -> None:
    pod = made()
    assert "bayplan.dev/gpus" not in pod["metadata"]["annotations"]
    assert "BAYPLAN_GPUS" not in env_of(pod["spec"]["containers"][0])
