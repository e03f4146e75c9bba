"""Why no node can have a request, summed up in a sentence."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters.fit import CODES, Fit
from bayplan.cluster.filters.resources import room
from bayplan.cluster.filters.taints import first_untolerated
from bayplan.cluster.hot import HotJudge
from bayplan.model.arrays import BoolArray, IntArray
from bayplan.model.constraints import Taint
from bayplan.model.gpu import GpuAsk
from bayplan.model.reasons import Rejection
from bayplan.model.resources import PODS, amount_in_words

LONGEST = 255
_LONGEST_NAME = 90
_PLAIN = {
    Rejection.NODE_AFFINITY: "do not match the required node affinity",
    Rejection.NOT_READY: "are not ready",
    Rejection.UNSCHEDULABLE: "are cordoned",
    Rejection.REJECTED_BY_SCHEDULER: "have refused or evicted such a pod lately",
    Rejection.HOST_PORT: "have given its host port to another pod",
    Rejection.SPREAD: "are where its topology spread constraint allows no more",
    Rejection.POD_AFFINITY: "have no pod nearby that its affinity requires",
    Rejection.QUOTA: "are closed by the quota of its queue",
    Rejection.POD_ANTI_AFFINITY: "have a pod nearby that anti-affinity keeps apart from it",
}
_REJECTIONS = tuple(CODES)
Near = Sequence[tuple[Rejection, BoolArray]]
"""What others mean: why they keep a request off which rows, in the order in which it is told. Shape (all rows,) each."""
_SINGULAR = {"have": "has", "are": "is", "do": "does", "allow": "allows"}


def rejections_in_words(
    cluster: Cluster, fit: Fit, refused: BoolArray | None, hot: HotJudge | None = None, near: Near = ()
) -> str:
    """One line such as `0/9 nodes: 8 have too little cpu free (4 asked, at most 2 free), 1 is cordoned`.

    `refused`: the rows that kube-scheduler has refused; `hot`: what judges whether a node is hot; `near`: why pods nearby,
    or what its queue holds, keep it off which rows. Every node is counted once, under the first filter that turns it away; most
    frequent first, equal ones by their words. Shorter than 256 characters.
    """
    total = len(cluster)
    if total == 0:
        return "the cluster has no nodes"
    counted: Counter[str] = Counter()
    for code in np.flatnonzero(np.bincount(fit.codes + 1)[2:]).tolist():  # from 1 on: what turns nodes away
        rejection = _REJECTIONS[code]
        counted.update(_static_words(cluster, fit, rejection, np.flatnonzero(fit.codes == CODES[rejection])))
    rows = np.flatnonzero(fit.rows)
    if refused is not None:
        counted[_PLAIN[Rejection.REJECTED_BY_SCHEDULER]] += int(refused[rows].sum())
        rows = rows[~refused[rows]]
    if hot is not None:
        counted.update(_hot(cluster, hot, rows))
        rows = rows[~hot.rows(cluster, rows)]
    for rejection, kept_off in near:
        counted[_PLAIN[rejection]] += int(kept_off[rows].sum())
        rows = rows[~kept_off[rows]]
    counted.update(_lacking(cluster, fit, rows[~room(cluster, fit.demand, rows)]))
    ranked = sorted((-count, words) for words, count in counted.items() if count)
    return _joined(f"0/{total} nodes: ", [(-minus, words) for minus, words in ranked])


def _static_words(cluster: Cluster, fit: Fit, rejection: Rejection, rows: IntArray) -> Counter[str]:
    if rejection in (Rejection.TAINT, Rejection.CONDITION_TAINT):
        return _tainted(cluster, fit, rejection, rows)
    if rejection is Rejection.TOO_SMALL:
        return _too_small(cluster, fit, rows)
    if rejection is Rejection.GPU_MODEL:
        return _unacceptable_gpus(cluster, fit, rows)
    if rejection is Rejection.OUTSIDE_POLICY:
        words = f"do not match the policy's nodeSelector {_shown(fit.policy_selector)}"
    elif rejection is Rejection.NODE_SELECTOR:
        words = f"do not match nodeSelector {_shown(fit.request_class.node_selector)}"
    else:
        words = _PLAIN[rejection]
    return Counter({words: len(rows)})


def _tainted(cluster: Cluster, fit: Fit, kind: Rejection, rows: IntArray) -> Counter[str]:
    counted: Counter[str] = Counter()
    for number, count in zip(*np.unique(cluster.taint_set[rows], return_counts=True), strict=True):
        taint = first_untolerated(cluster.taint_sets[number], fit.request_class.tolerations, kind)
        counted[f"have taint {_shortened(taint)} that is not tolerated"] += int(count)
    return counted


def _unacceptable_gpus(cluster: Cluster, fit: Fit, rows: IntArray) -> Counter[str]:
    ask = fit.request_class.gpus
    if ask is None:
        return Counter()
    other = ~np.isin(cluster.gpu_model[rows], [n for n, model in enumerate(cluster.gpu_models) if model in ask.models])
    other &= bool(ask.models)
    wanted, memory = _shortened(" or ".join(ask.models)), amount_in_words("memory", ask.memory, up=True)
    return Counter(
        {
            f"have GPUs of another model ({wanted} asked)": int(other.sum()),
            f"have GPUs with too little memory ({memory} asked)": int((~other).sum()),
        }
    )


def _too_small(cluster: Cluster, fit: Fit, rows: IntArray) -> Counter[str]:
    """Count the rows by the first resource of which even the whole node has too little."""
    counted: Counter[str] = Counter()
    left = len(rows)
    for name, asked, there in _first_lacking(cluster, fit, cluster.allocatable, rows):
        there_is = "largest {}" if _offered(cluster, name) else "largest {}; devices that only DRA offers are not seen"
        too_little = _too_little(name, asked, "", there_is, int(there.max()))
        counted["allow no pods" if name == PODS else too_little] = len(there)
        left -= len(there)
    if left:
        counted["have too few GPUs"] = left
    return counted


def _offered(cluster: Cluster, resource: str) -> bool:
    """Some node has it, or it is no device: the names of devices have a prefix."""
    if "/" not in resource:
        return True
    return resource in cluster.resources and bool(cluster.allocatable[:, cluster.resources.index(resource)].any())


def _lacking(cluster: Cluster, fit: Fit, rows: IntArray) -> Counter[str]:
    """Count the rows by the first resource of which too little is free."""
    counted: Counter[str] = Counter()
    left = len(rows)
    for name, asked, there in _first_lacking(cluster, fit, cluster.allocatable - cluster.used, rows):
        too_little = _too_little(name, asked, " free", "at most {} free", max(0, int(there.max())))
        counted["are at the limit of pods" if name == PODS else too_little] = len(there)
        left -= len(there)
    if left:
        counted[_scattered(fit.request_class.gpus)] = left
    return counted


def _hot(cluster: Cluster, hot: HotJudge, rows: IntArray) -> Counter[str]:
    """Count the rows by the first resource of which they are too busy."""
    counted: Counter[str] = Counter()
    for name, shares in hot.first(cluster, rows):
        least, most = np.floor(100 * np.array([shares.min(), shares.max()]) + 1e-6).astype(int).tolist()
        counted[f"are hot ({_shortened(name)} at {f'{least} to ' if least < most else ''}{most} %)"] = len(shares)
    return counted


def _scattered(ask: GpuAsk | None) -> str:
    """Enough GPU is free in sum, but not on single GPUs."""
    if ask is None or ask.fraction:
        return f"have no GPU with as much free ({ask.thousandths if ask else 0}/1000 asked)"
    return f"have too few wholly free GPUs ({ask.count} asked)"


def _first_lacking(cluster: Cluster, fit: Fit, amounts: IntArray, rows: IntArray) -> Iterator[tuple[str, int, IntArray]]:
    """Per resource: its name, what is asked, and what there is in the rows of which it is the first short."""
    columns = {name: column for column, name in enumerate(cluster.resources)}
    for name, asked in fit.request_class.resources:
        there = amounts[rows, columns[name]] if name in columns else np.zeros(len(rows), np.int64)
        lacks = there < asked if asked > 0 else np.zeros(len(rows), bool)
        if lacks.any():
            yield name, asked, there[lacks]
        rows = rows[~lacks]


def _too_little(resource: str, asked: int, free: str, there_is: str, there: int) -> str:
    wanted = amount_in_words(resource, asked, up=True)
    found = there_is.format(amount_in_words(resource, there, up=False))
    return f"have too little {_shortened(resource)}{free} ({wanted} asked, {found})"


def _shown(selector: Iterable[tuple[str, str]]) -> str:
    return _shortened(",".join(f"{key}={value}" for key, value in selector))


def _shortened(thing: Taint | str | None) -> str:
    text = str(thing)
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"


def _joined(start: str, parts: list[tuple[int, str]]) -> str:
    """As many of the parts as there is room for; the nodes of the others are only counted."""
    text, left = start, sum(count for count, _ in parts)
    for number, (count, words) in enumerate(parts):
        verb, rest = words.split(" ", 1)
        part = f"{', ' if number else ''}{count} {_SINGULAR[verb] if count == 1 else verb} {rest}"
        tail = f", {left} for other reasons"
        fits = len(text) + len(part) <= LONGEST - (0 if number == len(parts) - 1 else len(tail))
        if not fits:
            return (text + tail if number else start + part)[:LONGEST]
        text += part
        left -= count
    return text
