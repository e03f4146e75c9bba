"""A cluster as a plan of new graphs sees it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bayplan.knowledge.round_counts import RoundCounts
from bayplan.model.workload import NodeInfo
from bayplan.simulation import HiddenLoad, Occupied, Submission
from bayplan_operator.translate.policy import CompiledPolicy
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


def round_counts(profiles: Iterable[Mapping[str, Any]]) -> dict[Key, RoundCounts]:
    """From TaskProfiles."""
    known: dict[Key, RoundCounts] = {}
    for raw in profiles:
        try:
            found = read(raw)
        except InvalidProfile:
            continue  # the profile's own status says why
        if found.rounds.counts:
            known[raw["metadata"]["namespace"], raw["metadata"]["name"]] = found.rounds
    return known
