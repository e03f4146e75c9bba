"""A trace of GPU jobs as `timestamp,duration,num_gpus,cluster` (others are not read): one pool per cluster, one fixed load."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.queueing import Jobs
from bench.reading import DataError, number, text_of, whole

POOL = 64
LOAD = 0.85
LEAST, MOST = 1000, 6000
"""Jobs of a cluster: with fewer it is left out, and only so many of the first are used."""
_COLUMNS = ("timestamp", "duration", "num_gpus", "cluster")


def read(path: Path) -> dict[str, Jobs]:
    """Cluster to its jobs, in the order of submission, as submitted. Raises `DataError`."""
    reader = csv.DictReader(io.StringIO(text_of(path)))
    missing = [each for each in _COLUMNS if each not in (reader.fieldnames or ())]
    if missing:
        raise DataError(f"{path}: column {missing[0]} is missing: the first line must name {', '.join(_COLUMNS)}")
    rows: dict[str, list[tuple[float, float, int]]] = {}
    for row in reader:
        where = f"{path}, line {reader.line_num}"
        came, seconds = _time(row["timestamp"] or "", where), number(row["duration"] or "", "duration", where)
        gpus = whole(row["num_gpus"] or "", "num_gpus", where)
        if not gpus or not seconds:
            raise DataError(f"{where}: duration is {seconds:g}, num_gpus {gpus}: both must be above 0")
        rows.setdefault(row["cluster"] or "", []).append((came, seconds, gpus))
    if not rows:
        raise DataError(f"{path} has no rows below its first line")
    return {cluster: _jobs(of_cluster) for cluster, of_cluster in sorted(rows.items())}


def pools(clusters: dict[str, Jobs]) -> dict[str, Jobs]:
    """The first jobs of every cluster that has enough, at one load of one pool."""
    found = {}
    for cluster, all_jobs in clusters.items():
        if len(all_jobs.came) < LEAST:
            continue
        first = Jobs(all_jobs.came[:MOST], all_jobs.seconds[:MOST], np.minimum(all_jobs.processors[:MOST], POOL))
        if first.came[-1] > 0:
            found[cluster] = Jobs(first.came * first.load / POOL / LOAD, first.seconds, first.processors)
    return found


def _jobs(rows: list[tuple[float, float, int]]) -> Jobs:
    rows.sort(key=lambda each: each[0])
    came, seconds, gpus = (np.array(column) for column in zip(*rows, strict=True))
    return Jobs(came.astype(np.float64) - came[0], seconds.astype(np.float64), gpus.astype(np.int64))


def _time(text: str, where: str) -> float:
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise DataError(f'{where}: timestamp is "{text}": it must be a date and time such as 2017-10-09 07:01:55') from None
