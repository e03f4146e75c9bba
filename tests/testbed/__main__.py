"""`python -m tests.testbed build|up|down`: a cluster to play with, without Docker."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from . import state
from .binaries import BINARIES, CONTROL_PLANE, ensure
from .errors import TestbedError
from .nodes import KINDS, NodeKind
from .testbed import Options, Testbed


def main() -> int:
    """Run one command; the exit code is 1 with one sentence on stderr when something is missing or broke."""
    args = _parser().parse_args()
    try:
        if args.command == "build":
            print(ensure(*(args.programs or (*CONTROL_PLANE, "kwok", "helm"))))
        elif args.command == "up":
            _up(args.nodes, args.grace_period)
        else:
            _down(args.directory, args.all)
    except TestbedError as error:
        print(f"testbed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _up(wanted: list[tuple[NodeKind, int]], grace_period: float | None) -> None:
    options = Options(nodes=tuple(wanted), node_monitor_grace_period=grace_period, keep=True)
    testbed = Testbed.start(options)
    print(f"testbed: running; logs are in {testbed.directory}", file=sys.stderr)
    print(f"testbed: `python -m tests.testbed down {testbed.directory}` ends it", file=sys.stderr)
    print(f"export KUBECONFIG={testbed.kubeconfig}")


def _down(directory: Path | None, everything: bool) -> None:
    for item in state.kept() if everything else [directory or _named_by_kubeconfig()]:
        Testbed.attach(item).stop()
        print(f"testbed: ended the one in {item}", file=sys.stderr)


def _named_by_kubeconfig() -> Path:
    """The testbed that this shell uses. Others of the same user may be someone's running work: never a guess."""
    path = os.environ.get("KUBECONFIG")
    if path:
        return Path(path).parent
    running = ", ".join(map(str, state.kept())) or "none"
    raise TestbedError(f"Which testbed is meant? Name its directory, set KUBECONFIG, or say --all. Running: {running}.")


def _nodes(text: str) -> tuple[NodeKind, int]:
    name, _, count = text.partition("=")
    if name not in KINDS or not count.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not KIND=COUNT with KIND one of {', '.join(KINDS)}")
    return KINDS[name], int(count)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.testbed", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="build the programs into the cache and print the folder")
    build.add_argument("programs", nargs="*", metavar="PROGRAM", help=f"of {', '.join(BINARIES)}")
    up = commands.add_parser("up", help="start a testbed that keeps running")
    up.add_argument(
        "--nodes",
        nargs="+",
        type=_nodes,
        default=[(KINDS["cpu-small"], 4), (KINDS["a100"], 2), (KINDS["t4"], 2)],
        metavar="KIND=COUNT",
        help=f"simulated nodes; KIND of {', '.join(KINDS)}",
    )
    up.add_argument("--grace-period", type=float, metavar="SECONDS", help="of silence until a node is NotReady")
    down = commands.add_parser("down", help="end a testbed that was left running: the one given, or KUBECONFIG's")
    which = down.add_mutually_exclusive_group()
    which.add_argument("directory", nargs="?", type=Path)
    which.add_argument("--all", action="store_true", help="all that this user left running, whoever uses them")
    return parser


if __name__ == "__main__":
    sys.exit(main())
