"""Which candidates do the tasks of a graph, and which have failed."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from bayplan.collaboration.choosing import Eligibility, FailedCandidate
from bayplan.lifecycle import Alternatives
from bayplan.model.graph import Graph
from bayplan_operator.conductor.record.commitment import Commitment
from bayplan_operator.translate.choice_record import ChoiceLine, failed_line, read_choices
from bayplan_operator.translate.flow import Relations


class Choices:
    """Each choice is a commitment: it is recorded before any pod of its task is made."""

    def __init__(self, graph: Graph, relations: Relations, status: Mapping[str, Any], round_: int) -> None:
        """``status``: as it was found; ``round_``: the one that runs, from 1; 0: none."""
        choosers, flow = relations.choosers, relations.flow
        repeated = () if flow is None or flow.repeated is None else flow.repeated.tasks.nonzero()[0].tolist()
        self.choosers = choosers
        self.revision = 0
        """Changes whenever the status has something else to say of them."""
        self._graph = graph
        self._round, self._repeated = round_, frozenset(repeated)
        self._eligible = {task: Eligibility(terms) for task, terms in choosers.items()}
        for line in read_choices(status):
            task = graph.index.get(line.task, -1)
            known = line.failed and task in choosers and line.candidate in choosers[task].names
            if known and not self._eligible[task].forgives(line.round, self.round_of(task)):
                self._eligible[task].give_up(line.candidate, FailedCandidate(line.round, line.why))
        self._found: dict[str, list[ChoiceLine]] = {}
        """By name of a task, what the status says that is looked at."""
        self._made: dict[int, Commitment[ChoiceLine]] = {}
        for task in choosers:
            made = self._made[task] = Commitment(partial(self._read, task))
            made.needed = True
        self.find(status)

    @property
    def open(self) -> list[int]:
        """Tasks for which a candidate has to be chosen, once they may start."""
        return [task for task, each in self._made.items() if each.open]

    def settled(self, task: int) -> bool:
        """Pods of the task may be made, as far as it is about candidates."""
        made = self._made.get(task)
        return made is None or made.settled

    @property
    def all_recorded(self) -> bool:
        """Whatever was decided stands in the status."""
        return all(each.value is None or each.settled for each in self._made.values())

    @property
    def chosen(self) -> dict[int, int]:
        """By task, the position of its candidate."""
        made = ((task, each.value) for task, each in self._made.items())
        return {task: self.choosers[task].names.index(line.candidate) for task, line in made if line is not None}

    @property
    def lines(self) -> list[str]:
        """As the status has them."""
        found = []
        for task, made in self._made.items():
            failed, name = self._eligible[task].failed.items(), self._graph.tasks[task].name
            found += [failed_line(name, each.round, candidate, each.why).text for candidate, each in failed]
            found += [made.value.text] if made.value is not None else []
        return found

    def name_of(self, task: int) -> str:
        """The chosen candidate; empty: there is none."""
        made = self._made.get(task)
        return "" if made is None or made.value is None else made.value.candidate

    def round_of(self, task: int) -> int:
        """In which round the task is; 0: it does not repeat."""
        return self._round if task in self._repeated else 0

    def failed(self, task: int) -> Mapping[str, str]:
        """By candidate that has failed for good, why."""
        return self._eligible[task].reasons

    def alternatives(self) -> dict[int, Alternatives]:
        """As the lifecycle is told of them."""
        return {task: each.alternatives(self.name_of(task)) for task, each in self._eligible.items()}

    def decide(self, task: int, line: ChoiceLine) -> None:
        """Raises ``ValueError`` where another one was recorded."""
        self._made[task].decide(line, line.why)
        self.revision += 1

    def give_up(self, task: int, why: str) -> None:
        """The chosen candidate has failed for good."""
        made = self._made[task]
        if made.value is not None:
            line = failed_line(self._graph.tasks[task].name, self.round_of(task), made.value.candidate, why)
            self._eligible[task].give_up(line.candidate, FailedCandidate(line.round, line.why))
        made.withdraw()
        self.revision += 1

    def begin_round(self, number: int) -> None:
        """Tasks that choose in each round choose again."""
        self._round = number
        for task, chooser in self.choosers.items():
            if not chooser.each_round:
                continue
            self._made[task].withdraw()
            self._eligible[task].begin_round(self.round_of(task))
        self.revision += 1

    def find(self, status: Mapping[str, Any]) -> bool:
        """The API server has this status now. Answers whether that settles a choice. O(choices)."""
        before = sum(each.settled for each in self._made.values())
        values = [each.value for each in self._made.values()]
        self._found.clear()
        for line in read_choices(status):
            self._found.setdefault(line.task, []).append(line)
        for each in self._made.values():
            each.find(status)
        if values != [each.value for each in self._made.values()]:
            self.revision += 1
        return sum(each.settled for each in self._made.values()) > before

    def _read(self, task: int, _: Mapping[str, Any]) -> ChoiceLine | None:
        chooser, name = self.choosers[task], self._graph.tasks[task].name
        for line in self._found.get(name, ()):
            if line.failed or line.candidate not in chooser.names or line.candidate in self._eligible[task].failed:
                continue
            if not chooser.each_round or line.round == self.round_of(task):
                return line
        return None
