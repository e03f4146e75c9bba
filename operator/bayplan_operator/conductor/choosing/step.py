"""Chooses the candidates of tasks that may start."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from bayplan.cluster.cluster import Cluster
from bayplan.collaboration.choosing import ChoiceTerms, Chosen, Contender, Occasion, Offer, choose, offers_of, waits
from bayplan.lifecycle import UnitState, values_of
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan_operator import names
from bayplan_operator.conductor.choosing.learning import experience_of, under_way
from bayplan_operator.conductor.choosing.waiting import left
from bayplan_operator.conductor.knowledge.profiles import Profiles
from bayplan_operator.conductor.record.choices import Choices
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.register import Register
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.translate.candidates import CandidatePod
from bayplan_operator.translate.choice_record import chosen_line
from bayplan_operator.translate.task_identity import TaskId
from bayplan_operator.view import PodStore
from bayplan_operator.writer import EventWriter


@dataclass(frozen=True, slots=True)
class _Question:
    """One choice that is to be made."""

    graph: GraphRun
    running: Running
    choices: Choices
    task: int

    @property
    def chooser(self) -> ChoiceTerms:
        return self.choices.choosers[self.task]

    @property
    def name(self) -> str:
        return self.running.prepared.graph.tasks[self.task].name

    @property
    def pods(self) -> tuple[CandidatePod, ...]:
        return self.running.prepared.candidates[self.task]


class ChooseCandidates(Step):
    """Makes each choice once the gate of its task is open; its pods are made once it stands in the status."""

    def __init__(self, cluster: Cluster, pods: PodStore, profiles: Profiles, events: EventWriter) -> None:
        self._cluster, self._pods, self._profiles, self._events = cluster, pods, profiles, events
        self._homeless: set[str] = set()
        """UIDs of graphs with a task of which no node can hold any candidate."""
        self._nodes = -1
        """Of which version of the nodes that was found."""
        self._busy: Counter[str] | None = None
        """Choices that are under way; ``None``: not counted in this tick."""

    def step(self, tick: Tick) -> None:
        """O(units of the tasks that are to be chosen for, of the touched graphs)."""
        self._busy = None
        if self._nodes != self._cluster.static_version:
            self._nodes, again = self._cluster.static_version, self._homeless
            self._homeless = set()
            tick.graphs.attention.call_all(sorted(again))
        for graph in tick.touched:
            if graph.running is not None and graph.running.choices is not None:
                tick.graphs.guarded(graph, tick.now, partial(self._look, tick.graphs))

    def forget(self, uid: str) -> None:
        """The graph is over or gone."""
        self._homeless.discard(uid)

    def _look(self, graphs: Register, graph: GraphRun, now: float) -> None:
        running = graph.running
        if running is None or running.choices is None or not graph.startable:
            return
        choices, starts, before = running.choices, running.prepared.graph.unit_start, running.choices.revision
        for task in choices.open:
            state = running.run.state[starts[task] : starts[task + 1]]
            if ((state >= UnitState.READY) & (state <= UnitState.RUNNING)).any():
                self._choose(graphs, _Question(graph, running, choices, task), now)
        if choices.revision != before:  # once for all of them: it costs O(tasks)
            running.follow_choices()
            running.revision += 1

    def _choose(self, graphs: Register, asked: _Question, now: float) -> None:
        contenders = self._contenders(graphs, asked)
        found = self._from_pods(asked, contenders) or self._decide(graphs, asked, contenders, now)
        if found.winner is None:
            self._none(asked, found)
            return
        asked.choices.decide(asked.task, chosen_line(asked.name, asked.choices.round_of(asked.task), found))
        if self._busy is not None:
            self._busy[_learned_as(asked, found.winner)] += 1
        told = (asked.graph.ref.namespace, asked.graph.ref.name, asked.graph.ref.uid)
        self._events.write(told, "Normal", "Chosen", f"task {asked.name}: {found.why}", now)

    def _contenders(self, graphs: Register, asked: _Question) -> list[Contender]:
        if self._busy is None:
            self._busy = under_way(graphs.open.values())
        failed, metric, found = asked.choices.failed(asked.task), asked.chooser.metric, []
        for pod in asked.pods:
            busy = self._busy[TaskId.of(pod.run).text]
            found.append(experience_of(self._profiles, pod.run).contender(pod.name, metric, busy, failed.get(pod.name, "")))
        return found

    def _decide(self, graphs: Register, asked: _Question, contenders: list[Contender], now: float) -> Chosen:
        running = asked.running
        return choose(
            asked.chooser,
            contenders,
            Occasion(asked.graph.ref.uid, asked.name, asked.choices.round_of(asked.task)),
            lambda task, key: values_of(running.prepared.graph, running.run, task, key),
            lambda: self._offers(graphs, asked, contenders, now),
        )

    def _offers(self, graphs: Register, asked: _Question, contenders: list[Contender], now: float) -> list[Offer]:
        policy, prepared = asked.graph.known.policy, asked.running.prepared
        selector = () if policy is None else policy.strategy.node_selector
        first = int(prepared.graph.unit_start[asked.task])
        costs = [experience_of(self._profiles, pod.run).cost for pod in asked.pods]
        wait = [
            waits(
                self._cluster,
                prepared.asks(first, pod.template),
                selector,
                lambda nodes: left(graphs.open.values(), nodes, now),
            )
            for pod in asked.pods
        ]
        return offers_of(contenders, costs, wait, prepared.graph.tasks[asked.task].shards)

    def _from_pods(self, asked: _Question, contenders: Iterable[Contender]) -> Chosen | None:
        """Were the record lost (a status that was emptied), pods that are not over would still say what they run."""
        run, starts = asked.running.run, asked.running.prepared.graph.unit_start
        units = range(int(starts[asked.task]), int(starts[asked.task + 1]))
        under_way = {
            unit - units.start: int(run.incarnation[unit]) for unit in units if run.incarnation[unit] > run.settled[unit]
        }
        able = {each.name for each in contenders if not each.failed}
        for own in self._pods.own(asked.graph.ref.uid) if under_way else ():
            found, identity = own.pod.metadata.annotations.get(names.ANNOTATION_CANDIDATE, ""), own.identity
            ours = identity.task == asked.name and under_way.get(identity.shard) == identity.incarnation
            if ours and found in able:
                return Chosen(found, None, (), f"{found}: pods of the task run it already")
        return None

    def _none(self, asked: _Question, found: Chosen) -> None:
        """Its units wait, and say why; another node may change that."""
        self._homeless.add(asked.graph.ref.uid)
        for unit in asked.running.wants.start:
            if asked.running.prepared.graph.unit_task[unit] == asked.task:
                why = Decision((asked.graph.ref.uid, unit), None, Reason.NO_SUCH_NODE, found.why)
                asked.running.asking.refused(unit, why)


def _learned_as(asked: _Question, name: str) -> str:
    return next(TaskId.of(pod.run).text for pod in asked.pods if pod.name == name)
