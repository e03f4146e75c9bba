"""`bayplan case`: worked cases, without any cluster."""

import argparse
from typing import Any

from bayplan.cases import CASES


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "case",
        help="solve a small problem whose right answer is known",
        description="Solve a worked case, and say how; without NAME: all of them.",
        epilog="; ".join(f"{name}: {about}" for name, (about, _) in CASES.items()),
    )
    parser.add_argument("name", nargs="?", metavar="NAME", choices=tuple(CASES), help=", ".join(CASES))
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    for name, (about, report) in CASES.items():
        if arguments.name in (None, name):
            print(f"{name}: {about}")
            print("".join(f"  {line}\n" for line in report().splitlines()), end="")
    return 0
