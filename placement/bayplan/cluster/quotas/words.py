"""Why a queue may not have what a request asks, in a sentence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from bayplan.cluster.quotas.accounts import Pairs, Quotas
from bayplan.cluster.quotas.graphs import Asker
from bayplan.cluster.quotas.usage import RowUsage
from bayplan.model.workload import Request

_LINE = 255
_NAME = 60


def quota_in_words(quotas: Quotas, request: Request, pairs: Pairs, short: Sequence[int]) -> str:
    """One line such as `queue vision: nvidia.com/gpu: 8 of 8 used, 2 asked, 2 missing; held by namespace lab: 6, by 2 other
    namespaces: 2`. Of several rows, about the one of which the most is missing, in parts of what is asked."""
    queue = quotas.limited(request.queue)

    def missing(number: int) -> float:
        asked = quotas.asked(number, pairs)
        return (asked - quotas.rows[number].rest(queue)) / max(asked, 1)

    worst = max(short, key=lambda number: (missing(number), -number))
    if quotas.graphs.more(Asker(request.graph, request.request_class), queue, worst, 0) < 0:
        return f"{_start(quotas.rows[worst], request.queue or '')}: its graph was charged to other quotas"[:_LINE]
    return asked_in_words(quotas, worst, request.queue or "", quotas.asked(worst, pairs), (request.namespace, ""))


def asked_in_words(quotas: Quotas, number: int, name: str, asked: int, whose: tuple[str | None, str]) -> str:
    """That too little is left of a quota row, by its number, to a queue. `whose`: the namespace of what asks, and words to go
    with what is asked."""
    row, queue, (namespace, what) = quotas.rows[number], quotas.limits.numbers[name], whose
    key = row.limits.key

    def said(amount: int, up: bool = False) -> str:
        return key.in_words(amount, up=up)

    if row.most(queue) < asked:
        return never_in_words(quotas, number, asked, name, what)
    start = _start(row, name)
    where, used, limit = row.binding(queue)
    place = "" if where == queue else f" in queue {_short(quotas.limits.queues[where])}"
    rest = row.rest(queue)
    words = f"{start}: {said(used, up=True)} of {said(limit)} used{place}, {said(asked, up=True)} asked{what}"
    words += f", {said(asked - rest, up=True)} missing"
    below = quotas.limits.below(where)
    for kept, what_for in ((row.kept, "charged to whole graphs"), (row.ahead, "kept for requests ahead")):
        amount = sum(kept[each] for each in below)
        if amount:
            words += f", {said(amount, up=True)} {what_for}"
    return (words + _holders(row.holders(where), namespace, said))[:_LINE]


def never_in_words(quotas: Quotas, number: int, asked: int, name: str, what: str = "") -> str:
    """That a queue may never hold what is asked of a quota row, by its number."""
    row = quotas.rows[number]
    key, most = row.limits.key, row.most(quotas.limits.numbers[name])
    asks = f"{key.in_words(asked, up=True)} asked{what}"
    return f"{_start(row, name)}: {asks}, and the queue may never hold more than {key.in_words(most, up=False)}"[:_LINE]


def _start(row: RowUsage, name: str) -> str:
    return f"queue {_short(name)}: {_short(str(row.limits.key))}"


def _holders(held: Mapping[str, int], namespace: str | None, said: "_Said") -> str:
    """The namespace of the request by its name, all others by their number."""
    own = held.get(namespace or "", 0)
    others = Counter({name: amount for name, amount in held.items() if name != (namespace or "") and amount})
    parts = [f"namespace {_short(namespace)}: {said(own, up=True)}"] if own and namespace else []
    if others:
        many = f"{len(others)} other namespaces" if len(others) > 1 else "1 other namespace"
        parts.append(f"{many}: {said(others.total(), up=True)}")
    return f"; held by {', by '.join(parts)}" if parts else ""


class _Said(Protocol):
    def __call__(self, amount: int, up: bool = False) -> str: ...


def _short(text: str) -> str:
    return text if len(text) <= _NAME else text[: _NAME - 1] + "…"
