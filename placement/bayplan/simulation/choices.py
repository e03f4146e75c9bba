"""Which candidates do the tasks of one simulated graph, and which have failed."""

from collections.abc import Mapping
from dataclasses import dataclass

from bayplan.collaboration.choosing import Chosen, Eligibility, FailedCandidate
from bayplan.lifecycle import Alternatives
from bayplan.simulation.candidates import Candidate, TaskCandidates


@dataclass(frozen=True, slots=True)
class ChoiceMade:
    """One choice, as a trace has it."""

    at: float
    """Seconds after the begin of the simulation."""
    graph: int
    """Number of the submission in `Trace.submissions`."""
    task: int
    round: int
    """From 1; 0: outside of rounds."""
    made: Chosen
    failed: Mapping[str, FailedCandidate]
    """Candidates that had failed for good by then, by name."""


class GraphChoices:
    """Of one graph, from its arrival on."""

    def __init__(self, candidates: Mapping[int, TaskCandidates]) -> None:
        self._candidates = candidates
        self._eligible = {task: Eligibility(each.terms) for task, each in candidates.items()}
        self._chosen: dict[int, int] = {}
        self.homeless: dict[int, str] = {}
        """By task of which no node can hold any candidate, what is said of it."""

    @property
    def open(self) -> list[int]:
        """Tasks for which a candidate has to be chosen, once they may start."""
        return [task for task in self._candidates if task not in self._chosen]

    @property
    def chosen(self) -> dict[int, Candidate]:
        """By task."""
        return {task: self._candidates[task].candidates[position] for task, position in self._chosen.items()}

    def position(self, task: int) -> int:
        """Of the chosen candidate; -1: there is none."""
        return self._chosen.get(task, -1)

    def settled(self, task: int) -> bool:
        """Units of the task may start, as far as it is about candidates."""
        return task in self._chosen or task not in self._candidates

    def failed(self, task: int) -> Mapping[str, FailedCandidate]:
        """By name, those that have failed for good."""
        return self._eligible[task].failed

    def alternatives(self) -> dict[int, Alternatives]:
        """As the lifecycle is told of them."""
        return {task: each.alternatives(self._name(task)) for task, each in self._eligible.items()}

    def choose(self, task: int, position: int) -> None:
        """A candidate does the task from now on."""
        self._chosen[task] = position
        self.homeless.pop(task, None)

    def give_up(self, task: int, failed: FailedCandidate) -> None:
        """The chosen candidate of a task has failed for good."""
        self._eligible[task].give_up(self._name(task), failed)
        del self._chosen[task]

    def begin_round(self, number: int) -> None:
        """Tasks that choose in each round choose again."""
        for task, each in self._candidates.items():
            if each.terms.each_round:
                self._chosen.pop(task, None)
                self._eligible[task].begin_round(number)

    def _name(self, task: int) -> str:
        position = self._chosen.get(task)
        return "" if position is None else self._candidates[task].candidates[position].name
