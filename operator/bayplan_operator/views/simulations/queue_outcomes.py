"""How the queues of a simulation did, from its trace."""

from collections.abc import Mapping

import msgspec
import numpy as np

from bayplan.admission.queue import Queue
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.simulation import Trace
from bayplan.simulation.queue_figures import QueueFigures, queue_figures
from bayplan_operator.api.v1alpha1 import DEFAULT_QUEUE
from bayplan_operator.views.model.queue_outcome import QueueDelay, QueueEvictions, QueueOutcome, QueueOutcomes

_MOST = 100
"""Pairs of queues that are told."""
_DIGITS = 6


def queue_outcomes(trace: Trace, queues: Mapping[str, Queue]) -> QueueOutcomes | None:
    """`queues`: those of the files; none: no job says a queue, and there is no Queue."""
    if not queues and not any(each.counted_in for each in trace.submissions):
        return None
    found = queue_figures(trace, queues, DEFAULT_QUEUE)
    preempts = any(each.preemption.evicts for each in queues.values())
    return QueueOutcomes(
        jain=_round(found.jain),
        queues=tuple(_outcome(found, number, preempts) for number in range(len(found.names))),
        delays=tuple(
            QueueDelay(found.names[queue], found.names[by], _round(float(found.delays[queue, by])))
            for queue, by in _largest(found.delays)
        ),
        evictions=_evictions(found) if preempts else msgspec.UNSET,
    )


def _evictions(found: QueueFigures) -> tuple[QueueEvictions, ...]:
    return tuple(
        QueueEvictions(found.names[queue], found.names[by], int(found.evictions[queue, by]))
        for queue, by in _largest(found.evictions)
    )


def _largest(of_pairs: FloatArray | IntArray) -> list[tuple[int, int]]:
    """Pairs of queues for which there is anything, the largest first; no more than are told."""
    order = np.argsort(-of_pairs, axis=None, kind="stable")[:_MOST]
    pairs = (divmod(each, len(of_pairs)) for each in order.tolist())
    return [(queue, by) for queue, by in pairs if of_pairs[queue, by] > 0]


def _outcome(found: QueueFigures, number: int, preempts: bool) -> QueueOutcome:
    waits, slowdowns = found.waits[number], found.slowdowns[number]
    p50, p99 = np.quantile(waits, (0.5, 0.99)).tolist()
    return QueueOutcome(
        name=found.names[number],
        weight=float(found.weights[number]),
        jobs=int(found.jobs[number]),
        waiting=_round(float(waits.mean())),
        waiting_p50=_round(p50),
        waiting_p99=_round(p99),
        waiting_longest=_round(float(waits.max())),
        slowdown=_round(float(slowdowns.mean())) if len(slowdowns) else None,
        share=_round(float(found.shares[number])),
        delayed=_round(float(found.delays[number].max(initial=0.0))),
        evicted=int(found.evictions[number].sum()) if preempts else msgspec.UNSET,
        evicts=int(found.evictions[:, number].sum()) if preempts else msgspec.UNSET,
        work_lost=_round(float(found.work_lost[number])) if preempts else msgspec.UNSET,
    )


def _round(value: float) -> float:
    return round(value, _DIGITS)
