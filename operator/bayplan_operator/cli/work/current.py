"""The current cluster, as a plan of new graphs goes by it."""

from collections.abc import Iterator
from dataclasses import replace

from bayplan.model.occupant import Tenant
from bayplan.simulation import Occupied, Setup, Submission
from bayplan_operator.cli.cluster.situation import Situation, read_situation
from bayplan_operator.cli.plan import PlanOptions
from bayplan_operator.cli.work.cluster_copy.asked import asked_by, placed_by
from bayplan_operator.cli.work.cluster_copy.copy import Copy
from bayplan_operator.cli.work.inputs import written_policy
from bayplan_operator.cli.work.line.places import Places, places
from bayplan_operator.translate.node import node_info
from bayplan_operator.views.cluster import ClusterView, round_counts

_ADVICE = "name a file of nodes with --nodes, or set KUBECONFIG or --kubeconfig"
_NO_QUEUES = "you may not list the Queues of the cluster: no quota of theirs counts in these times"
_UNKNOWN = Tenant()


async def read_current(options: PlanOptions) -> Situation:
    """Raises `errors.ApiError`."""
    return await read_situation(options, _ADVICE, whole=False)


class CurrentCluster:
    """From a copy of it: pods count where the operator counts them."""

    def __init__(self, options: PlanOptions, there: Situation, now: float) -> None:
        """`now`: seconds since the epoch."""
        asked = asked_by(options.file, now)
        if options.policy:
            asked = placed_by(asked, written_policy(options.policy[0]))
        self._there, self._now = there, now
        self._copy = Copy(there, asked, now, half_life=options.queue_half_life)
        self._copy.expect_runs()

    @property
    def view(self) -> ClusterView:
        """Its nodes, what occupies them, its policies, and what was learned of rounds."""
        nodes = [node_info(node) for node in self._there.nodes]
        occupied = [each for node in nodes for each in self._occupied(node.name)]
        return ClusterView(nodes, occupied, self._copy.policies.compiled, round_counts=round_counts(self._there.profiles or ()))

    def name_queues(self, submissions: list[Submission]) -> list[str]:
        """Of graphs that their queue keeps from starting, nothing starts from now on; those of queues that may not be listed
        are of no queue. Answers why quotas do not count, one sentence each."""
        said = [*([] if self._there.queues is not None else [_NO_QUEUES]), *self._copy.unread]
        queues, labels = self._copy.queues, self._copy.cluster.neighbours.namespaces
        for number, each in enumerate(submissions):
            if each.queue is None:
                continue
            if self._there.queues is None and each.queue not in queues.objects:
                submissions[number] = replace(each, queue=None)
                continue
            stop = queues.stop_of(each.queue, each.name.rpartition("/")[0], labels)
            if stop is not None:
                held = stop.reason, stop.message
                submissions[number] = replace(each, queue=None, counted_in=each.queue, held_back=held, admitted_whole=False)
        return said

    def with_queues(self, setup: Setup) -> Setup:
        """The same with its queues, those of the files in their place, and with what is charged for whole graphs."""
        charged = {uid: each for uid, each in self._copy.whole().items() if each.charge is not None}
        return replace(setup, queues=self._copy.queues.tree, charged=charged)

    def places(self) -> tuple[Places, list[str]]:
        """In its line, of the TaskGraphs of the files; also what could not be looked at, one sentence each."""
        return places(self._there, self._copy, self._now)

    def _occupied(self, node: str) -> Iterator[Occupied]:
        for each in self._copy.cluster.occupants(node).values():
            whose = each.tenant or _UNKNOWN
            since = None if whose.since is None else whose.since - self._now
            yield Occupied(node, each.resources, each.gpus, replace(whose, since=since, expected_end=None))
