"""The recorded decisions: one line each in a file, `[[what it is about], [what was decided]]` in JSON."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILES = Path(__file__).parent / "files"
_SHOWN = 12
"""Differences that a failure names one by one."""


@dataclass(frozen=True)
class Row:
    """One decision: to what it answers, such as case, batch and request; and the answer."""

    about: tuple[Any, ...]
    answer: tuple[Any, ...]


_PRICE = re.compile("; (shadow price of .*|nothing is scarce there)$")


def lasting(message: str) -> str:
    """Without shadow prices: where a program has several duals, versions of HiGHS differ in which they find."""
    return _PRICE.sub("", message)


def digest(inputs: object) -> str:
    """Of plain data: another one means that the question has changed, not the answer."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:12]


def text_of(rows: Iterable[Row]) -> str:
    """One line each, in their order."""
    return "".join(_line([list(row.about), list(row.answer)]) + "\n" for row in rows)


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def path_of(kind: str, name: str) -> Path:
    return FILES / kind / f"{name}.jsonl"


def recorded(kind: str) -> set[str]:
    """The names of which there are files."""
    return {path.stem for path in (FILES / kind).glob("*.jsonl")}


def differences(kind: str, name: str, rows: Iterable[Row]) -> str:
    """In words, what is decided otherwise than recorded; empty: nothing."""
    path = path_of(kind, name)
    if not path.exists():
        return f"{kind} {name}: nothing is recorded; `python -m tests.golden.record {kind}/{name}` does it"
    now = text_of(rows)
    then = path.read_text(encoding="utf-8")
    if now == then:
        return ""
    before, after = _by_question(then), _by_question(now)
    found = [
        f"  {_called(about)}:\n    recorded {before.get(about, 'nothing')}\n    now      {after.get(about, 'nothing')}"
        for about in dict.fromkeys([*before, *after])
        if before.get(about) != after.get(about)
    ] or ["  the same decisions in another order"]
    more = [f"  and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return "\n".join([f"{kind} {name}: {len(found)} of {len(before)} decisions differ", *found[:_SHOWN], *more])


def _by_question(text: str) -> dict[str, str]:
    """Both as JSON."""
    found = {}
    for line in text.splitlines():
        about, answer = map(_line, json.loads(line))
        if about in found:
            raise ValueError(f"{about} is answered twice: what it is about must tell rows apart")
        found[about] = answer
    return found


def _called(about: str) -> str:
    case, *rest = json.loads(about)
    if rest == ["inputs"]:
        return f"the inputs of case {case} are others than those recorded: what draws them has changed"
    if len(rest) == 2:
        return f"case {case}, batch {rest[0]}, request {rest[1]}"
    return f"case {case}, {', '.join(map(str, rest))}"
