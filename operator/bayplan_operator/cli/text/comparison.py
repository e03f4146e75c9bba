"""A comparison as text."""

from collections.abc import Iterator, Sequence

from bayplan_operator.cli.text.table import Screen, table
from bayplan_operator.views import units
from bayplan_operator.views.simulations.statistics import FIGURES, OF_EVICTIONS, OF_QUEUES, Comparison, Estimate

_HEADERS = {
    "makespan": "MAKESPAN",
    "completion": "COMPLETION",
    "waiting": "WAITING",
    "waitingP95": "WAITING P95",
    "utilisation": "UTILISATION",
    "missed": "MISSED",
    "failed": "FAILED",
    "cost": "COST",
}


_QUEUE_HEADERS = {
    "waiting": "WAITING",
    "waitingP99": "P99",
    "waitingLongest": "LONGEST",
    "slowdown": "SLOWDOWN",
    "share": "SHARE",
    "evicted": "EVICTED",
    "evicts": "EVICTS",
    "workLost": "WORK LOST",
}
_MOST_ROWS = 60


def text(comparison: Comparison, screen: Screen) -> str:
    """One line per policy, and what differs from the first; wide: also one line for each seed."""
    first, *others = comparison.rows
    shown = [name for name in FIGURES if not _pointless(comparison, name)]
    header = ["POLICY", *(_HEADERS[name] for name in shown)]
    rows = [[row.policy, *(_words(row.figures[name], FIGURES[name]) for name in shown)] for row in comparison.rows]
    lines = table(header, rows, screen)
    if screen.wide:
        lines += ["", screen.paint("Each seed", "bold"), *table(["SEED", *header], list(_by_seed(comparison, shown)), screen)]
    if others:
        lines += ["", screen.paint(f"Difference from {first.policy}, in pairs on the same seeds", "bold")]
        rows = [[row.policy, *(_difference(row.differences[name], FIGURES[name]) for name in shown)] for row in others]
        lines += table(header, rows, screen)
    lines += _queues(comparison, screen)
    count = len(comparison.seeds)
    interval = "mean and 95 % confidence interval over" if count > 1 else "from"
    lines += [
        "",
        f"{interval} {units.count(count, 'seed')}; {units.count(comparison.graphs, 'graph')} on {comparison.nodes} nodes",
    ]
    if any(row.figures["makespan"] is None for row in comparison.rows):
        lines.append("no makespan where not all graphs ended in each run")
    if others and count > 1:
        lines.append("* the interval of the difference does not hold 0")
    unmet = [f"{row.policy} with {len(row.unmet)} of {units.count(count, 'seed')}" for row in comparison.rows if row.unmet]
    if unmet:
        lines.append(f"Not all graphs complete, and in time: {', '.join(unmet)}")
    return "\n".join(lines)


def _queues(comparison: Comparison, screen: Screen) -> list[str]:
    """One line per queue and policy, if anything is known of queues."""
    told = [(queue, row.policy, found) for row in comparison.rows for queue, found in (row.queues or {}).items()]
    if not told:
        return []
    # The queues of all policies are the same, and so is what is told of each.
    of_queues = {name: unit for name, unit in {**OF_QUEUES, **OF_EVICTIONS}.items() if name in told[0][2]}
    rows = [[queue, policy, *(_words(found[name], unit) for name, unit in of_queues.items())] for queue, policy, found in told]
    rows.sort(key=lambda row: row[0])
    header = ["QUEUE", "POLICY", *(_QUEUE_HEADERS[name] for name in of_queues)]
    lines = ["", screen.paint("Waits and shares of queues", "bold"), *table(header, rows[:_MOST_ROWS], screen)]
    if len(rows) > _MOST_ROWS:
        lines.append(f"... and {len(rows) - _MOST_ROWS} more; all of them: -o json")
    jain = [f"{row.policy} {_words(row.jain, 'index')}" for row in comparison.rows if row.jain]
    return [*lines, f"Fairness of the shares by weight (Jain's index): {', '.join(jain)}"]


def _by_seed(comparison: Comparison, shown: Sequence[str]) -> Iterator[list[str]]:
    for place, seed in enumerate(comparison.seeds):
        for row in comparison.rows:
            values = (estimate.values[place] if (estimate := row.figures[name]) is not None else None for name in shown)
            words = ("-" if value is None else _number(value, FIGURES[name]) for name, value in zip(shown, values, strict=True))
            yield [str(seed), row.policy, *words]


def _pointless(comparison: Comparison, name: str) -> bool:
    """It is known of no policy, nothing costs anything, or nothing has failed."""
    found = [row.figures[name] for row in comparison.rows]
    return all(each is None or (name in ("cost", "failed") and each.mean == 0) for each in found)


def _words(estimate: Estimate | None, unit: str) -> str:
    if estimate is None:
        return "-"
    half = "" if estimate.high is None else f" ± {_number(estimate.high - estimate.mean, unit)}"
    return _number(estimate.mean, unit) + half


def _difference(estimate: Estimate | None, unit: str) -> str:
    if estimate is None:
        return "-"
    certain = estimate.low is not None and estimate.high is not None and (estimate.low > 0 or estimate.high < 0)
    sign = "+" if estimate.mean > 0 else "-" if estimate.mean < 0 else ""
    half = "" if estimate.high is None else f" ± {_number(estimate.high - estimate.mean, unit)}"
    return f"{sign}{_number(abs(estimate.mean), unit)}{half}{' *' if certain else ''}"


def _number(value: float, unit: str) -> str:
    if unit == "s":
        return f"{value:.1f}s"
    if unit == "share":
        return f"{100 * value:.1f} %"
    return f"{value:,.2f}" if unit in ("price", "index") else f"{value:,.1f}"
