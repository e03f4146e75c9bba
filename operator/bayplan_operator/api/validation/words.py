"""How values and choices are shown in the sentences."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence

_LONGEST = 80


def shown(value: object) -> str:
    """The value as JSON, cut where it gets long: "0", [1, 2], {"a": …."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def nearest(name: str, known: Sequence[str], *, what: str) -> str:
    """Advice for an unknown name: the nearest known one, or what there is."""
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f'did you mean "{close[0]}"?'
    if not known:
        return f"there are no {what}"
    listed = ", ".join(f'"{each}"' for each in sorted(known)[:5])
    return f"the {what} are {listed}{' and others' if len(known) > 5 else ''}"
