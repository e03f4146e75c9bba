"""What would help a graph to meet its deadline."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from bayplan.foresight.estimates.bound import Bound
from bayplan.foresight.estimates.estimate import Estimate, Scenario

_MOST_CLASSES = 4
_WORTH = 0.02
"""A probability that rises by less than this is no help."""


class Help(Enum):
    """Kinds of help."""

    MORE_QUOTA = "MoreQuota"
    """Of its queue, whose quota keeps some of the nodes from it."""
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


def advice(
    scenario: Scenario, bound: Bound, budget: float, wanted: float, others: Scenario | None = None
) -> tuple[Suggestion, ...]:
    """What would raise the probability of ending within `budget` seconds; what is enough for `wanted` first, then the rest.

    `others`: the same graph with the nodes to itself; none: it has them already. One `Scenario.estimate` for each class of
    nodes that is planned (at most 4), and up to four more. The last suggestion is always a later deadline.
    """
    plain = scenario.estimate()
    now = plain.probability_by(budget)
    if scenario.capped:  # more nodes would be beyond its quota
        found = [_of(Help.MORE_QUOTA, "", scenario.without_quotas().estimate(), budget, wanted)]
    else:
        found = [_of(Help.MORE_NODES, name, each.estimate(), budget, wanted) for name, each in _wider(scenario)]
    if others is not None:
        found.append(_of(Help.HIGHER_PRIORITY, "", others.estimate(), budget, wanted))
    if not scenario.capped:
        fastest = scenario.on_fastest()
        found.append(_of(Help.FASTER_NODES, _fastest_class(fastest), fastest.estimate(), budget, wanted))
    heavy = dominating(scenario, bound)
    if heavy is not None:
        name = scenario.situation.graph.tasks[heavy].name
        found.append(_of(Help.SHORTER_TASK, name, scenario.with_shorter(heavy, 0.5).estimate(), budget, wanted))
    useful = [each for each in found if each.probability >= min(now + _WORTH, 1.0)]
    useful.sort(key=lambda each: each.probability < wanted)  # stable: what is easier to have stays in front
    return (*useful, _of(Help.LATER_DEADLINE, "", plain, budget, wanted))


def dominating(scenario: Scenario, bound: Bound) -> int | None:
    """The task that takes most of the longest chain; none: nothing is left."""
    if not bound.path:
        return None
    expected = scenario.durations.expected.min(axis=1)
    return max(bound.path, key=lambda task: float(expected[task]))


def _of(help_: Help, subject: str, estimate: Estimate, budget: float, wanted: float) -> Suggestion:
    return Suggestion(help_, subject, estimate.probability_by(budget), estimate.quantile(wanted))


def _wider(scenario: Scenario) -> list[tuple[str, Scenario]]:
    classes = scenario.situation.nodes.classes
    waits = ~(scenario.situation.done | scenario.situation.running)
    counts = np.bincount(scenario.node_class[waits], minlength=len(classes))
    found = []
    for number in np.argsort(-counts, kind="stable")[:_MOST_CLASSES].tolist():
        if counts[number]:
            found.append((classes[number], scenario.with_slots(np.arange(len(classes)) == number)))
    return found


def _fastest_class(scenario: Scenario) -> str:
    waits = ~(scenario.situation.done | scenario.situation.running)
    counts = np.bincount(scenario.node_class[waits], minlength=len(scenario.situation.nodes.classes))
    return scenario.situation.nodes.classes[int(np.argmax(counts))]
