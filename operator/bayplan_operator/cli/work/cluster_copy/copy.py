"""A cluster as the operator would see it: its graphs, queues and pods, and what evicting these would cost."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bayplan.admission.whole_graphs.whole_graph import WholeGraph
from bayplan.cluster.cluster import Cluster
from bayplan.core.changes import Changes
from bayplan.knowledge.run_times import Evaluation, RunTimes, StartUps, TaskRun
from bayplan.knowledge.run_times.expectations import Expectations
from bayplan_operator.cli.cluster.situation import Situation
from bayplan_operator.cli.work.cluster_copy.asked import Asked
from bayplan_operator.cli.work.cluster_copy.foreign import foreign_wishes
from bayplan_operator.cli.work.cluster_copy.queues import queues_of
from bayplan_operator.conductor.foreign.judging import Judging
from bayplan_operator.conductor.graphs import intake
from bayplan_operator.conductor.graphs.advancer import Advancer
from bayplan_operator.conductor.graphs.lost_nodes import LostNodes
from bayplan_operator.conductor.graphs.splitting import decide_shards
from bayplan_operator.conductor.knowledge.profiles import recall
from bayplan_operator.conductor.knowledge.run_laws import LearnedLaws
from bayplan_operator.conductor.placing.charging import Charging
from bayplan_operator.conductor.placing.known_policies import KnownPolicies
from bayplan_operator.conductor.placing.rendezvous import wanting
from bayplan_operator.conductor.placing.worth import TellWorth
from bayplan_operator.conductor.queueing.steps import Assigning
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.translate.share_record import read_shares
from bayplan_operator.translate.splitting import write_numbers
from bayplan_operator.translate.task_identity import TaskId
from bayplan_operator.translate.task_profile import InvalidProfile, read
from bayplan_operator.view import NodeStore, PodStore

_TERMS = intake.IntakeTerms()


def _unheard() -> None:
    """Nothing has to know."""


class Copy:
    """Graphs by UID, and the cluster on which they are."""

    def __init__(
        self, there: Situation, asked: Asked, now: float, *, ends: bool = True, half_life: float | None = None
    ) -> None:
        """``ends``: what is known of when pods end by themselves counts. ``half_life``: that of the shares of queues without a
        parent, in seconds; ``None``: they are not compared."""
        self._now, self._ends = now, ends
        self.left_out: list[str] = []
        """What cannot be looked at, one sentence each."""
        self.held_back: list[str] = []
        """Of graphs of the files whose queue lets nothing start: why, one sentence each."""
        self.cluster = Cluster()
        self._nodes = NodeStore(self.cluster, _unheard)
        self.pods = PodStore(self.cluster, lambda: now, _unheard)
        self._nodes.replace(there.nodes, 0)
        if there.namespaces is not None:
            self.cluster.neighbours.set_namespaces({each.metadata.name: each.metadata.labels for each in there.namespaces})
        self.queues, self.unread = queues_of(there, asked, half_life)
        """And what could not be read, one sentence each."""
        self.cluster.set_quotas(self.queues.tree.limits())
        self.policies = KnownPolicies()
        for raw in (*there.policies, *asked.policies.values()):
            self.policies.learn(raw["metadata"]["name"], raw)
        self._learn(there.profiles or ())
        for pod, raw in there.gated:
            self.pods.foreign.take(pod, raw)
        self.pods.replace(there.pods, 0)
        self.pods.take_changed()
        self.pods.give_back_gated(math.inf)
        self.foreign = foreign_wishes(self.pods, Judging(self.policies, self.queues, self.cluster), now)
        """What pods that are no graph's want."""
        self._assigning = Assigning(self.queues, self.cluster, self.pods)
        self._advancer = Advancer(self.pods, self._nodes, LostNodes(self._nodes, lambda: ()))
        self._worth = TellWorth(self.queues, self, self.pods)
        self.graphs: dict[str, GraphRun] = {}
        self.mine: list[str] = []
        """UIDs of those of the files."""
        names = {_key(raw) for raw in asked.graphs}
        for raw in there.graphs or ():
            found = self._take(raw, mine=_key(raw) in names)
            if _key(raw) in names:
                names.remove(_key(raw))
                self.left_out.append(
                    f"graph {raw['metadata']['name']} is in the cluster already: it is looked at as it is there"
                )
                self.mine += [found] if found else []
        for raw in asked.graphs:
            if _key(raw) in names and (found := self._take(raw, mine=True)):
                self.mine.append(found)

    def expect_runs(self) -> None:
        """Pods of graphs run as long as was learned, as a distribution."""
        for graph in self.graphs.values():
            if graph.running is not None:
                self._expect_run(graph.ref.uid, graph.running)

    def queueing(self) -> Changes:
        """What a decider is to know of the queues, and of what waits that is of no graph."""
        shares = read_shares(self.queues.statuses, self._now)
        return Changes(queues=self.queues.tree, shares=shares, graphs=self.whole(), wanted=self.foreign)

    def whole(self) -> Mapping[Hashable, WholeGraph]:
        """By UID, the graphs that are admitted as a whole, and what is charged for each."""
        found = Charging().changes(self.graphs.values(), ())
        return {uid: each for uid, each in found.items() if each is not None}

    renewals = 0
    """What was learned stays what it is."""

    def restart(self, run: TaskRun, node: str) -> float:
        """Seconds until a pod of a task runs on a node; 0: not known."""
        row = self.cluster.row(node)
        if self._start_ups is None or row is None:
            return 0.0
        node_class = self.cluster.node_classes[int(self.cluster.node_class[row])]
        return float(self._start_ups.table([TaskId.of(run).text], [node_class])[0, 0])

    # Inside

    def _take(self, raw: Mapping[str, Any], *, mine: bool) -> str:
        """Its UID; empty: it cannot start anything."""
        graph = intake.new_graph(raw, self._now, _TERMS)
        if graph.known.prepared is None:
            if mine and graph.known.invalid is not None:
                self.left_out.append(f"graph {graph.ref.name}: {graph.known.invalid.message}")
            return ""
        spec = graph.known.prepared.spec
        self.policies.assign(graph, spec.policy_name)
        self._assigning.assign(graph)
        if mine and graph.known.queue_stop is not None:
            self.held_back.append(f"graph {graph.ref.name}: {graph.known.queue_stop.message}")
        if mine and graph.known.unserved is not None:
            self.left_out.append(f"graph {graph.ref.name}: {graph.known.unserved.message}")
        decide_shards(graph, self.cluster, self.pods)
        if graph.decided.shards.value:
            graph.decided.find({**graph.written.status, "shards": write_numbers(graph.decided.shards.value)})
        graph.decided.candidate.needed = False
        intake.begin(graph, self._now)
        running = graph.running
        if running is None:
            return ""
        self.graphs[graph.ref.uid] = graph
        made = self._advancer.advance(graph, running, (), self._now)
        running.run, running.wants = made.run, made.wants
        running.services.update(plan.rule.name for plan in wanting(running))
        running.foreseen.seconds = self._expected.seconds_of(running.prepared.runs)
        self._worth.tell(graph, self._now)
        self._expect(graph)
        return graph.ref.uid

    def _learn(self, profiles: Sequence[Mapping[str, Any]]) -> None:
        run_times, evaluation = RunTimes(len(profiles) + 1), Evaluation()
        self._expected = Expectations(run_times, lambda _: None)
        self.laws = LearnedLaws(self._expected)
        """How long pods run, as distributions."""
        for raw in profiles:
            try:
                learned = read(raw)
            except InvalidProfile:
                continue  # the profile's own status says why
            if recall(learned, run_times, evaluation):
                self._expected.learned(learned.id.group, learned.id.task)
        self._start_ups = StartUps.of(evaluation)

    def _expect_run(self, uid: str, running: Running) -> None:
        index = running.prepared.graph.index
        self.pods.expect(uid, lambda task: self.laws.of(running, index[task]) if task in index else None)

    def _expect(self, graph: GraphRun) -> None:
        """When its pods are expected to end, where that is known."""
        running = graph.running
        if running is None or running.foreseen.seconds is None or not self._ends:
            return
        for own in self.pods.own(graph.ref.uid):
            task = running.prepared.graph.index.get(own.identity.task)
            place = self.cluster.occupants(own.pod.spec.node_name).get(own.key)
            if task is None or place is None or place.tenant is None or place.tenant.since is None:
                continue
            seconds = float(running.foreseen.seconds[task])
            if math.isfinite(seconds):
                tenant = replace(place.tenant, expected_end=place.tenant.since + seconds)
                self.cluster.occupy(own.key, own.pod.spec.node_name, place.resources, place.gpus, tenant)


def _key(raw: Mapping[str, Any]) -> tuple[str, str]:
    return raw["metadata"]["namespace"], raw["metadata"]["name"]
