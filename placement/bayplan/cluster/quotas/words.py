"""Why a queue may not have what a request asks, in a sentence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from bayplan.cluster.quotas.accounts import Pairs, Quotas
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
    return _row_in_words(quotas, quotas.rows[worst], queue, quotas.asked(worst, pairs), request.namespace)


def _row_in_words(quotas: Quotas, row: RowUsage, queue: int, asked: int, namespace: str | None) -> str:
    name, key = quotas.limits.queues[queue], row.limits.key

    def said(amount: int, up: bool = False) -> str:
        return key.in_words(amount, up=up)

    start = f"queue {_short(name)}: {_short(str(key))}"
    most = row.most(queue)
    if most < asked:
        return f"{start}: {said(asked, up=True)} asked, and the queue may never hold more than {said(most)}"[:_LINE]
    where, used, limit = row.binding(queue)
    place = "" if where == queue else f" in queue {_short(quotas.limits.queues[where])}"
    rest = row.rest(queue)
    words = f"{start}: {said(used, up=True)} of {said(limit)} used{place}, {said(asked, up=True)} asked"
    words += f", {said(asked - rest, up=True)} missing"
    return (words + _holders(row.holders(where), namespace, said))[:_LINE]


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
