"""What the status of a Queue says."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bayplan_operator.api.v1alpha1 import MAX_SHOWN
from bayplan_operator.conductor.queueing.figures import QueueSums
from bayplan_operator.conductor.queueing.holdings import Held
from bayplan_operator.conductor.queueing.queues import Standing
from bayplan_operator.conductor.queueing.seen import SeenQueue
from bayplan_operator.conductor.record import conditions
from bayplan_operator.translate.queue import amount_as_text

_READY, _SUFFICIENT = "Ready", "Sufficient"
_SHORT = 128
_FIRST = 3
"""Quotas that are named in short."""


def status(seen: SeenQueue, standing: Standing, held: Sequence[Held], sums: QueueSums, pods: int, now: float) -> dict[str, Any]:
    """The fields of the status that we own. `pods`: how many hold the queue; `now`: seconds since the epoch."""
    first = held[:_FIRST]
    return {
        "observedGeneration": seen.generation,
        "quotas": [_quota(each) for each in held[:MAX_SHOWN]],
        "usage": _listed((each, f"{_text(each, each.used)}/{_text(each, each.nominal)}") for each in first),
        "borrowed": _listed((each, _text(each, each.borrowed)) for each in first if each.borrowed),
        "pending": sums.pending,
        "admitted": pods,
        "conditions": _conditions(seen, standing, held, sums, pods, now),
    }


def differs(body: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether a status says anything else than what stands there; what is empty need not stand there."""
    return any(known.get(field) != value and (value or known.get(field)) for field, value in body.items())


def _quota(each: Held) -> dict[str, Any]:
    selector = {"nodeSelector": dict(each.key.node_selector)} if each.key.node_selector else {}
    charged = {"charged": each.charged} if each.charged else {}
    amounts = {"used": each.used, **charged, "nominal": each.nominal, "borrowed": each.borrowed}
    return {"resource": each.key.resource, **selector, **{name: _text(each, amount) for name, amount in amounts.items()}}


def _conditions(
    seen: SeenQueue, standing: Standing, held: Iterable[Held], sums: QueueSums, pods: int, now: float
) -> list[dict[str, Any]]:
    found = [dict(each) for each in seen.status.get("conditions") or () if each.get("type") != _SUFFICIENT]
    message = standing.message
    if seen.deleting and (pods or sums.graphs or sums.pods):
        waited_for = f"{_counted(pods + sums.pods, 'pod')} and {_counted(sums.graphs, 'graph')}"
        message += f"; its deletion waits for {waited_for} that are of it"
    conditions.put(found, _READY, standing.ready, standing.reason, message, seen.generation, now)
    short = [words for each in held if (words := _too_little(each, sums))]
    few = [words for each in held if (words := _too_few_nodes(each))]
    if short or few:
        before = conditions.find(list(seen.status.get("conditions") or ()), _SUFFICIENT)
        if before is not None:
            found.append(dict(before))
        reason = "QuotaTooSmall" if short else "NodesTooFew"
        conditions.put(found, _SUFFICIENT, False, reason, "; ".join([*short, *few]), seen.generation, now)
    return found


def _too_little(each: Held, sums: QueueSums) -> str:
    """Where the smallest request that waits asks more than the queue may ever hold; else nothing."""
    asked = {name: amount for name, amount in sums.smallest.items() if each.key.amount({name: amount})}
    least = min((each.key.amount({name: amount}) for name, amount in asked.items()), default=0)
    if least <= each.most:
        return ""
    if each.key.node_selector and not sums.elsewhere.isdisjoint(asked):
        return ""  # it may yet go to other nodes
    words = each.key.in_words(least, up=True), each.key.in_words(each.most, up=False)
    return f"{each.key}: the smallest request that waits asks for {words[0]}, and the queue may never hold more than {words[1]}"


def _too_few_nodes(each: Held) -> str:
    """Where the ready nodes have less than is guaranteed to all queues together; else nothing."""
    supply = each.supply
    if supply is None or supply.there >= supply.guaranteed:
        return ""
    words = each.key.in_words(supply.there, up=False), each.key.in_words(supply.guaranteed, up=True)
    return f"{each.key}: ready nodes have {words[0]}, and {words[1]} is guaranteed to all queues together"


def _listed(amounts: Iterable[tuple[Held, str]]) -> str:
    return ", ".join(f"{each.key.resource} {text}" for each, text in amounts)[:_SHORT]


def _text(each: Held, amount: int) -> str:
    return amount_as_text(each.key, amount)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
