"""What an adaptive policy has learned, as it stands in its status, and back."""

from collections.abc import Mapping
from typing import Any

import msgspec

from bayplan.strategy.adaptive import Bandit
from bayplan_operator import names
from bayplan_operator.translate.policy import CompiledPolicy

MOST_MISSING = 100
"""At most so many outcomes that could not be written in time are kept. If there are more, the oldest are let go."""
_SUMS = ("runs", "y", "yy")


def definitions(policy: CompiledPolicy) -> dict[str, str]:
    """Candidate to what stands for its strategy; empty where the policy is not adaptive."""
    said = policy.spec.adaptive
    if said is None:
        return {}
    nodes = sorted(policy.spec.node_selector.items())
    return {each.called: names.short_hash(msgspec.json.encode(each.dump(), order="sorted"), nodes) for each in said.candidates}


def write(policy: CompiledPolicy, bandit: Bandit, counted: int, missing: set[int]) -> dict[str, Any]:
    """The status of what was learned."""
    plain, shown, hashes = bandit.as_plain(), bandit.shown(), definitions(policy)
    preferred = plain["preferred"]
    candidates = []
    for each in plain["candidates"]:
        name, evidence = each["name"], each["evidence"]
        line = {
            "name": name,
            "graphs": each["graphs"],
            "evidence": " ".join(repr(evidence.get(key, 0.0)) for key in _SUMS),
            "definition": hashes[name],
        }
        candidates.append({**line, "expected": f"{shown[name]:.2f}"} if name in shown else line)
    return {
        "objective": plain["objective"],
        "strategy": preferred,
        "message": bandit.words(preferred) if preferred else "",
        "counted": counted,
        "missing": sorted(missing)[-MOST_MISSING:],
        "candidates": candidates,
    }


def read(policy: CompiledPolicy, status: object) -> tuple[Bandit, int, set[int]]:
    """What was learned, the highest number that is counted, and the numbers below it that are not.

    A candidate starts from nothing if its strategy has changed. Raises ``ValueError`` for what this module did not write.
    """
    if policy.adaptive is None:
        raise ValueError(f"policy {policy.name} is not adaptive")
    if status is None:
        return Bandit(policy.adaptive), 0, set()
    if not isinstance(status, Mapping):
        raise ValueError(f"status.adaptive is {status!r}: it must be a map")
    counted, missing = _whole("counted", status.get("counted", 0)), status.get("missing") or []
    hashes = definitions(policy)
    rows = [each for each in status.get("candidates") or () if isinstance(each, Mapping)]
    plain = {
        "objective": status.get("objective"),
        "preferred": status.get("strategy", ""),
        "candidates": [
            {"name": each.get("name"), "graphs": each.get("graphs"), "evidence": _evidence(each)}
            for each in rows
            if hashes.get(str(each.get("name"))) == each.get("definition")
        ],
    }
    return Bandit.from_plain(policy.adaptive, plain), counted, {_whole("missing", each) for each in missing}


def _evidence(row: Mapping[str, Any]) -> dict[str, float]:
    words = str(row.get("evidence", "")).split()
    if len(words) != len(_SUMS):
        raise ValueError(f"candidate {row.get('name')}: evidence has {len(words)} numbers: there must be {len(_SUMS)}")
    return {key: float(word) for key, word in zip(_SUMS, words, strict=True)}


def _whole(field: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{field} is {value!r}: it must be a whole number, 0 or above")
    return value
