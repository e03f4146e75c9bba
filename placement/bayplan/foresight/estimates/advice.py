"""What would help a graph to meet its deadline."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from bayplan.foresight.estimates.bound import Bound
from bayplan.foresight.estimates.estimate import Estimate, Trial

_MOST_CLASSES = 4
_WORTH = 0.02
"""A probability that rises by less than this is no help."""


class Help(Enum):
    """Kinds of help."""

    MORE_NODES = "MoreNodes"
    """Of a class."""
    HIGHER_PRIORITY = "HigherPriority"
    """Others hold nodes, or are ahead of it."""
    FASTER_NODES = "FasterNodes"
    """Of a class that is there, as many as it takes."""
    SHORTER_TASK = "ShorterTask"
    """More shards of a task, or less work in it."""
    LATER_DEADLINE = "LaterDeadline"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that helps."""

    help: Help
    subject: str
    """The class of nodes or the task; empty where there is none."""
    probability: float
    """Of meeting the deadline with as much of it as can be used."""
    seconds: float
    """From now on, by which it has ended with the wanted probability."""


def advice(trial: Trial, bound: Bound, budget: float, wanted: float, others: Trial | None = None) -> tuple[Suggestion, ...]:
    """What would raise the probability of ending within `budget` seconds; what is enough for `wanted` first, then the rest.

    `others`: the same graph with the nodes to itself; none: it has them already. One `Trial.estimate` for each class of
    nodes that is planned (at most 4), and up to four more. The last suggestion is always a later deadline.
    """
    plain = trial.estimate()
    now = plain.probability_by(budget)
    found = [_of(Help.MORE_NODES, name, each.estimate(), budget, wanted) for name, each in _wider(trial)]
    if others is not None:
        found.append(_of(Help.HIGHER_PRIORITY, "", others.estimate(), budget, wanted))
    fastest = trial.on_fastest()
    found.append(_of(Help.FASTER_NODES, _fastest_class(fastest), fastest.estimate(), budget, wanted))
    heavy = dominating(trial, bound)
    if heavy is not None:
        name = trial.situation.graph.tasks[heavy].name
        found.append(_of(Help.SHORTER_TASK, name, trial.with_shorter(heavy, 0.5).estimate(), budget, wanted))
    useful = [each for each in found if each.probability >= min(now + _WORTH, 1.0)]
    useful.sort(key=lambda each: each.probability < wanted)  # stable: what is easier to have stays in front
    return (*useful, _of(Help.LATER_DEADLINE, "", plain, budget, wanted))


def dominating(trial: Trial, bound: Bound) -> int | None:
    """The task that takes most of the longest chain; none: nothing is left."""
    if not bound.path:
        return None
    expected = trial.durations.expected.min(axis=1)
    return max(bound.path, key=lambda task: float(expected[task]))


def _of(help_: Help, subject: str, estimate: Estimate, budget: float, wanted: float) -> Suggestion:
    return Suggestion(help_, subject, estimate.probability_by(budget), estimate.quantile(wanted))


def _wider(trial: Trial) -> list[tuple[str, Trial]]:
    classes = trial.situation.nodes.classes
    waits = ~(trial.situation.done | trial.situation.running)
    counts = np.bincount(trial.node_class[waits], minlength=len(classes))
    found = []
    for number in np.argsort(-counts, kind="stable")[:_MOST_CLASSES].tolist():
        if counts[number]:
            found.append((classes[number], trial.with_slots(np.arange(len(classes)) == number)))
    return found


def _fastest_class(trial: Trial) -> str:
    waits = ~(trial.situation.done | trial.situation.running)
    counts = np.bincount(trial.node_class[waits], minlength=len(trial.situation.nodes.classes))
    return trial.situation.nodes.classes[int(np.argmax(counts))]
