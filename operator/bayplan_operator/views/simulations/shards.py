"""Into how many shards the tasks of a plan are best cut."""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from bayplan.foresight.shards import Advice, Places, Splitting, explain, table
from bayplan.simulation import Divider, Setup, Submission
from bayplan_operator.api.v1alpha1 import DEFAULT_MOST, DEFAULT_STARTUP
from bayplan_operator.views import units
from bayplan_operator.views.model.shards import ShardAdvice, ShardChoice
from bayplan_operator.views.model.simulation import Simulation


def with_advice(simulation: Simulation, submissions: Sequence[Submission], setup: Setup) -> Simulation:
    """The same, and for each task with a known run time how many shards pay off on the nodes of the setup.

    A task with a given number is treated as if it had none: its pods are taken to start up in the default time of
    `shards: Auto`.
    """
    divider = Divider(setup)
    advice = {each.name: tuple(_of_graph(divider, each)) for each in submissions}
    graphs = tuple(msgspec.structs.replace(graph, shards=advice[graph.name]) for graph in simulation.graphs)
    return msgspec.structs.replace(simulation, graphs=graphs)


def _of_graph(divider: Divider, submission: Submission) -> Iterator[ShardAdvice]:
    divided = divider.divided(submission)
    decided = divider.advice(submission, submission.splittings) if submission.splittings else []
    given = divider.advice(divided, [_as_if_free(divided, number) for number in range(len(divided.graph.tasks))])
    auto = decided or [None] * len(given)
    for task, own, other in zip(divided.graph.tasks, auto, given, strict=True):
        if own is not None:
            yield _told(task.name, own, own.shards, auto=True)
        elif other is not None:
            yield _told(task.name, other, task.shards, auto=False)


def _as_if_free(submission: Submission, number: int) -> Splitting | None:
    """A task with a given number of shards, as if it could be cut at will. `None`: its run time is unknown, or shorter than a
    start-up."""
    task = submission.graph.tasks[number]
    expected = task.duration if submission.expected is None else float(submission.expected[number])
    if expected <= DEFAULT_STARTUP:
        return None
    return Splitting((expected - DEFAULT_STARTUP) * task.shards, DEFAULT_STARTUP, most=max(DEFAULT_MOST, task.shards))


def _told(task: str, advice: Advice, has: int, auto: bool) -> ShardAdvice:
    splitting, places = advice.splitting, advice.places
    return ShardAdvice(
        task=task,
        auto=auto,
        shards=has,
        advised=advice.shards,
        work=splitting.work,
        startup=splitting.startup,
        serial=splitting.serial,
        places=places.count,
        choices=tuple(_choices(splitting, places, {advice.shards, has})),
        why=explain(advice, units.seconds),
    )


def _choices(splitting: Splitting, places: Places, numbers: set[int]) -> Iterator[ShardChoice]:
    """The numbers, and some around them."""
    around = {splitting.least, splitting.most, *(each for n in numbers for each in (n // 2, n - 1, n, n + 1, 2 * n))}
    found = table(splitting, places)
    for row in np.flatnonzero(np.isin(found.shards, list(around))).tolist():
        yield ShardChoice(int(found.shards[row]), round(float(found.seconds[row]), 6), round(float(found.node_seconds[row]), 6))
