"""Several programs that could do a task of a simulated graph."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bayplan.collaboration.choosing import ChoiceTerms
from bayplan.knowledge.run_times import TaskRun
from bayplan.model.neighbour import Neighbour
from bayplan.model.workload import RequestClass
from bayplan.simulation.errors import SetupError
from bayplan.simulation.following import NOTHING, Ending


@dataclass(frozen=True, slots=True)
class Candidate:
    """One program that could do a task."""

    name: str
    request_class: RequestClass
    """What each shard asks."""
    run: TaskRun
    """Under what its runs are learned."""
    seconds: float | None = None
    """That it really takes on a node of speed 1; none: what the graph has for its task."""
    ending: Ending = NOTHING
    neighbour: Neighbour | None = None
    """What its pods are for others, and what they ask of them."""
    own_classes: Mapping[int, RequestClass] = field(default_factory=dict)
    """By shard, what it asks, where shards differ."""
    own_neighbours: Mapping[int, Neighbour] = field(default_factory=dict)
    """By shard, the same of `neighbour`."""

    def asks(self, shard: int) -> RequestClass:
        """What a shard does."""
        return self.own_classes.get(shard, self.request_class)

    @property
    def learned_as(self) -> str:
        """Names what is known of it."""
        return f"{self.run.family}/{self.run.task}"


@dataclass(frozen=True, slots=True)
class TaskCandidates:
    """The candidates of a task, and how one of them is chosen. Raises `SetupError`."""

    terms: ChoiceTerms
    candidates: tuple[Candidate, ...]

    def __post_init__(self) -> None:
        """Check that they are the same."""
        names = tuple(each.name for each in self.candidates)
        if names != self.terms.names:
            there, chosen = ", ".join(names), ", ".join(self.terms.names)
            raise SetupError(f"candidates are {there}: they must be those that are chosen among, {chosen}")
