"""Why no node can have a request, summed up."""

from collections import Counter

import numpy as np

from bayplan.cluster import BoolArray, Cluster, IntArray
from bayplan.filters.fit import Fit
from bayplan.filters.taints import first_untolerated
from bayplan.reasons import Rejection
from bayplan.workload import RequestClass

LONGEST = 255
_UNITS = ((2**40, "Ti"), (2**30, "Gi"), (2**20, "Mi"), (2**10, "Ki"))


def rejections_in_words(cluster: Cluster, request_class: RequestClass, fit: Fit, refused: BoolArray) -> str:
    """One line such as `0/12 nodes: 8 have too little nvidia.com/gpu free (4 asked, at most 2 free), 4 cordoned`.

    Every node is counted once, under the first filter that it fails; most frequent first.
    """
    left = cluster.present
    total = int(left.sum())
    if total == 0:
        return "there are no nodes"
    counted: Counter[str] = Counter()
    rejected_by_scheduler = (Rejection.REJECTED_BY_SCHEDULER, ~refused)
    for rejection, ok in (*fit.permanent, *fit.passing, rejected_by_scheduler):
        counted.update(_words(cluster, request_class, fit, rejection, np.flatnonzero(left & ~ok)))
        left = left & ok
    free = cluster.allocatable - cluster.used
    counted.update(_lacking(cluster, fit, free, np.flatnonzero(left), "have too little {} free ({} asked, at most {} free)"))
    parts = [f"{count} {words}" for words, count in counted.most_common()]
    text = f"0/{total} nodes: " + ", ".join(parts)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _words(cluster: Cluster, request_class: RequestClass, fit: Fit, rejection: Rejection, rows: IntArray) -> Counter[str]:
    if rejection is Rejection.TOO_SMALL:
        return _lacking(cluster, fit, cluster.allocatable, rows, "have too little {} ({} asked, the largest has {})")
    if rejection is Rejection.TAINT:
        found = (first_untolerated(cluster.taints[row], request_class.tolerations) for row in rows.tolist())
        return Counter(f"have taint {taint}, which it does not tolerate" for taint in found)
    return Counter({rejection.value: len(rows)}) if len(rows) else Counter()


def _lacking(cluster: Cluster, fit: Fit, amounts: IntArray, rows: IntArray, words: str) -> Counter[str]:
    """Count the rows by the first resource of which they have too little."""
    if not len(rows) or not len(fit.columns):
        return Counter()
    there = amounts[rows][:, fit.columns]
    first = np.argmax(there < fit.amounts, axis=1)
    counted: Counter[str] = Counter()
    for place in np.unique(first).tolist():
        name = cluster.resources[int(fit.columns[place])]
        these = first == place
        most = int(there[these, place].max())
        asked = int(fit.amounts[place])
        counted[words.format(name, _amount(name, asked), _amount(name, max(0, most)))] = int(these.sum())
    return counted


def _amount(resource: str, amount: int) -> str:
    if resource == "cpu":
        return f"{amount / 1000:g}"
    if resource in ("memory", "ephemeral-storage") or resource.startswith("hugepages-"):
        for size, suffix in _UNITS:
            if amount >= size:
                return f"{amount / size:.3g}{suffix}"
    return str(amount)
