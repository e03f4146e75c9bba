"""A cluster as a plan of new graphs sees it, made from its nodes, pods and policies."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bayplan.knowledge.round_counts import RoundCounts
from bayplan.model.workload import NodeInfo
from bayplan.simulation import HiddenLoad, Occupied, Submission
from bayplan_operator import names
from bayplan_operator.kube import wire
from bayplan_operator.translate.gpus import gpu_use, read_devices
from bayplan_operator.translate.neighbours import neighbour_of
from bayplan_operator.translate.node import node_info
from bayplan_operator.translate.own_pod import TERMINAL_PHASES
from bayplan_operator.translate.pod_requests import pod_requests
from bayplan_operator.translate.policy import CompiledPolicy, InvalidPolicy, compile_policy
from bayplan_operator.translate.task_identity import TaskId
from bayplan_operator.translate.task_profile import InvalidProfile, read

Key = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True, slots=True)
class ClusterView:
    """Where graphs would go."""

    nodes: Sequence[NodeInfo]
    occupied: Sequence[Occupied] = ()
    """What pods have now; it stays theirs, since nothing says when they end."""
    policies: dict[str, CompiledPolicy] | None = None
    """None: there is no cluster to ask."""
    load: HiddenLoad | None = None
    round_counts: Mapping[Key, RoundCounts] = field(default_factory=dict)
    """By namespace and name of a TaskProfile, how many rounds graphs took in which its task repeats."""

    def with_rounds(self, submission: Submission) -> Submission:
        """The same graph, with what was learned of its rounds."""
        rounds = submission.rounds
        if rounds is None or rounds.task is None:
            return submission
        namespace, name = TaskId.of(rounds.task).key
        found = self.round_counts.get((namespace or "default", name))
        return submission if found is None else replace(submission, rounds=replace(rounds, learned=found))


def cluster(
    nodes: Sequence[wire.Node],
    pods: Iterable[wire.Pod],
    policies: Iterable[Mapping[str, Any]],
    profiles: Iterable[Mapping[str, Any]] = (),
) -> ClusterView:
    """From API objects."""
    known = {node.metadata.name for node in nodes}
    occupied = [each for pod in pods for each in _occupied(pod, known)]
    infos = [node_info(node) for node in nodes]
    return ClusterView(infos, occupied, dict(_compiled(policies)), round_counts=dict(_round_counts(profiles)))


def _occupied(pod: wire.Pod, known: set[str]) -> list[Occupied]:
    if pod.status.phase in TERMINAL_PHASES or pod.spec.node_name not in known:
        return []
    resources = pod_requests(pod.spec, pod.status)
    devices = read_devices(pod.metadata.annotations.get(names.ANNOTATION_GPUS, ""))
    return [Occupied(pod.spec.node_name, resources, gpu_use(resources, devices), neighbour_of(pod))]


def _round_counts(profiles: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Key, RoundCounts]]:
    for raw in profiles:
        try:
            found = read(raw)
        except InvalidProfile:
            continue  # the profile's own status says why
        if found.rounds.counts:
            yield (raw["metadata"]["namespace"], raw["metadata"]["name"]), found.rounds


def _compiled(policies: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, CompiledPolicy]]:
    for raw in policies:
        try:
            yield raw["metadata"]["name"], compile_policy(raw)
        except InvalidPolicy:
            continue  # the policy's own status says why; a graph that names it is told that there is no such policy
