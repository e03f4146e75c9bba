"""How many pods a loop makes, where its length stands in the file."""

import json
from collections.abc import Sequence
from typing import Any

from bayplan_operator.workflows.argo.tags import Scope, filled, text, unknown
from bayplan_operator.workflows.fields import Fields

MOST = 1_000_000
"""Turns of one loop: a file cannot mean more, and they have to fit into memory."""
_LOOPS = ("withItems", "withParam", "withSequence")
_AT_RUN_TIME = "how many pods that makes is known only at run time"


def items(call: Fields, scope: Scope) -> Sequence[Any] | None:
    """The items of a task or step, in their order; none: it has no loop. Raises `InputError`."""
    loops = [field for field in _LOOPS if call.value.get(field) is not None]
    if len(loops) > 1:
        raise call.fault(loops[1], f"{loops[0]} is there too: a task has one loop")
    if not loops:
        return None
    if loops[0] == "withItems":
        return [_item(each, scope) for each in call.items("withItems")]
    return _parameter(call, scope) if loops[0] == "withParam" else _sequence(call.map("withSequence"), scope)


def _item(item: Any, scope: Scope) -> Any:
    """Tags that only run time knows may stay: they matter only where the pod depends on them."""
    if isinstance(item, str):
        return scope.fill(item)
    if isinstance(item, dict):
        return {key: _item(value, scope) for key, value in item.items()}
    return [_item(each, scope) for each in item] if isinstance(item, list) else item


def _parameter(call: Fields, scope: Scope) -> Sequence[Any]:
    said = scope.fill(text(call.value["withParam"]))
    why = unknown(said)
    if why:
        raise call.fault("withParam", f"{_AT_RUN_TIME}; {why}")
    try:
        found = json.loads(said)
    except json.JSONDecodeError as error:
        raise call.fault("withParam", f"it must be a list in JSON: {error.msg}") from error
    if not isinstance(found, list):
        raise call.fault("withParam", "it must be a list in JSON")
    return found


def _sequence(sequence: Fields, scope: Scope) -> Sequence[str]:
    """Source: https://argo-workflows.readthedocs.io/en/latest/fields/#sequence."""
    sequence.only(("count", "start", "end", "format"))
    if "count" in sequence.value and "end" in sequence.value:
        raise sequence.fault("end", "count is there too: it must be one of them")
    if "count" not in sequence.value and "end" not in sequence.value:
        raise sequence.document.fault(f"{sequence.place} has neither count nor end: it must have one", sequence.place)
    start = _whole(sequence, "start", scope) if "start" in sequence.value else 0
    if "count" in sequence.value:
        count = _whole(sequence, "count", scope)
        numbers = range(start, start + count)
    else:
        end = _whole(sequence, "end", scope)
        numbers = range(start, end + 1) if start <= end else range(start, end - 1, -1)
    if len(numbers) > MOST:
        raise sequence.document.fault(f"{sequence.place} makes {len(numbers):,} pods: at most {MOST:,} can be simulated",
                                      sequence.place)  # fmt: skip
    form = scope.fill(text(sequence.value.get("format") or "%d")).replace("%v", "%d")
    try:
        return [form % number for number in numbers]
    except (TypeError, ValueError) as error:
        raise sequence.fault("format", "it must be a format for one whole number, such as host-%02d") from error


def _whole(sequence: Fields, field: str, scope: Scope) -> int:
    said = filled(sequence.document, text(sequence.value[field]), scope, sequence.at(field))
    try:
        return int(said)
    except ValueError:
        raise sequence.fault(field, "it must be a whole number") from None
