"""KAI's cases of reclaiming: a queue takes back what it is guaranteed, from pods of another that fill the cluster."""

import statistics
from typing import Any

from bench.admission_events import Figure
from bench.admission_scale import GPU, Scale, ScaleCase, graph, post

_ONES = 5
"""Times that one GPU is reclaimed."""
_RECLAIMS = {"reclaim": "Any", "withinQueue": "LowerPriority"}


def _one(scale: Scale) -> list[Figure]:
    """One GPU, of a cluster full of pods of one GPU; several times, one after the other."""
    _begin(scale)
    seconds = [scale.bound(1, post([_job(f"one-{number}", 1)])) for number in range(_ONES)]
    return [("bound_mean_s", statistics.mean(seconds), "s"), ("bound_longest_s", max(seconds), "s")]


def _many(scale: Scale) -> list[Figure]:
    """One gang that takes half of the cluster, by whole nodes."""
    _begin(scale)
    pods = scale.gpus // 16
    return [("pods", float(pods), ""), ("bound_s", scale.bound(pods, post([_job("many", 8, pods)])), "s")]


def _jobs(scale: Scale) -> list[Figure]:
    """A gang of ten pods of five GPUs for every ten nodes, all at once."""
    _begin(scale)
    jobs = scale.gpus // 80
    bodies = [_job(f"job-{number}", 5, 10) for number in range(jobs)]
    return [("jobs", float(jobs), ""), ("bound_s", scale.bound(10 * jobs, post(bodies)), "s")]


def _begin(scale: Scale) -> None:
    """The queue `lent` holds everything, and all of it is guaranteed to `owner`."""
    scale.create("queues", "Queue", "whole", {})
    lent: dict[str, Any] = {"parentName": "whole", "namespaceSelector": {}, "quotas": [{"resource": GPU, "nominal": 0}]}
    owner = {**lent, "quotas": [{"resource": GPU, "nominal": scale.gpus}], "preemption": _RECLAIMS}
    scale.create("queues", "Queue", "lent", lent)
    scale.create("queues", "Queue", "owner", owner)
    scale.start_operator().wait_until_leading()
    scale.fill(1, queueName="lent")


def _job(name: str, gpus: int, pods: int = 1) -> dict[str, Any]:
    gang: dict[str, Any] = {"gang": {}} if pods > 1 else {}
    return graph(name, gpus, [{"name": "run", "shards": pods, **gang}], queueName="owner")


RECLAIM_CASES: dict[str, ScaleCase] = {
    "reclaim-one": (500, _one),
    "reclaim-many": (500, _many),
    "reclaim-jobs": (500, _jobs),
}
"""By name."""
