"""Has the templates of each graph checked by the API server, and takes in what it says."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.known import Problem
from bayplan_operator.conductor.templates.answers import INVALID, NOT_ANSWERED, Answer, Answers
from bayplan_operator.conductor.templates.questions import Questions, Subject
from bayplan_operator.conductor.templates.sentences import in_doubt, refusal, unanswered
from bayplan_operator.translate.pod import PodRole, Template
from bayplan_operator.translate.task_graph import Prepared, with_admitted
from bayplan_operator.writer.dry_runs import Key

PATIENCE = 5.0
"""Seconds for which a graph that is new to this process waits for answers."""
FIRST = 100
"""Templates of a graph whose answers it waits for."""


class Checker:
    """Knows which graphs use which template."""

    def __init__(self, answers: Answers, questions: Questions) -> None:
        self._answers, self._questions = answers, questions
        self._users: dict[Key, dict[str, GraphRun]] = {}
        self._keys: dict[str, list[Key]] = {}
        """By UID of a graph."""
        self._awaiting: dict[str, GraphRun] = {}
        """By UID, the graphs that wait, in the order in which their patience ends."""
        self._heard: dict[str, dict[str, Answer]] = {}
        """By UID of a graph and hash of a template, answers that have not been taken in."""

    def look(self, graph: GraphRun, now: float) -> None:
        """After any news of the graph: have it checked, once, and take in what was said of it."""
        prepared, checking = graph.known.prepared, graph.known.checking
        if prepared is None or graph.decided.ended:
            return
        if not checking.tasks:
            self._begin(graph, prepared, now)
        _take(graph, prepared, self._heard.pop(graph.ref.uid, {}))
        checking.awaited = bool(checking.open) and checking.refused is None and now < checking.until
        if not checking.awaited:
            self._awaiting.pop(graph.ref.uid, None)
        checking.doubt = None if checking.awaited else _doubt(graph, prepared)

    def concerned(self, now: float) -> list[GraphRun]:
        """The graphs that have to be looked at: there are answers for them, or they have waited for long enough."""
        found: dict[str, GraphRun] = {}
        for key, answer in self._answers.take_news().items():
            self._questions.drop(key)
            for uid, graph in self._users.get(key, {}).items():
                if answer.spec is not None and graph.known.checking.admitted.get(key[1]) == answer.spec:
                    continue
                self._heard.setdefault(uid, {})[key[1]] = answer
                found[uid] = graph
        while self._awaiting:
            uid, graph = next(iter(self._awaiting.items()))
            if graph.known.checking.until > now:
                break
            del self._awaiting[uid]
            graph.known.checking.awaited = False
            found[uid] = graph
        return list(found.values())

    def ask(self, now: float) -> None:
        """Send the questions whose turn it is."""
        self._questions.step(now)

    def next_time(self, now: float) -> float | None:
        """When there is something to do though nothing happens."""
        patience = next((graph.known.checking.until for graph in self._awaiting.values()), None)
        return min((at for at in (patience, self._questions.next_time(now)) if at is not None), default=None)

    def forget(self, uid: str) -> None:
        """A graph is over or gone."""
        self._awaiting.pop(uid, None)
        self._heard.pop(uid, None)
        for key in self._keys.pop(uid, ()):
            users = self._users[key]
            del users[uid]
            if not users:
                del self._users[key]
                self._questions.drop(key)

    def _begin(self, graph: GraphRun, prepared: Prepared, now: float) -> None:
        checking, uid, namespace = graph.known.checking, graph.ref.uid, graph.ref.namespace
        order = np.empty(len(prepared.templates), np.int64)
        order[prepared.graph.topological] = np.arange(len(order))
        by_hash: dict[str, Template] = {}
        for task, template in sorted(prepared.all_templates, key=lambda each: int(order[each[0]])):
            checking.tasks.setdefault(template.admission_hash, task)
            by_hash.setdefault(template.admission_hash, template)
        checking.until = now + PATIENCE
        self._awaiting[uid] = graph
        self._keys[uid] = [(namespace, template) for template in checking.tasks]
        for place, key in enumerate(self._keys[uid]):
            self._users.setdefault(key, {})[uid] = graph
            answer = self._answers.get(key)
            if answer is not None:
                self._heard.setdefault(uid, {})[key[1]] = answer
                continue
            if place < FIRST:
                checking.open.add(key[1])
            task = checking.tasks[key[1]]
            asked = prepared.graph.tasks[task]
            role = PodRole(asked.name, 0, asked.shards, 1, queue=prepared.spec.queue_name)
            subject = Subject(graph.ref, role, by_hash[key[1]])
            self._questions.want(key, subject, urgent=place < FIRST)


def _take(graph: GraphRun, prepared: Prepared, heard: Mapping[str, Answer]) -> None:
    checking = graph.known.checking
    checking.open.difference_update(heard)
    specs: dict[str, Mapping[str, Any]] = {}
    for template, answer in heard.items():
        if answer.spec is not None:
            specs[template] = answer.spec
            checking.against.pop(template, None)
            checking.admitted[template] = answer.spec
        elif template not in checking.admitted:  # what was admitted once is for its creation to refuse
            words = refusal if answer.final else in_doubt
            checking.against[template] = Problem(answer.reason, words(_where(graph, prepared, template), answer.message))
    if specs:
        _admit(graph, prepared, specs)
    checking.refused = next((each for each in checking.against.values() if each.reason == INVALID), None)


def _admit(graph: GraphRun, prepared: Prepared, specs: Mapping[str, Mapping[str, Any]]) -> None:
    """Count by what is admitted from now on."""
    made, problems = with_admitted(prepared, graph.ref.namespace, specs)
    graph.known.checking.against.update({template: Problem(INVALID, words) for template, words in problems.items()})
    if made is not prepared:
        graph.known.prepared = made
        if graph.running is not None:
            graph.running.take_templates(made)


def _doubt(graph: GraphRun, prepared: Prepared) -> Problem | None:
    """Of the first template that has one, and how many others have."""
    checking = graph.known.checking
    doubtful = [template for template, problem in checking.against.items() if problem.reason != INVALID]
    doubtful += checking.open
    if not doubtful:
        return None
    template, others = min(doubtful, key=checking.tasks.__getitem__), len(doubtful) - 1
    first = checking.against.get(template) or Problem(NOT_ANSWERED, unanswered(_where(graph, prepared, template), PATIENCE))
    more = f" (and {others} more template{'s' if others > 1 else ''})" if others else ""
    return Problem(first.reason, first.message + more)


def _where(graph: GraphRun, prepared: Prepared, template: str) -> str:
    task = graph.known.checking.tasks[template]
    return f"spec.tasks[{task}] ({prepared.graph.tasks[task].name})"
