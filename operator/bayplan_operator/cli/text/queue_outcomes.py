"""How the queues of a simulation did, as text."""

from msgspec import UNSET

from bayplan_operator.cli.text.table import Screen, table
from bayplan_operator.views import units
from bayplan_operator.views.model.queue_outcome import QueueOutcome, QueueOutcomes

_MOST_ROWS = 40
_MOST_PAIRS = 5
_HEADER = ["QUEUE", "JOBS", "WAITING", "P50", "P99", "LONGEST", "SLOWDOWN", "SHARE"]
_OF_EVICTIONS = ["EVICTED", "EVICTS", "WORK LOST"]


def lines(outcomes: QueueOutcomes, screen: Screen) -> list[str]:
    """A table, then what is said of all together."""
    rows = [row(each) for each in outcomes.queues[:_MOST_ROWS]]
    found = table(header(outcomes), rows, screen)
    if len(outcomes.queues) > _MOST_ROWS:
        found.append(f"... and {len(outcomes.queues) - _MOST_ROWS} more; all of them: -o json")
    found.append(f"Fairness of the shares by weight (Jain's index): {outcomes.jain:.2f}")
    shown = outcomes.delays if screen.wide else outcomes.delays[:_MOST_PAIRS]
    found += [
        f"Jobs of {each.queue} waited for {units.seconds(each.seconds)} within its due while {each.by} held more than its own"
        for each in shown
    ]
    if len(outcomes.delays) > len(shown):
        found.append(f"... and {len(outcomes.delays) - len(shown)} more such pairs; all of them: -o wide")
    return [*found, *_evictions(outcomes, screen)]


def header(outcomes: QueueOutcomes) -> list[str]:
    """Of the table. What was evicted is told where a queue may evict anything."""
    return [*_HEADER, *(_OF_EVICTIONS if outcomes.preempts else ())]


def row(each: QueueOutcome) -> list[str]:
    """Of the table."""
    waits = (each.waiting, each.waiting_p50, each.waiting_p99, each.waiting_longest)
    slowdown = "-" if each.slowdown is None else f"{each.slowdown:.1f}"
    found = [each.name, str(each.jobs), *map(units.seconds, waits), slowdown, units.percent(each.share)]
    if each.evicted is not UNSET and each.evicts is not UNSET and each.work_lost is not UNSET:
        found += [str(each.evicted), str(each.evicts), units.seconds(each.work_lost)]
    return found


def _evictions(outcomes: QueueOutcomes, screen: Screen) -> list[str]:
    """Who evicted whom."""
    told = outcomes.evictions or ()
    shown = told if screen.wide else told[:_MOST_PAIRS]
    found = [
        f"{units.count(each.attempts, 'attempt')} of {each.queue} {'was' if each.attempts == 1 else 'were'} evicted "
        f"for jobs of {each.by}"
        for each in shown
    ]
    if len(told) > len(shown):
        found.append(f"... and {len(told) - len(shown)} more such pairs; all of them: -o wide")
    return found
