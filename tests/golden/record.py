"""Rewrites the recorded decisions: `python -m tests.golden.record [KIND[/NAME] ...]`, all of them without arguments."""

from __future__ import annotations

import sys

from tests.golden.all_of_it import KINDS
from tests.golden.files import FILES, path_of, recorded, text_of


def main(wanted: list[str]) -> int:
    known = {f"{kind}/{name}" for kind, names in KINDS.items() for name in names}
    unknown = [each for each in wanted if each not in known and each not in KINDS]
    if unknown:
        print(f"{unknown[0]} is not recorded: there are {', '.join(KINDS)}, and {', '.join(sorted(known))}", file=sys.stderr)
        return 2
    for kind, names in KINDS.items():
        (FILES / kind).mkdir(parents=True, exist_ok=True)
        for name, rows in names.items():
            if not wanted or kind in wanted or f"{kind}/{name}" in wanted:
                path_of(kind, name).write_text(text_of(rows()), encoding="utf-8")
                print(path_of(kind, name))
        if not wanted or kind in wanted:
            for name in recorded(kind) - set(names):
                path_of(kind, name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
