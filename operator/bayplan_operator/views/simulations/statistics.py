"""Several policies on one workload, over several seeds."""

import math
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from bayplan_operator.views.model.queue_outcome import QueueOutcome, QueueOutcomes
from bayplan_operator.views.model.simulation import Figures

CONFIDENCE = 0.95
FIGURES: Mapping[str, str] = {
    "makespan": "s",
    "completion": "s",
    "waiting": "s",
    "waitingP95": "s",
    "utilisation": "share",
    "missed": "share",
    "failed": "count",
    "cost": "price",
}
"""Figure to unit. Utilisation is that of GPUs, of CPU where no task asks for GPUs; missed is the share of all deadlines."""


OF_QUEUES: Mapping[str, str] = {
    "waiting": "s",
    "waitingP99": "s",
    "waitingLongest": "s",
    "slowdown": "number",
    "share": "share",
}
"""Figure of a queue to unit."""
OF_EVICTIONS: Mapping[str, str] = {"evicted": "count", "evicts": "count", "workLost": "s"}
"""The same, where a queue may evict anything."""


class Estimate(msgspec.Struct, frozen=True, rename="camel"):
    """A mean over seeds, with its confidence interval (Student's t); no interval from one seed alone."""

    mean: float
    low: float | None
    high: float | None
    values: tuple[float, ...]
    """Per seed."""


class Row(msgspec.Struct, frozen=True, rename="camel"):
    """One policy."""

    policy: str
    figures: dict[str, Estimate | None]
    """Null: it has no sense here, such as missed deadlines where there are none, or a makespan where graphs have not ended."""
    differences: dict[str, Estimate | None]
    """From the first policy, paired by seed, so that luck that both had falls out; empty for the first."""
    unmet: tuple[int, ...] = ()
    """Seeds with which a graph did not complete, or missed its deadline."""
    jain: Estimate | msgspec.UnsetType | None = msgspec.UNSET
    """Jain's index of the shares of queues over their weights, where there are queues."""
    queues: dict[str, dict[str, Estimate | None]] | msgspec.UnsetType = msgspec.UNSET
    """By queue, its figures."""


class Comparison(msgspec.Struct, frozen=True, rename="camel"):
    """All policies."""

    format: str
    seeds: tuple[int, ...]
    graphs: int
    nodes: int
    confidence: float
    rows: tuple[Row, ...]


def compare(runs: Mapping[str, Sequence[Figures]], seeds: Sequence[int], nodes: int) -> Comparison:
    """`runs`: per policy, the figures of each seed, in the seeds' order."""
    values = {policy: {name: [_value(each, name) for each in of_one] for name in FIGURES} for policy, of_one in runs.items()}
    first = next(iter(values.values()))
    rows = []
    for number, (policy, of_one) in enumerate(values.items()):
        differences = {
            name: _estimate([mine - theirs for mine, theirs in zip(of_one[name], first[name], strict=True)]) for name in FIGURES
        }
        unmet = tuple(seed for seed, each in zip(seeds, runs[policy], strict=True) if not each.met)
        rows.append(Row(policy, {name: _estimate(of_one[name]) for name in FIGURES}, differences if number else {}, unmet))
    graphs = next(iter(runs.values()))[0].graphs
    return Comparison("bayplan.dev/comparison-v1", tuple(seeds), graphs, nodes, CONFIDENCE, tuple(rows))


def with_queues(comparison: Comparison, outcomes: Mapping[str, Sequence[QueueOutcomes]]) -> Comparison:
    """The same with figures of queues. `outcomes`: per policy, those of each seed; the jobs of all are the same."""
    rows = []
    for row in comparison.rows:
        of_one = outcomes[row.policy]
        told = (*OF_QUEUES, *(OF_EVICTIONS if of_one[0].preempts else ()))
        queues = {
            each.name: {name: _estimate([_of_queue(seed.queues[number], name) for seed in of_one]) for name in told}
            for number, each in enumerate(of_one[0].queues)
        }
        rows.append(msgspec.structs.replace(row, jain=_estimate([seed.jain for seed in of_one]), queues=queues))
    return msgspec.structs.replace(comparison, rows=tuple(rows))


def main_resource(figures: Figures) -> str | None:
    """What utilisation is about: devices first, then CPU."""
    return next(iter(figures.utilisation), None)


def _value(figures: Figures, name: str) -> float:
    if name == "utilisation":
        resource = main_resource(figures)
        return math.nan if resource is None else figures.utilisation[resource]
    if name == "missed":
        return figures.missed / figures.deadlines if figures.deadlines else math.nan
    plain = {
        "makespan": figures.makespan,
        "completion": figures.completion,
        "waiting": figures.waiting,
        "waitingP95": figures.waiting_p95,
        "failed": float(figures.failed),
        "cost": figures.cost,
    }[name]
    return math.nan if plain is None else plain


def _of_queue(outcome: QueueOutcome, name: str) -> float:
    found = {
        "waiting": outcome.waiting,
        "waitingP99": outcome.waiting_p99,
        "waitingLongest": outcome.waiting_longest,
        "slowdown": outcome.slowdown,
        "share": outcome.share,
        "evicted": outcome.evicted,
        "evicts": outcome.evicts,
        "workLost": outcome.work_lost,
    }[name]
    return math.nan if found is None or found is msgspec.UNSET else found


def _estimate(values: Sequence[float]) -> Estimate | None:
    column = np.array(values, np.float64)
    if np.isnan(column).any():
        return None
    mean = float(column.mean())
    if len(column) < 2:
        return Estimate(mean, None, None, tuple(values))
    # One seed alone needs no scipy, whose import takes longer than most simulations.
    from scipy import special

    half = float(special.stdtrit(len(column) - 1, (1 + CONFIDENCE) / 2)) * float(column.std(ddof=1)) / math.sqrt(len(column))
    return Estimate(mean, mean - half, mean + half, tuple(values))
