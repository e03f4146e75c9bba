"""What a simulation came to, in columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation.choices import ChoiceMade
from bayplan.simulation.submission import Submission


class AttemptOutcome(IntEnum):
    """How an attempt ended."""

    OPEN = 0
    """It had not ended when the simulation did."""
    SUCCEEDED = 1
    FAILED = 2
    """Through a fault of its own."""
    LOST = 3
    """With its node."""
    STOPPED = 4
    """Because its graph had failed."""
    TAKEN_BACK = 5
    """Before its node had it."""
    PREEMPTED = 7
    """Evicted for a request of its own queue of higher priority, or of a queue that takes back what is its own."""
    WAITING = 6
    """It never got a place: what still waited when the simulation ended."""


@dataclass(frozen=True, slots=True, eq=False)
class Attempts:
    """One row per attempt, by the time of placing, within an instant by graph and task; those that never were placed come last.

    Instants are seconds after the begin of the simulation, NaN where there is none.
    """

    graph: IntArray
    """Number of the submission in `Trace.submissions`."""
    task: IntArray
    shard: IntArray
    incarnation: IntArray
    """Counts the attempts of the shard, from 1; it goes on from round to round."""
    round: IntArray
    """In which round of its graph, from 1; 0: its task does not repeat."""
    candidate: IntArray
    """Which of its task's candidates it ran, by position in `Submission.candidates`; -1: the task has none."""
    evicted_for: IntArray
    """Number of the submission for which it was told to leave; -1: it was not. It may have ended by itself within its grace."""
    node: IntArray
    """Number of the node in `Trace.nodes`; -1: none."""
    gpus: Sequence[tuple[int, ...]]
    """Which GPUs of the node."""
    wanted_at: FloatArray
    """When it could have started: what it depends on had succeeded, and no back-off was left."""
    placed_at: FloatArray
    """From here on it has its room on the node."""
    started_at: FloatArray
    ended_at: FloatArray
    """From here on the room is free again."""
    slowed: FloatArray
    """By what hidden load has lengthened its run; 1: not at all."""
    saved: FloatArray
    """Seconds of its run that the next attempt of its unit need not do again, since it had made a checkpoint."""
    outcome: NDArray[np.int8]
    """Numbers of `AttemptOutcome`."""
    reason: Sequence[str]
    """Why it was not placed at once, as `Reason` names it; empty: it was."""
    why: Sequence[str]
    """The engine's words: why there, or why nowhere."""

    def __len__(self) -> int:
        """How many."""
        return len(self.graph)


@dataclass(frozen=True, slots=True, eq=False)
class Graphs:
    """One row per submission; NaN where something has not happened."""

    submitted_at: FloatArray
    started_at: FloatArray
    """When its first attempt ran."""
    ended_at: FloatArray
    """When its last unit had succeeded, or nothing of it ran any more after it had failed."""
    succeeded: BoolArray
    missed: BoolArray
    """It had a deadline, and did not succeed by then."""
    failure: Sequence[str]
    """What failed for good, in one sentence."""
    strategy: Sequence[str] = ()
    """The candidate of an adaptive policy that placed it, empty where the policy has but one strategy."""
    rounds: Sequence[int] = ()
    """How many rounds began of what repeats; 0: nothing does."""
    skipped: Sequence[frozenset[int]] = ()
    """Units that were not to run, or that it went on without."""

    def __len__(self) -> int:
        """How many."""
        return len(self.submitted_at)


@dataclass(frozen=True, slots=True)
class Switch:
    """An adaptive policy prefers another candidate from now on."""

    at: float
    """Seconds after the begin of the simulation."""
    policy: str
    strategy: str
    why: str


@dataclass(frozen=True, slots=True)
class Preempted:
    """Attempts that were evicted for a unit."""

    at: float
    """Seconds after the begin of the simulation."""
    graph: int
    """For a unit of this submission."""
    victims: tuple[int, ...]
    """Submissions of which attempts were evicted, each once."""
    attempts: int
    """How many."""


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Everything that happened."""

    submissions: Sequence[Submission]
    """In the order in which they were submitted, as they were at the end: with the candidates that were chosen last."""
    nodes: Sequence[NodeInfo]
    """By name."""
    attempts: Attempts
    graphs: Graphs
    events: int
    """Arrivals of graphs, starts and ends of attempts."""
    ended_at: float
    """The instant of the last event."""
    switches: Sequence[Switch] = ()
    choices: Sequence[ChoiceMade] = ()
    """Of candidates, in the order in which they were made."""
    preempted: Sequence[Preempted] = ()
    """Who had to leave for whom, in the order in which it was decided."""
    in_vain: int = 0
    """How many of these came to nothing: the room did not do in the end."""

    def request_class(self, row: int) -> RequestClass:
        """What an attempt asked, by its row."""
        attempts = self.attempts
        columns = (attempts.graph, attempts.task, attempts.shard, attempts.candidate)
        graph, task, shard, candidate = (int(each[row]) for each in columns)
        return self.submissions[graph].asked_by(task, shard, candidate)
