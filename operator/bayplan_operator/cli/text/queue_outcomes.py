"""How the queues of a simulation did, as text."""

from bayplan_operator.cli.text.table import Screen, table
from bayplan_operator.views import units
from bayplan_operator.views.model.queue_outcome import QueueOutcome, QueueOutcomes

_MOST_ROWS = 40
_MOST_DELAYS = 5
HEADER = ["QUEUE", "JOBS", "WAITING", "P50", "P99", "LONGEST", "SLOWDOWN", "SHARE"]


def lines(outcomes: QueueOutcomes, screen: Screen) -> list[str]:
    """A table, then what is said of all together."""
    rows = [row(each) for each in outcomes.queues[:_MOST_ROWS]]
    found = table(HEADER, rows, screen)
    if len(outcomes.queues) > _MOST_ROWS:
        found.append(f"... and {len(outcomes.queues) - _MOST_ROWS} more; all of them: -o json")
    found.append(f"Fairness of the shares by weight (Jain's index): {outcomes.jain:.2f}")
    shown = outcomes.delays if screen.wide else outcomes.delays[:_MOST_DELAYS]
    found += [
        f"Jobs of {each.queue} waited for {units.seconds(each.seconds)} within its due while {each.by} held more than its own"
        for each in shown
    ]
    if len(outcomes.delays) > len(shown):
        found.append(f"... and {len(outcomes.delays) - len(shown)} more such pairs; all of them: -o wide")
    return found


def row(each: QueueOutcome) -> list[str]:
    """Of the table."""
    waits = (each.waiting, each.waiting_p50, each.waiting_p99, each.waiting_longest)
    slowdown = "-" if each.slowdown is None else f"{each.slowdown:.1f}"
    return [each.name, str(each.jobs), *map(units.seconds, waits), slowdown, units.percent(each.share)]
