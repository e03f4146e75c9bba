"""Adaptive policies: which candidate each graph gets, and what the graphs that have ended say of the candidates.

A graph's candidate stands in its status before its first pod is made, and stays for its life.
"""

import logging
import zlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.lifecycle import Run
from bayplan.strategy.adaptive import objective
from bayplan_operator import metrics, names
from bayplan_operator.conductor.knowledge.adaptive_policy import AdaptivePolicy
from bayplan_operator.conductor.knowledge.ended import ended
from bayplan_operator.conductor.record import conditions
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.translate.policy import CompiledPolicy
from bayplan_operator.view.inbox import Key
from bayplan_operator.writer import EventWriter, GraphWriter

log = logging.getLogger(__name__)

_CONDITION = "Adaptive"
_WRITTEN_EVERY = 10.0
"""Seconds between two writes of a policy's status: what was learned in between stands in the graphs' status."""


class Adapting(Step):
    """All adaptive policies. Costs nothing where there are none."""

    def __init__(self, cluster: Cluster, graphs: GraphWriter, events: EventWriter, seed: int) -> None:
        self._cluster = cluster
        self._write = graphs
        self._events = events
        self._seed = seed
        self._policies: dict[str, AdaptivePolicy] = {}
        self._early: dict[str, GraphRun] = {}
        """By UID, graphs that had ended before their policy was known."""

    # What users wrote

    def take(self, key: Key, raw: Mapping[str, Any] | None, policy: CompiledPolicy | None, now: float) -> None:
        """A policy is new, has changed, cannot be used (no ``policy``), or is gone (nothing at all)."""
        name = key[1]
        known = self._policies.get(name)
        uid = "" if raw is None else raw["metadata"]["uid"]
        off = policy is not None and policy.adaptive is None
        if known is not None and (known.uid != uid or off):
            _forget_metrics(self._policies.pop(name))
            known = None
        if raw is None or policy is None:
            return
        status = raw.get("status") or {}
        if off:
            self._clear(key, raw["metadata"], status)
            return
        if known is None:
            known = self._policies[name] = _read(key, uid, policy, status.get("adaptive"))
            for graph in [each for each in self._early.values() if (each.decided.outcome or {}).get("policy") == name]:
                del self._early[graph.ref.uid]
                self.recall(graph, now)
        elif known.policy != policy:
            _forget_metrics(known)
            known.change(policy)
        known.generation = raw["metadata"].get("generation", 0)
        known.version = int(raw["metadata"]["resourceVersion"])
        known.conditions = [dict(each) for each in status.get("conditions") or ()]

    def admit(self, graph: GraphRun, now: float) -> None:
        """Give a graph its candidate, if its policy is adaptive and serves it."""
        policy, uid, chosen = graph.known.policy, graph.ref.uid, graph.decided.candidate
        if policy is None or graph.known.unserved or graph.known.refused or graph.known.prepared is None:
            return
        known = self._policies.get(policy.name)
        chosen.needed = policy.adaptive is not None
        if policy.adaptive is None or known is None:
            chosen.withdraw()
            return
        if chosen.value not in policy.adaptive.candidates:
            chosen.withdraw()
            known.end(uid)
            choice = known.choose(np.random.default_rng([self._seed, zlib.crc32(uid.encode())]))
            chosen.decide(choice.candidate)
            metrics.ADAPTIVE_GRAPHS.labels(policy.name, choice.candidate).inc()
            told = (graph.ref.namespace, graph.ref.name, uid)
            self._events.write(told, "Normal", "StrategyChosen", f"policy {policy.name}: {choice.why}", now)
        known.begin(uid, graph.decided.strategy)

    # What graphs say

    def advanced(self, graph: GraphRun, before: Run, now: float) -> None:
        """As a follower: only the end of a graph counts."""
        if graph.running is not None and graph.running.all_over:
            self.ended(graph, now)

    def ended(self, graph: GraphRun, now: float) -> None:
        """A graph is over, which its status does not say yet: its outcome goes there too."""
        policy, running, decided = graph.known.policy, graph.running, graph.decided
        if policy is None or policy.adaptive is None or running is None or not decided.strategy or decided.outcome:
            return
        known = self._policies.get(policy.name)
        if known is None or conditions.find(graph.written.conditions, "Suspended"):
            return  # the time for which its author held it back says nothing about where it was placed
        value = objective(policy.adaptive.objective).value(ended(graph, running, now), self._cluster)
        if value is not None:
            decided.outcome = known.number(policy.adaptive.objective, value)

    def recall(self, graph: GraphRun, now: float) -> None:
        """A graph's status says that it is over: its outcome is learned, once."""
        uid, name = graph.ref.uid, (graph.decided.outcome or {}).get("policy")
        for each in self._policies.values():
            each.end(uid)
        if graph.decided.outcome is None or graph.decided.learned:
            return
        known = self._policies.get(str(name))
        if known is None:
            self._early[uid] = graph
            return
        graph.decided.learned = True
        if known.learn(graph.decided.strategy, graph.decided.outcome):
            self._tell(known, now)
            known.next_write_at = now  # at once, or a restarted operator would tell of it again
        for candidate, figure in known.bandit.shown().items():
            metrics.ADAPTIVE_EXPECTED.labels(known.policy.name, candidate).set(figure)

    def gone(self, graph: GraphRun) -> None:
        """A graph is gone."""
        uid, said = graph.ref.uid, graph.decided.outcome or {}
        self._early.pop(uid, None)
        for each in self._policies.values():
            each.end(uid)
        known = self._policies.get(str(said.get("policy")))
        if known is not None and not graph.decided.ended:
            known.drop(said)

    # What follows

    def step(self, tick: Tick) -> None:
        """Write what is due into the policies' status."""
        for known in self._policies.values():
            at = self._due_at(known)
            if at is not None and at <= tick.now:
                self._record(known, tick.now)

    def next_time(self, now: float) -> float | None:
        """When ``step`` next has something to write."""
        due = (self._due_at(known) for known in self._policies.values())
        return min((at for at in due if at is not None), default=None)

    def _due_at(self, known: AdaptivePolicy) -> float | None:
        # Whether it is accepted has to stand there first, or the two writes would take each other's conditions away.
        accepted = conditions.find(known.conditions, "Accepted")
        waits = known.changes == known.written or not accepted or self._write.busy(known.key)
        return None if waits else known.next_write_at

    def _tell(self, known: AdaptivePolicy, now: float) -> None:
        words = f"now {known.bandit.words(known.bandit.preferred)}"
        log.info("policy %s: %s", known.policy.name, words)
        about = ("", known.policy.name, known.uid)
        self._events.write(about, "Normal", "StrategySwitched", words, now, names.PLACEMENT_POLICY)

    def _record(self, known: AdaptivePolicy, now: float) -> None:
        preferred, changes = known.bandit.preferred, known.changes
        words = f"now {known.bandit.words(preferred)}" if preferred else "the candidates are still being tried"
        reason = "Preferred" if preferred else "Trying"
        conditions.put(known.conditions, _CONDITION, bool(preferred), reason, words, known.generation, now)
        known.next_write_at = now + _WRITTEN_EVERY

        def on_written(version: int) -> None:
            known.version = max(known.version, version)
            known.written = max(known.written, changes)

        body = {"adaptive": known.status(), "conditions": [dict(each) for each in known.conditions]}
        self._write.write_status(known.key, known.uid, body, on_written, known.version)

    def _clear(self, key: Key, metadata: Mapping[str, Any], status: Mapping[str, Any]) -> None:
        """The policy is not adaptive any more: its status shall not say so either."""
        if status.get("adaptive") and not self._write.busy(key):
            kept = [each for each in status.get("conditions") or () if each.get("type") != _CONDITION]
            body, version = {"adaptive": None, "conditions": kept}, int(metadata["resourceVersion"])
            self._write.write_status(key, metadata["uid"], body, lambda _: None, version)


def _read(key: Key, uid: str, policy: CompiledPolicy, status: object) -> AdaptivePolicy:
    try:
        return AdaptivePolicy(key, uid, policy, status)
    except ValueError as error:
        log.warning("policy %s: status.adaptive was edited: %s; its candidates are tried again", policy.name, error)
        return AdaptivePolicy(key, uid, policy, None)


def _forget_metrics(known: AdaptivePolicy) -> None:
    for candidate in known.bandit.graphs():
        for metric in (metrics.ADAPTIVE_GRAPHS, metrics.ADAPTIVE_EXPECTED):
            with suppress(KeyError):  # it has never been said
                metric.remove(known.policy.name, candidate)
