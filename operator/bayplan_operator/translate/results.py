"""What a pod that succeeded says of itself, as far as the graph needs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from bayplan.lifecycle import Value
from bayplan_operator.kube import wire
from bayplan_operator.translate.flow.needed import MAX_VALUE, Need

_CUT = 4096
"""Bytes at which the kubelet cuts a termination message."""
_LARGEST = 1e300
"""An integer of hundreds of digits is no float: it is compared, and never converted."""
_EXAMPLE = 'a JSON object such as {"accuracy": 0.93}'


@dataclass(frozen=True, slots=True)
class ResultsSaid:
    """The results that are kept, by key; and what is wrong, in one sentence."""

    results: Mapping[str, Value] = field(default_factory=dict)
    lacks: str = ""


def said(pod: wire.Pod, needed: Mapping[str, Need]) -> ResultsSaid:
    """Of a pod that has succeeded. O(length of its message)."""
    return read(_message(pod), needed)


def read(message: str, needed: Mapping[str, Need]) -> ResultsSaid:
    """Of a termination message."""
    found, why = _object(message)
    kept: dict[str, Value] = {}
    for key, need in needed.items():
        if key not in found:
            if need.required:
                return ResultsSaid(lacks=f'it ended without the result "{key}", which {need.by} needs: {why}')
            continue
        wrong = _wrong(found[key], need)
        if not wrong:
            kept[key] = found[key]
        elif need.required:
            return ResultsSaid(lacks=f'its result "{key}", which {need.by} needs, is {wrong}')
    return ResultsSaid(kept)


def kept(recorded: Mapping[str, Value], needed: Mapping[str, Need]) -> dict[str, Value]:
    """Of what a record says of a pod, all that the pod could have said: the rest was edited, and counts as not said."""
    return {key: value for key, value in recorded.items() if key in needed and not _wrong(value, needed[key])}


def _message(pod: wire.Pod) -> str:
    first = pod.spec.containers[0].name if pod.spec.containers else ""
    for status in pod.status.container_statuses:
        if status.name == first and status.state.terminated is not None:
            return status.state.terminated.message
    return ""


def _object(message: str) -> tuple[dict[str, Value], str]:
    """The JSON object, and what to say where a key is not in it."""
    if not message.strip():
        return {}, f"its termination message is empty, and should be {_EXAMPLE}"
    try:
        found = msgspec.json.decode(message)
    except (msgspec.DecodeError, RecursionError):
        if len(message.encode(errors="replace")) >= _CUT:
            return {}, f"its termination message was cut off at {_CUT:,} bytes, so that it is no JSON: say less"
        return {}, f"its termination message is no JSON, and should be {_EXAMPLE}"
    if not isinstance(found, dict):
        return {}, f"its termination message is no JSON object, and should be {_EXAMPLE}"
    there = ", ".join(sorted(found)[:5])
    return found, f"its termination message has {there or 'no keys'}"


def _wrong(value: object, need: Need) -> str:
    """What is wrong with a value; empty: nothing."""
    if isinstance(value, bool):
        return "true or false: it must be a number" if need.number else ""
    if isinstance(value, int | float):
        return "" if abs(value) < _LARGEST else "no finite number"
    if not isinstance(value, str):
        return "a list, an object or null: it must be a number, text, true or false"
    if need.number:
        return "text: it must be a number"
    length = len(msgspec.json.encode(value))
    return f"{length} bytes long: at most {MAX_VALUE} are kept" if length > MAX_VALUE else ""
